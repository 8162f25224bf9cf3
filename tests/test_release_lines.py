"""`release-lines`: what a killed coin line left closed is open again; nothing else happens to the wire."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from conftest import wait_until
from gpiozero import OutputDevice
from gpiozero.pins.mock import MockFactory

from controller.__main__ import EX_CONFIG
from controller.board.mock_pins import BoardWiredFactory
from controller.commands.release_lines import LineNotReleasedError, put_at_rest
from controller.system.clock import since_boot_s
from simulator.board.board_server import BoardServer
from simulator.board.model.arcade_board import ArcadeBoard
from simulator.board.model.board_profiles import JAMMA

PIN = 17
BUSY = (
    "If it is busy, a controller holds it, and rests it when it ends: sudo systemctl stop arcade-controller"
)
COIN_LINE = "coin_line:\n  pin: 17\n"


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    made = MockFactory()
    yield made
    made.close()


@pytest.fixture
def board(tmp_path: Path) -> Iterator[BoardServer]:
    powered = ArcadeBoard(JAMMA, powered_at_s=since_boot_s())
    with BoardServer(tmp_path / "board", powered, coin_pin=PIN) as server:
        yield server


def levels(board: BoardServer) -> list[int]:
    return [edge.level for edge in board.edges_of(PIN)]


def written(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path


def released(config: Path) -> tuple[int, str]:
    """How the command ended, and what it said."""
    command = [sys.executable, "-m", "controller", "release-lines", "--config", str(config)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stderr


def on_the_board(folder: Path) -> str:
    return f"mock_pins_for_demo_only: {folder / 'board'}\n"


def leave_active(folder: Path) -> None:
    """What a process does that is killed in the middle of a pulse: its wire keeps the level."""
    wires = BoardWiredFactory(folder / "board", listens=False)
    OutputDevice(PIN, initial_value=True, pin_factory=wires)
    wires.close()


def test_a_line_that_a_killed_process_left_active_falls(board: BoardServer, tmp_path: Path) -> None:
    """One falling edge; that the rest of the configuration is missing does not matter."""
    leave_active(tmp_path)
    wait_until(lambda: levels(board) == [1], "the line to be active")
    config = written(tmp_path, COIN_LINE + on_the_board(tmp_path) + "no_such_key: 1\n")

    assert released(config) == (0, f"INFO coin line at rest: GPIO {PIN}\n")
    wait_until(lambda: levels(board) == [1, 0], "the line to rest")


def test_a_line_at_rest_sees_no_edge(board: BoardServer, tmp_path: Path) -> None:
    """It runs behind every end of the daemon."""
    config = written(tmp_path, COIN_LINE + on_the_board(tmp_path))
    assert [released(config)[0] for _ in range(2)] == [0, 0]
    leave_active(tmp_path)  # the board has read all that came before this

    wait_until(lambda: levels(board) == [1], "one edge, and it is ours")


def test_a_real_pin_is_never_driven_high(factory: MockFactory) -> None:
    """Every level that the pin takes."""
    put_at_rest(PIN, nullcontext(factory))

    assert [state for _, state in factory.pin(PIN).states] == [False]


def test_a_pin_that_is_held_is_said_to_be(factory: MockFactory) -> None:
    """Whoever holds it also rests it; the message says how to make him."""
    with OutputDevice(PIN, pin_factory=factory), pytest.raises(LineNotReleasedError) as raised:
        put_at_rest(PIN, nullcontext(factory))

    assert str(raised.value) == (
        "GPIO 17 was not put at rest: pin GPIO17 is already in use by "
        "<gpiozero.OutputDevice object on pin GPIO17, active_high=True, is_active=False>. "
        f"{BUSY}"
    )


def test_a_board_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Nothing was put at rest, and the status says so."""
    gone = tmp_path / "board"
    status, said = released(written(tmp_path, COIN_LINE + on_the_board(tmp_path)))
    assert (status, said) == (
        1,
        f"GPIO 17 was not put at rest: no virtual board at {gone}: [Errno 2] No such file or directory; "
        f"start the simulator first, or name its socket. {BUSY}\n",
    )


def test_a_configuration_that_does_not_say_the_pin_is_refused(tmp_path: Path) -> None:
    """A guess could put a voltage on a wire that the board drives."""
    config = written(tmp_path, "coin_line:\n  pin:\n")
    assert released(config) == (
        EX_CONFIG,
        f"{config}:2: coin_line.pin is empty: it is needed\n"
        f"{config}: coin_line.pin is not known for sure: no line was put at rest\n",
    )


def test_a_configuration_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """With the reason."""
    config = tmp_path / "none.yaml"
    assert released(config) == (EX_CONFIG, f"{config}: cannot be read: No such file or directory\n")
