"""A virtual board in the installer's container, which writes down every edge of the coin line."""

import os
import time
from pathlib import Path

from controller.system.clock import since_boot_s
from simulator.board.board_server import BoardServer
from simulator.board.model.arcade_board import ArcadeBoard
from simulator.board.model.board_profiles import JAMMA

COIN_PIN = 17


def main() -> None:
    """Run until it is ended."""
    os.umask(0)  # the cabinet's user has to reach the socket
    board = ArcadeBoard(JAMMA, powered_at_s=since_boot_s())
    with BoardServer(Path("/run/board.sock"), board, coin_pin=COIN_PIN) as server:
        while True:
            Path("/run/board-edges").write_text(str(server.edges))
            time.sleep(0.05)


if __name__ == "__main__":
    main()
