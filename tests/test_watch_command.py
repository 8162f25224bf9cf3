"""`python -m controller watch`: real lines of a virtual board, through the controller and without it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import wait_until
from workbench import Workbench, workbench

ALONE = (
    "control: no controller answers: only the inputs are watched; end this before you start the controller"
)
AT_START = ["at start game_over inactive", "at start ready active", "at start coin_meter inactive"]


class Watch:
    """A running `watch`; `lines` is what it has printed, without times, widths and test ids."""

    def __init__(self, bench: Workbench, *options: str) -> None:
        self.process = subprocess.Popen(
            bench.command("watch", *options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.raw: list[str] = []
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.raw.append(line.rstrip("\n"))

    @property
    def lines(self) -> list[str]:
        return [without_figures(line) for line in list(self.raw)]

    def wait_for(self, count: int) -> list[str]:
        wait_until(lambda: len(self.raw) >= count, f"{count} lines, not {self.raw}")
        return self.lines

    def interrupt(self) -> tuple[int, str]:
        """Ctrl-C: how it ends, and what it said on the side."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self) -> tuple[int, str]:
        status = self.process.wait(60)
        self._listener.join()
        assert self.process.stderr is not None
        said = self.process.stderr.read()
        self.process.stderr.close()
        return status, said


def without_figures(line: str) -> str:
    line = re.sub(r"^ *\d+\.\d{6}", "", line)
    line = re.sub(r"  (after|bounce).*$", "", line)
    line = re.sub(r"test-[0-9a-f]{12}", "test", line)
    return " ".join(re.sub(r"\d+\.\d+ ms", "# ms", line).split())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with workbench(tmp_path) as running:
        running.start()
        yield running


@contextmanager
def watching(bench: Workbench, *options: str) -> Iterator[Watch]:
    """A watch that has been told how the lines stand."""
    watch = Watch(bench, *options)
    try:
        watch.wait_for(len(AT_START))
        yield watch
    finally:
        watch.process.kill()
        watch.process.wait()


def chatter(bench: Workbench, edges: int) -> None:
    """The ready contact bounces: so many edges at once, from active."""
    for number in range(edges):
        bench.board.set_ready(number % 2 == 1)


def test_pulses_and_what_the_meter_makes_of_them_are_seen(bench: Workbench) -> None:
    """Each with its measured width, and the gap before it."""
    with watching(bench) as watch:
        bench.does("pulse", "2")
        watch.wait_for(12)
        assert watch.interrupt() == (0, "")

    # The board lets go of its meter before or behind the next pulse.
    coin_line = [line for line in watch.lines if line.startswith("coin line")]
    meter = [line for line in watch.lines if line.startswith("coin_meter")]
    assert watch.lines[:3] == AT_START
    assert coin_line == [
        "coin line pulse 1 of test: # ms",
        "coin line pulse 1 of test: counted by the coin meter",
        "coin line pulse 2 of test: # ms, # ms after the last",
        "coin line pulse 2 of test: counted by the coin meter",
        "coin line test: delivered, credits delivered: 2",
    ]
    assert meter == ["coin_meter active", "coin_meter inactive"] * 2


def test_every_edge_of_a_chattering_line_is_seen(bench: Workbench) -> None:
    """As it was, before any debounce; and that it bounced."""
    with watching(bench) as watch:
        chatter(bench, 12)
        watch.wait_for(3 + 12)
        assert watch.interrupt() == (0, "")

    assert watch.lines == [*AT_START, *["ready inactive", "ready active"] * 6]
    assert any(re.search(r"bounce: \d+ edges in \d", line) for line in watch.raw)


def test_without_a_controller_the_inputs_are_watched(bench: Workbench) -> None:
    """The pins are opened for it, and said to be."""
    bench.controller.stop()
    with watching(bench) as watch:
        chatter(bench, 6)
        bench.board.insert_cash_coin()
        watch.wait_for(3 + 6 + 2)
        status, said = watch.interrupt()

    assert (status, said.replace(f"{bench.control}", "control")) == (0, f"{ALONE}\n")
    assert watch.lines == [
        *AT_START,
        *["ready inactive", "ready active"] * 3,
        "coin_meter active",
        "coin_meter inactive",
    ]


def test_nothing_wired_is_nothing_to_watch(tmp_path: Path) -> None:
    """Without a controller, which would at least tell its pulses."""
    with workbench(tmp_path, game_over={}, ready={}, coin_meter={}) as bench:
        said = f"{bench.control}: no controller answers, and config.yaml has no input wired"
        assert bench.does("watch") == (1, [said])


def test_a_controller_that_stops_ends_the_watch(bench: Workbench) -> None:
    """A view that stands still would look like a line that rests."""
    with watching(bench) as watch:
        bench.controller.stop()
        said = f"{bench.control}: the controller has hung up: it was stopped, or restarted\n"
        assert watch.ended() == (1, said)


def test_a_reader_that_has_seen_enough_is_no_error(bench: Workbench) -> None:
    """`watch | head` says nothing on stderr."""
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(bench.command("watch"), stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, b"")


class Terminal:
    """A terminal of 80 columns, and what stands on it."""

    def __init__(self) -> None:
        self._master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.set_blocking(self._master, False)
        self.written = ""

    def read(self) -> str:
        try:
            while more := os.read(self._master, 65536):
                self.written += more.decode()
        except BlockingIOError:
            pass
        return self.written

    def picture(self) -> list[str]:
        """The newest whole picture, row by row."""
        pictures = self.read().split("\x1b[H")[1:-1]
        return [row.replace("\x1b[K", "") for row in pictures[-1].split("\r\n")] if pictures else []

    def edges(self) -> list[str]:
        """How many edges each line has had, by the picture."""
        return next((row.split()[1:] for row in self.picture() if row.startswith("edges")), [])

    def close(self) -> None:
        os.close(self.slave)
        os.close(self._master)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


def test_at_a_terminal_the_picture_is_refreshed_in_its_place(bench: Workbench, terminal: Terminal) -> None:
    """And Ctrl-C gives the cursor back."""
    process = subprocess.Popen(bench.command("watch"), stdout=terminal.slave)
    wait_until(lambda: terminal.edges() == ["0", "0", "0", "0"], "the lines at rest")
    chatter(bench, 12)
    wait_until(lambda: terminal.edges() == ["0", "0", "12", "0"], "12 edges")
    rows = terminal.picture()
    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 0
    assert [row.split() for row in rows[:3]] == [
        ["coin", "line", "game_over", "ready", "coin_meter"],
        ["pin", "GPIO", "17", "GPIO", "27", "GPIO", "22", "GPIO", "23"],
        ["now", "at", "rest", "inactive", "active", "inactive"],
    ]
    assert rows[10].startswith("worst bounce")
    assert "Ctrl-C ends it." in rows
    assert terminal.read().startswith("\x1b[2J\x1b[?25l\x1b[H")
    assert terminal.read().endswith("\x1b[?25h\r\n")


def test_lines_can_be_asked_for_at_a_terminal(bench: Workbench, terminal: Terminal) -> None:
    """To scroll back through them."""
    process = subprocess.Popen(bench.command("watch", "--lines"), stdout=terminal.slave)
    wait_until(lambda: terminal.read().count("\n") == len(AT_START), "how the lines stand")
    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 0
    assert [without_figures(line) for line in terminal.read().splitlines()] == AT_START
