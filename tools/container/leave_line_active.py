"""What a process leaves that is killed in the middle of a pulse: its wire keeps the level."""

from pathlib import Path

from gpiozero import OutputDevice

from controller.board.mock_pins import BoardWiredFactory

COIN_PIN = 17


def main() -> None:
    """Raise the coin line of the container's board, and end without a word."""
    board = BoardWiredFactory(Path("/run/board.sock"), listens=False)
    OutputDevice(COIN_PIN, initial_value=True, pin_factory=board)


if __name__ == "__main__":
    main()
