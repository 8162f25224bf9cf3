from __future__ import annotations

import json
import logging
import re
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import wait_until
from gpiozero import DigitalInputDevice, OutputDevice

from controller.board.mock_pins import BoardUnreachableError, BoardWiredFactory
from controller.system.clock import since_boot_s
from simulator.board.board_server import BoardServer
from simulator.board.model.arcade_board import ArcadeBoard
from simulator.board.model.board_profiles import JAMMA
from simulator.board.model.edge import Edge

COIN, GAME_OVER, READY, METER, LAMP = 17, 27, 22, 23, 5

# A coin line in a process of its own: so many coins, and then what the test asks for.
COIN_LINE = """
import os, sys, time
from pathlib import Path
from gpiozero import OutputDevice
from controller.board.mock_pins import BoardWiredFactory

board_socket, pin, coins, end = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
line = OutputDevice(pin, pin_factory=BoardWiredFactory(board_socket, listens=False))
for _ in range(coins):
    line.on()
    time.sleep(0.1)
    line.off()
    time.sleep(0.1)
if end == "dies closed":
    line.on()
    os._exit(1)
"""


@pytest.fixture
def board_socket(tmp_path: Path) -> Path:
    """Where the virtual board listens."""
    return tmp_path / "board"


@contextmanager
def board_at(board_socket: Path) -> Iterator[BoardServer]:
    """A virtual board with all its lines wired."""
    board = ArcadeBoard(JAMMA, powered_at_s=since_boot_s())
    with BoardServer(
        board_socket,
        board,
        coin_pin=COIN,
        game_over_pin=GAME_OVER,
        ready_pin=READY,
        coin_meter_pin=METER,
    ) as server:
        yield server


@pytest.fixture
def board(board_socket: Path) -> Iterator[BoardServer]:
    """A virtual board that runs."""
    with board_at(board_socket) as server:
        yield server


@contextmanager
def pins(board_socket: Path, *, listens: bool) -> Iterator[BoardWiredFactory]:
    """The pins of one process of the cabinet."""
    factory = BoardWiredFactory(board_socket, listens=listens)
    try:
        yield factory
    finally:
        factory.close()


class Watched:
    """An input pin that keeps the levels which its changes told, as the controller would."""

    def __init__(self, pin: int, factory: BoardWiredFactory) -> None:
        self.levels: list[int] = []
        self.device = DigitalInputDevice(pin, pull_up=True, pin_factory=factory)
        self.device.when_activated = self.fell
        self.device.when_deactivated = self.rose

    def fell(self) -> None:
        """The contact closed."""
        self.levels.append(0)

    def rose(self) -> None:
        """The contact opened."""
        self.levels.append(1)


def levels(board: BoardServer, pin: int) -> list[int]:
    """The levels that a wire took, oldest first."""
    return [edge.level for edge in board.edges_of(pin)]


def coin_line(board_socket: Path, *, pin: int = COIN, coins: int, end: str = "rests") -> None:
    """Run a process that owns the coin line, to its end."""
    arguments = [sys.executable, "-c", COIN_LINE, str(board_socket), str(pin), str(coins), end]
    subprocess.run(arguments, timeout=60, check=False)


# The cabinet's outputs


def test_every_change_of_an_output_is_an_edge_on_its_wire(board: BoardServer, board_socket: Path) -> None:
    """Edges arrive in order, each with its level and a time between before and after."""
    with pins(board_socket, listens=False) as factory:
        line = OutputDevice(COIN, pin_factory=factory)
        times_s = [since_boot_s()]
        for _ in range(5):
            line.on()
            times_s.append(since_boot_s())
            line.off()
            times_s.append(since_boot_s())
        wait_until(lambda: len(board.edges) >= 10, "the edges")

    assert [(edge.pin, edge.level) for edge in board.edges] == [(COIN, 1), (COIN, 0)] * 5
    assert all(
        before <= edge.at_s <= after
        for edge, (before, after) in zip(board.edges, pairwise(times_s), strict=True)
    )


def test_start_and_stop_of_a_resting_line_make_no_edge(board: BoardServer, board_socket: Path) -> None:
    """Claiming a pin at the level of its wire changes nothing; only the lamp makes edges."""
    for _ in range(3):
        with pins(board_socket, listens=False) as factory:
            OutputDevice(COIN, pin_factory=factory)
            OutputDevice(LAMP, pin_factory=factory).on()
            OutputDevice(LAMP + 1, pin_factory=factory)
    wait_until(lambda: len(board.edges_of(LAMP)) >= 5, "the lamp's edges")

    assert [(edge.pin, edge.level) for edge in board.edges] == [
        (LAMP, 1),
        (LAMP, 0),
        (LAMP, 1),
        (LAMP, 0),
        (LAMP, 1),
    ]


def test_active_low_output_shows_the_edge_of_its_claim(tmp_path: Path) -> None:
    """A line is claimed at 0 before it is written 1: on an idle-high wire that is a pulse."""
    path = tmp_path / "board"
    board = ArcadeBoard(replace(JAMMA, idle_level=1), powered_at_s=since_boot_s())
    with (
        BoardServer(path, board, coin_pin=COIN) as server,
        pins(path, listens=False) as factory,
    ):
        OutputDevice(COIN, active_high=False, pin_factory=factory)
        wait_until(lambda: len(server.edges) >= 2, "the edges")

        assert levels(server, COIN) == [0, 1]


def test_process_that_does_not_listen_starts_no_thread(board: BoardServer, board_socket: Path) -> None:
    """The coin line's process stays alone with its pulse."""
    threads = threading.enumerate()

    with pins(board_socket, listens=False) as factory:
        OutputDevice(COIN, pin_factory=factory).on()

        assert threading.enumerate() == threads


def test_board_counts_the_coins_of_another_process(board: BoardServer, board_socket: Path) -> None:
    """Three pulses from the coin line's own process are three credits, and six edges."""
    coin_line(board_socket, coins=3)

    wait_until(lambda: board.view().coins == 3, "three coins")
    assert levels(board, COIN) == [1, 0] * 3
    assert board.view().credits == 3


def test_two_processes_drive_their_wires_at_once(board: BoardServer, board_socket: Path) -> None:
    """Neither loses an edge to the other, and only the coin line makes credits."""
    processes = [
        threading.Thread(target=coin_line, args=[board_socket], kwargs={"pin": pin, "coins": 4})
        for pin in (COIN, LAMP)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    wait_until(lambda: board.view().coins == 4, "four coins")
    assert (levels(board, COIN), levels(board, LAMP)) == ([1, 0] * 4, [1, 0] * 4)


def test_a_process_that_dies_in_mid_pulse_leaves_its_wire_as_it_was(
    board: BoardServer, board_socket: Path
) -> None:
    """As on a real Pi the line stays closed, until the next process claims the pin at rest."""
    coin_line(board_socket, coins=0, end="dies closed")
    wait_until(lambda: levels(board, COIN) == [1], "the last edge of the dead process")
    wait_until(lambda: board.view().coin_error, "the coin error of a closed switch")

    coin_line(board_socket, coins=0)

    wait_until(lambda: levels(board, COIN) == [1, 0], "the line at rest")


def test_the_last_edges_of_a_process_that_never_read_are_kept(board: BoardServer, board_socket: Path) -> None:
    """Hanging up on an unread greeting resets the connection, ahead of what was sent before."""
    sent = [Edge(LAMP, 1 - count % 2, count / 1024) for count in range(100)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as cabinet:
        cabinet.connect(str(board_socket))
        cabinet.recv(1, socket.MSG_PEEK)
        for edge in sent:
            cabinet.send(json.dumps(asdict(edge)).encode())

    wait_until(lambda: len(board.edges) >= len(sent), "the last edges")
    assert board.edges == sent


@contextmanager
def much_open() -> Iterator[None]:
    """More than the numbers that select(2) knows."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4096), most))
    try:
        with ExitStack() as stack:
            for _ in range(1100):
                stack.enter_context(Path("/dev/null").open())
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))


def test_a_board_counts_however_much_its_process_has_open(board_socket: Path) -> None:
    """A demo or a run of chaos may have hundreds of connections."""
    with much_open(), board_at(board_socket) as board:
        coin_line(board_socket, coins=2)
        wait_until(lambda: board.view().coins == 2, "both coins")


# The cabinet's inputs


def test_inputs_have_the_levels_of_the_board_from_the_start(board: BoardServer, board_socket: Path) -> None:
    """A wire is stronger than a pull, which does not even show before the wire does."""
    with pins(board_socket, listens=True) as factory:
        inputs = [
            DigitalInputDevice(pin, pull_up=pull_up, pin_factory=factory)
            for pin, pull_up in ((READY, True), (GAME_OVER, False), (METER, True))
        ]

        assert [device.pin.state for device in inputs] == [0, 1, 1]
        assert [state.state for state in inputs[0].pin.states] == [0]


def test_a_level_told_before_the_pin_is_made_is_remembered(board: BoardServer, board_socket: Path) -> None:
    """The board stopped being ready while nobody looked at the pin."""
    with pins(board_socket, listens=True) as factory:
        early = Watched(GAME_OVER, factory)
        board.set_ready(False)
        board.insert_cash_coin()
        board.press_start()
        board.end_game()
        wait_until(lambda: early.levels == [0, 1], "the game over that came after")

        assert DigitalInputDevice(READY, pull_up=False, pin_factory=factory).pin.state == 1


def test_a_pin_without_a_wire_follows_its_pull(board: BoardServer, board_socket: Path) -> None:
    """Nobody drives it: the pull decides."""
    with pins(board_socket, listens=True) as factory:
        loose = [
            DigitalInputDevice(pin, pull_up=pull_up, pin_factory=factory)
            for pin, pull_up in ((LAMP, True), (LAMP + 1, False))
        ]

        assert [device.pin.state for device in loose] == [1, 0]


def test_inputs_see_every_change_of_the_board(board: BoardServer, board_socket: Path) -> None:
    """A cash coin, a game and an inhibited board, as whole lists of levels on each line."""
    with pins(board_socket, listens=True) as factory:
        meter, game_over, ready = (Watched(pin, factory) for pin in (METER, GAME_OVER, READY))

        board.insert_cash_coin()
        assert board.press_start()
        assert board.end_game()
        board.set_ready(False)
        board.set_ready(True)
        wait_until(lambda: game_over.levels == [0, 1], "the end of the game over pulse")
        wait_until(lambda: meter.levels == [0, 1], "the end of the coin meter's pulse")

        assert ready.levels == [1, 0]
        assert {pin: levels(board, pin) for pin in (METER, GAME_OVER, READY)} == {
            METER: [0, 1],
            GAME_OVER: [0, 1],
            READY: [1, 0],
        }


def test_inputs_miss_nothing_while_nobody_reads(board: BoardServer, board_socket: Path) -> None:
    """More changes than a socket holds reach a process that was stopped for a while."""
    changes = 1200
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stopped:
        stopped.connect(str(board_socket))
        greeting = json.loads(stopped.recv(4096))
        for change in range(changes):
            board.set_ready(change % 2 == 1)
        told = [json.loads(stopped.recv(4096)) for _ in range(changes)]
        times = [wire.pop("at_s") for packet in (greeting, *told) for wire in packet]

    assert greeting == [
        {"pin": GAME_OVER, "level": 1},
        {"pin": READY, "level": 0},
        {"pin": METER, "level": 1},
    ]
    assert told == [[{"pin": READY, "level": 1 - change % 2}] for change in range(changes)]
    assert times == sorted(times)


# When something is missing


def test_without_a_board_the_pins_do_not_open(board_socket: Path) -> None:
    """The error names the socket and the remedy."""
    with pytest.raises(
        BoardUnreachableError,
        match=re.escape(
            f"no virtual board at {board_socket}: [Errno 2] No such file or directory; "
            "start the simulator first"
        ),
    ):
        BoardWiredFactory(board_socket, listens=False)


def test_outputs_carry_on_when_the_board_goes_away(
    board_socket: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A cabinet whose wire is cut still pulses its pin, and says so once."""
    with board_at(board_socket) as board:
        factory = BoardWiredFactory(board_socket, listens=False)
        line = OutputDevice(COIN, pin_factory=factory)
        line.on()
        line.off()
        wait_until(lambda: levels(board, COIN) == [1, 0], "the pulse before")

    line.on()
    line.off()
    line.on()

    assert line.pin.state == 1
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (
            logging.WARNING,
            "virtual board lost, its wires keep their levels: pin 17 not sent: [Errno 32] Broken pipe",
        )
    ]
    factory.close()


def test_inputs_keep_their_levels_when_the_board_goes_away(
    board_socket: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The wires stay as they were, and that is said once."""
    with board_at(board_socket) as board:
        factory = BoardWiredFactory(board_socket, listens=True)
        ready = Watched(READY, factory)
        board.set_ready(False)
        wait_until(lambda: ready.levels == [1], "the change")

    wait_until(lambda: caplog.records, "the warning")

    assert ready.device.pin.state == 1
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "virtual board lost, its wires keep their levels: it hung up")
    ]
    factory.close()


def test_board_refuses_what_is_no_edge(
    board: BoardServer, board_socket: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each bad packet is logged, and the good one behind them still counts."""
    bad = [
        b"\xff",
        b"[]",
        b'{"pin": 17, "level": 2, "at_s": 1.5}',
        b'{"pin": Infinity, "level": 1, "at_s": 1.5}',
        b'{"pin": 17, "level": 1, "at_s": NaN}',
        b'{"pin": 17, "level": 1, "at_s": 1e12}',
        b"[" * 4000,
    ]
    good = b'{"pin": 17, "level": 1, "at_s": 1.5}'
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as cabinet:
        cabinet.connect(str(board_socket))
        for packet in (*bad, good):
            cabinet.send(packet)
        wait_until(lambda: board.edges, "the good packet")

    assert board.edges == [Edge(17, 1, 1.5)]
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * len(bad)


def test_two_boards_do_not_share_a_socket(board: BoardServer, board_socket: Path) -> None:
    """The second one refuses to start, and says why."""
    with (
        pytest.raises(
            OSError,
            match=re.escape(
                f"the virtual board cannot listen at {board_socket}: "
                "another virtual board runs there; stop it first"
            ),
        ),
        board_at(board_socket),
    ):
        pass


def test_a_socket_left_over_is_replaced(board_socket: Path) -> None:
    """A board that was killed leaves its socket's file behind; the next one starts all the same."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as killed:
        killed.bind(str(board_socket))

    with board_at(board_socket), pins(board_socket, listens=True) as factory:
        assert DigitalInputDevice(READY, pull_up=True, pin_factory=factory).pin.state == 0
