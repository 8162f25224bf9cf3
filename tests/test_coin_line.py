"""The coin line: a real process that owns the pin, against a virtual board that sees every edge."""

from __future__ import annotations

import fcntl
import logging
import os
import queue
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import wait_until

from controller.board.coin_line import CoinLine
from controller.board.tally import read_tally
from controller.config.keys import CoinLineConfig
from controller.model.events import CoinLineFailed, PulseBegun, PulseFired
from controller.system.clock import since_boot_s
from simulator.board.board_server import BoardServer
from simulator.board.model.arcade_board import ArcadeBoard
from simulator.board.model.board_profiles import JAMMA

PIN = 17
PULSE_MS, GAP_MS = 40, 60
LONG_MS = 600
LEDGER = "64769:1234"

# A controller that orders long pulses and waits to be killed in the middle of the first.
PARENT = """
import sys, time
from pathlib import Path
from controller.board.coin_line import CoinLine
from controller.board.coin_line_start import fork_early, start_anew
from controller.config.keys import CoinLineConfig

shape, start = CoinLineConfig(17, 600, 60, 1), globals()[sys.argv[3]]
line = CoinLine(shape, Path(sys.argv[1]), Path(sys.argv[2]), "64769:1234", print, start)
line.start()
line.begin_tally()
for number in (1, 2, 3):
    line.fire("pi_1", number)
print(line.pid, flush=True)
time.sleep(60)
"""


# One that orders when it is told to.
TOLD_PARENT = PARENT.replace("line.begin_tally()", "print(line.pid, flush=True)\nsys.stdin.readline()")

# One that says whether its line holds the pin, once its start has ended.
SLOW_PARENT = """
import signal, sys, threading
from pathlib import Path
from controller.board.coin_line import CoinLine
from controller.config.keys import CoinLineConfig

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
line = CoinLine(CoinLineConfig(17, 40, 60, 1), Path(sys.argv[1]), Path(sys.argv[2]), "64769:1234", print)
line.start(stop.is_set)
print(line.holds_pin, flush=True)
line.stop()
"""


each_start = pytest.mark.parametrize("start", ["fork_early", "start_anew"])


class Told:
    """What the coin line told."""

    def __init__(self) -> None:
        self.queue: queue.SimpleQueue[PulseFired | CoinLineFailed] = queue.SimpleQueue()

    def pulses(self, count: int) -> list[PulseFired]:
        """The next pulses that left the pin."""
        told = [self.queue.get(timeout=60) for _ in range(count)]
        assert [type(event) for event in told] == [PulseFired] * count
        return [event for event in told if isinstance(event, PulseFired)]


@pytest.fixture
def board(tmp_path: Path) -> Iterator[BoardServer]:
    """A virtual board whose coin switch is on the coin pin."""
    arcade_board = ArcadeBoard(JAMMA, powered_at_s=since_boot_s())
    with BoardServer(tmp_path / "board", arcade_board, coin_pin=PIN) as server:
        yield server


@pytest.fixture
def told() -> Told:
    """An empty queue of events."""
    return Told()


@contextmanager
def coin_line(folder: Path, told: Told, pulse_ms: int = PULSE_MS) -> Iterator[CoinLine]:
    """A coin line in `folder`, stopped at the end if it still runs."""
    shape = CoinLineConfig(PIN, pulse_ms, GAP_MS, 1)
    line = CoinLine(shape, folder / "board", folder / "tally", LEDGER, told.queue.put)
    line.start()
    try:
        yield line
    finally:
        line.stop()


def levels(board: BoardServer) -> list[int]:
    """The levels that the coin pin has taken, one after the other."""
    return [edge.level for edge in board.edges_of(PIN)]


def runs(pid: int) -> bool:
    """Whether a process is alive."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].startswith(" Z")


def test_starting_and_stopping_make_no_edge(board: BoardServer, told: Told, tmp_path: Path) -> None:
    """A restart of the daemon is no coin."""
    with coin_line(tmp_path, told) as line:
        assert line.alive
    with coin_line(tmp_path, told) as line:
        line.fire("pi_1", 1)

    wait_until(lambda: levels(board) == [1, 0], "the one pulse that was ordered")
    assert (line.alive, told.pulses(1)[0].payment_id, told.queue.empty()) == (False, "pi_1", True)


def test_each_order_is_one_pulse_that_is_told(board: BoardServer, told: Told, tmp_path: Path) -> None:
    """In their order, with the times at which the pin moved."""
    with coin_line(tmp_path, told) as line:
        for number in (1, 2, 3):
            line.fire("pi_1", number)
        pulses = told.pulses(3)

    wait_until(lambda: len(levels(board)) == 6, "six edges")
    assert levels(board) == [1, 0, 1, 0, 1, 0]
    assert [(pulse.payment_id, pulse.number) for pulse in pulses] == [("pi_1", n) for n in (1, 2, 3)]
    seen = [edge.at_s for edge in board.edges_of(PIN)]
    told_s = [at_s for pulse in pulses for at_s in (pulse.rose_s, pulse.fell_s)]
    # Each is told right behind its edge, and before the next: the same clock reads both.
    in_turn = [at_s for pair in zip(seen, told_s, strict=True) for at_s in pair]
    assert in_turn == pytest.approx(sorted(in_turn), abs=1e-6)


def test_pulses_are_as_long_as_the_board_needs_and_never_too_close(
    board: BoardServer, told: Told, tmp_path: Path
) -> None:
    """Orders that come at once, for two payments, still keep width and gap on the wire."""
    with coin_line(tmp_path, told) as line:
        for payment_id, number in (("pi_1", 1), ("pi_1", 2), ("pi_2", 1), ("pi_2", 2)):
            line.fire(payment_id, number)
        told.pulses(4)

    wait_until(lambda: len(levels(board)) == 8, "eight edges")
    edges = board.edges_of(PIN)
    spans_ms = [((to.at_s - at.at_s) * 1000, at.level) for at, to in pairwise(edges)]
    assert [level for _, level in spans_ms] == [1, 0, 1, 0, 1, 0, 1]
    assert [span for span, level in spans_ms if span < (PULSE_MS if level else GAP_MS)] == []


def test_the_gap_is_kept_before_the_first_pulse_too(board: BoardServer, told: Told, tmp_path: Path) -> None:
    """A process before this one may have ended right behind a pulse."""
    for number in (1, 2):
        with coin_line(tmp_path, told) as line:
            line.fire("pi_1", number)

    wait_until(lambda: len(levels(board)) == 4, "four edges")
    _, fell, rose, _ = board.edges_of(PIN)
    assert (rose.at_s - fell.at_s) * 1000 >= GAP_MS


def test_stop_waits_for_all_pulses_that_were_ordered_and_tells_them(
    board: BoardServer, told: Told, tmp_path: Path
) -> None:
    """What left the pin is written down; no failure is told of an end that was asked for."""
    with coin_line(tmp_path, told, LONG_MS) as line:
        line.fire("pi_1", 1)
        line.fire("pi_1", 2)
        wait_until(lambda: levels(board) == [1], "the pulse to begin")

    assert ([pulse.number for pulse in told.pulses(2)], told.queue.empty()) == ([1, 2], True)
    wait_until(lambda: levels(board) == [1, 0, 1, 0], "the line to rest")


def test_what_was_told_is_what_was_noted(board: BoardServer, told: Told, tmp_path: Path) -> None:
    """Once whoever read the tally has said that it may be begun."""
    with coin_line(tmp_path, told) as line:
        assert line.tally is None
        line.begin_tally()
        for number in (1, 2):
            line.fire("pi_1", number)
        pulses = told.pulses(2)
    with coin_line(tmp_path, told) as line:
        assert line.tally == tuple(pulses)


def test_an_order_begins_the_tally_at_the_latest(board: BoardServer, told: Told, tmp_path: Path) -> None:
    """Who orders has written down what was read of it."""
    with coin_line(tmp_path, told) as line:
        assert read_tally(tmp_path / "tally", LEDGER) is None
        line.fire("pi_1", 1)
        pulses = told.pulses(1)

    assert read_tally(tmp_path / "tally", LEDGER) == tuple(pulses)


def test_a_pulse_that_its_process_was_killed_in_was_noted_as_begun(
    board: BoardServer, told: Told, tmp_path: Path
) -> None:
    """And none behind it."""
    with coin_line(tmp_path, told, LONG_MS) as line:
        line.begin_tally()
        for number in (1, 2, 3):
            line.fire("pi_1", number)
        wait_until(lambda: levels(board) == [1], "the pulse to begin")
        os.kill(line.pid, signal.SIGKILL)
        assert isinstance(told.queue.get(timeout=60), CoinLineFailed)
    with coin_line(tmp_path, told) as line:
        assert line.tally == (PulseBegun("pi_1", 1),)


def test_no_pulse_leaves_that_cannot_be_noted(board: BoardServer, told: Told, tmp_path: Path) -> None:
    """Unnoted it would count as never begun, and be fired again."""
    (tmp_path / "tally").mkdir()
    with coin_line(tmp_path, told) as line:
        assert told.queue.get(timeout=60) == CoinLineFailed("its process ended with status 1")
        line.fire("pi_1", 1)

    assert levels(board) == []


def test_without_a_folder_for_its_tally_it_works_and_says_so(
    board: BoardServer, told: Told, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As for a technician's test pulse where the service has never run."""
    (tmp_path / "file").touch()
    shape = CoinLineConfig(PIN, PULSE_MS, GAP_MS, 1)
    line = CoinLine(shape, tmp_path / "board", tmp_path / "file" / "run" / "tally", LEDGER, told.queue.put)
    line.start()
    line.begin_tally()
    line.fire("pi_1", 1)
    line.stop()

    assert (told.pulses(1)[0].number, line.tally) == (1, None)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        f"coin line has no tally: [Errno 20] Not a directory: '{tmp_path / 'file' / 'run'}': "
        "if this controller is killed, the pulses that it had ordered are not charged"
    ]


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT]
)
def test_a_signal_to_the_process_cuts_no_pulse(
    board: BoardServer, told: Told, tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C, a closed terminal, a service manager's stop and its watchdog reach the whole group."""
    with coin_line(tmp_path, told, LONG_MS) as line:
        line.fire("pi_1", 1)
        wait_until(lambda: levels(board) == [1], "the pulse to begin")
        os.kill(line.pid, number)
        (pulse,) = told.pulses(1)
        assert line.alive

    assert (pulse.fell_s - pulse.rose_s) * 1000 >= LONG_MS


@each_start
def test_the_line_rests_after_its_parent_was_killed_in_the_middle_of_a_pulse(
    board: BoardServer, tmp_path: Path, start: str
) -> None:
    """The process finishes the pulse, notes it, and leaves what else was ordered to whoever comes next."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, tmp_path / "board", tmp_path / "tally", start],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    wait_until(lambda: levels(board) == [1], "the pulse to begin")
    parent.kill()
    parent.wait()
    parent.stdout.close()

    wait_until(lambda: levels(board) == [1, 0], "the line to rest")
    wait_until(lambda: not runs(pid), "the coin line's process to end")
    rose, fell = board.edges_of(PIN)
    assert (fell.at_s - rose.at_s) * 1000 >= LONG_MS
    (noted,) = read_tally(tmp_path / "tally", LEDGER) or ()
    assert isinstance(noted, PulseFired)
    assert (noted.payment_id, noted.number, noted.width_ms >= LONG_MS) == ("pi_1", 1, True)


@each_start
def test_what_a_dead_parent_had_ordered_is_left(board: BoardServer, tmp_path: Path, start: str) -> None:
    """A process that had not begun with it makes no pulse any more."""
    command = [sys.executable, "-c", TOLD_PARENT, tmp_path / "board", tmp_path / "tally", start]
    parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdin is not None
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    os.kill(pid, signal.SIGSTOP)
    parent.stdin.write("order\n")
    parent.stdin.flush()
    parent.stdout.readline()
    parent.kill()
    parent.wait()
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: not runs(pid), "the coin line's process to end")
    parent.stdin.close()
    parent.stdout.close()

    assert (levels(board), read_tally(tmp_path / "tally", LEDGER)) == ([], ())


@each_start
def test_the_line_rests_on_time_while_its_parent_is_stopped(
    board: BoardServer, tmp_path: Path, start: str
) -> None:
    """A debugger, a full terminal or a frozen controller holds no coin switch closed."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, tmp_path / "board", tmp_path / "tally", start],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    parent.stdout.readline()
    wait_until(lambda: levels(board) == [1], "the pulse to begin")
    parent.send_signal(signal.SIGSTOP)

    wait_until(lambda: levels(board) == [1, 0] * 3, "all pulses that were ordered")
    assert Path(f"/proc/{parent.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    parent.kill()
    parent.wait()
    parent.stdout.close()


def test_a_pulse_that_was_held_up_is_logged_with_its_width(
    board: BoardServer, told: Told, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One line, with the payment and the pulse: a board may have made something else of it."""
    with coin_line(tmp_path, told) as line:
        line.fire("pi_1", 1)
        wait_until(lambda: levels(board) == [1], "the pulse to begin")
        os.kill(line.pid, signal.SIGSTOP)
        rose = board.edges_of(PIN)[0]
        wait_until(lambda: since_boot_s() > rose.at_s + 3 * PULSE_MS / 1000, "the pulse to be far too long")
        os.kill(line.pid, signal.SIGCONT)
        (pulse,) = told.pulses(1)

    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        f"payment pi_1: pulse 1 was {pulse.width_text}, not {PULSE_MS} ms: "
        "the board may not take it for a coin"
    ]
    assert pulse.at_least_ms > 2 * PULSE_MS


@pytest.mark.parametrize(
    ("in_doubt_s", "warned"),
    [
        ("0.000100", ["46.0 ms wide, not 40 ms: the board may not take it for a coin"]),
        ("0.002000", []),
        ("0.030000", []),
    ],
)
def test_a_pulse_that_may_have_been_as_ordered_is_no_warning(
    told: Told, tmp_path: Path, caplog: pytest.LogCaptureFixture, in_doubt_s: str, warned: list[str]
) -> None:
    """Whoever measures under load is held up himself: only what is wide for sure is said to be."""
    shape = CoinLineConfig(PIN, PULSE_MS, GAP_MS, 1)
    line = CoinLine(shape, tmp_path / "board", tmp_path / "tally", LEDGER, told.queue.put)
    line._read_reply(["fired", "pi_1", "1", "10.000000", "10.046000", in_doubt_s])

    assert [record.getMessage() for record in caplog.records] == [
        f"payment pi_1: pulse 1 was {words}" for words in warned
    ]
    assert told.queue.get(timeout=60) == PulseFired("pi_1", 1, 10.0, 10.046)


def test_how_it_is_scheduled_is_logged_once(
    board: BoardServer, told: Told, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever reads the journal of a cabinet sees whether its pulses are as good as can be."""
    caplog.set_level(logging.INFO)
    with coin_line(tmp_path, told):
        pass

    (said,) = [record.getMessage() for record in caplog.records]
    assert re.fullmatch(
        r"coin line ready: (SCHED_FIFO 50|niceness -?\d+ \(.+\)), memory (not )?locked.*", said
    )


def test_a_process_that_dies_is_told(board: BoardServer, told: Told, tmp_path: Path) -> None:
    """The daemon sells nothing without its coin line; an order to the dead is no crash."""
    with coin_line(tmp_path, told) as line:
        os.kill(line.pid, signal.SIGKILL)
        assert told.queue.get(timeout=60) == CoinLineFailed("its process ended with status -9")
        line.fire("pi_1", 1)

    assert (line.alive, told.queue.empty()) == (False, True)


def test_only_a_second_look_finds_an_answer_overdue(board: BoardServer, told: Told, tmp_path: Path) -> None:
    """Behind a stop of the daemon itself the answers are there, and its listener has yet to read them."""
    with coin_line(tmp_path, told) as line:
        os.kill(line.pid, signal.SIGSTOP)
        line.fire("pi_1", 1)
        much_later_s = since_boot_s() + 60.0
        line.fail_if_overdue(much_later_s)
        assert told.queue.empty()
        line.fail_if_overdue(much_later_s)
        assert told.queue.get(timeout=60) == CoinLineFailed("its process does not answer")
        os.kill(line.pid, signal.SIGCONT)


def test_a_process_that_cannot_have_its_pin_is_told(told: Told, tmp_path: Path) -> None:
    """start() returns as soon as that is known."""
    with coin_line(tmp_path, told) as line:
        assert told.queue.get(timeout=60) == CoinLineFailed("its process ended with status 1")
        assert not line.alive


@contextmanager
def slow_start(folder: Path) -> Iterator[tuple[subprocess.Popen[str], socket.socket, Callable[[], None]]]:
    """A controller whose coin line waits for its tally, its service manager, and what ends the wait."""
    with (folder / "tally").open("w") as held, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        fcntl.flock(held, fcntl.LOCK_EX)
        manager.bind(str(folder / "notify"))
        manager.settimeout(60)
        parent = subprocess.Popen(
            [sys.executable, "-c", SLOW_PARENT, folder / "board", folder / "tally"],
            env=os.environ | {"NOTIFY_SOCKET": str(folder / "notify")},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield parent, manager, lambda: fcntl.flock(held, fcntl.LOCK_UN)
        finally:
            parent.kill()
            parent.communicate()


MORE_TIME = b"EXTEND_TIMEOUT_USEC=60000000"


def test_a_slow_process_is_waited_for_and_the_service_manager_told(
    board: BoardServer, tmp_path: Path
) -> None:
    """Who gives a cold card ten seconds, or systemd's ninety, begins them anew for ever."""
    with slow_start(tmp_path) as (parent, manager, get_ready):
        assert [manager.recv(99) for _ in range(3)] == [MORE_TIME] * 3
        get_ready()
        said, _ = parent.communicate(timeout=60)

    assert said.splitlines() == ["True"]


def test_a_slow_process_that_dies_is_told_at_once(board: BoardServer, tmp_path: Path) -> None:
    """Nothing more is to be waited for."""
    with slow_start(tmp_path) as (parent, manager, _):
        assert manager.recv(99) == MORE_TIME
        os.kill(only_child(parent.pid), signal.SIGKILL)
        said, _ = parent.communicate(timeout=60)

    assert said.splitlines() == ["CoinLineFailed(reason='its process ended with status -9')", "False"]


def test_a_stop_ends_the_wait_for_a_slow_process(board: BoardServer, tmp_path: Path) -> None:
    """Whoever stops the service need not wait until it has started."""
    with slow_start(tmp_path) as (parent, manager, _):
        assert manager.recv(99) == MORE_TIME
        parent.send_signal(signal.SIGTERM)
        said, _ = parent.communicate(timeout=60)

    assert said.splitlines() == ["False"]


def only_child(pid: int) -> int:
    """The one process that another has started."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)
