"""EDGE. `python -m controller watch`: the lines live, to set debounce and widths by eye."""

from __future__ import annotations

import argparse
import queue
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from controller import __version__
from controller.config.applied import input_lines
from controller.config.keys import Config, load_config
from controller.control.client import connect
from controller.formats.control_lines import Line, hello, seen_in, standing
from controller.model.events import InputChanged
from controller.pages.line_watch import LineWatch
from controller.pages.plain_text import plain
from controller.system.clock import since_boot_s
from controller.system.plain_output import terminal

REFRESH_S = 0.2
HOME, CLEAR, REST_OF_LINE, REST_OF_SCREEN = "\x1b[H", "\x1b[2J", "\x1b[K", "\x1b[J"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"

NextLine = Callable[[float], Line | None]


def add_watch_command(commands: Any, default_config: Path) -> None:
    """Add the command to the parser's `commands`."""
    parser = commands.add_parser(
        "watch",
        help="show the lines to and from the board, live",
        description="Shows every wired line as it moves, with measured widths: a table at a terminal, else a "
        "line for each edge. Through the running controller; if it is stopped, the inputs alone. Ctrl-C ends "
        "it.",
    )
    parser.add_argument("--config", type=Path, default=default_config, help="default: %(default)s")
    parser.add_argument("--lines", action="store_true", help="a line for each edge, at a terminal too")
    parser.set_defaults(do=watch)


def watch(options: argparse.Namespace) -> int:
    """Show the lines until interrupted; 0 then.

    Raises:
        ConfigError: the configuration cannot be used.
        OSError: the controller cannot be asked, has hung up, or the pins cannot be had.
    """
    config = load_config(options.config)
    live = sys.stdout.isatty() and not options.lines
    with suppress(KeyboardInterrupt), _source(config) as next_line:
        (_refresh if live else _print)(next_line, LineWatch())
    return 0


def _print(next_line: NextLine, lines: LineWatch) -> None:
    while True:
        if line := next_line(REFRESH_S):
            for text in lines.take(line):
                print(text, flush=True)


def _refresh(next_line: NextLine, lines: LineWatch) -> None:
    drawn_s = 0.0
    print(CLEAR + HIDE_CURSOR, end="", file=terminal())
    try:
        while True:
            if line := next_line(REFRESH_S):
                list(lines.take(line))
            if time.monotonic() >= drawn_s + REFRESH_S:
                drawn_s = time.monotonic()
                _draw(lines.table(since_boot_s()))
    finally:
        print(SHOW_CURSOR, flush=True, file=terminal())


def _draw(table: list[str]) -> None:
    columns = shutil.get_terminal_size().columns
    rows = (plain(row)[:columns] for row in (*table, "Ctrl-C ends it."))
    text = "".join(f"{row}{REST_OF_LINE}\n" for row in rows)
    print(HOME + text + REST_OF_SCREEN, end="", flush=True, file=terminal())


@contextmanager
def _source(config: Config) -> Iterator[NextLine]:
    """Where the lines come from: the running controller, or the input pins themselves."""
    client = connect(config.control_socket)
    if client is None:
        with _own_inputs(config) as next_line:
            yield next_line
    else:
        with client:
            yield client.next


@contextmanager
def _own_inputs(config: Config) -> Iterator[NextLine]:
    wirings = {name: wiring for name, wiring in input_lines(config).items() if wiring}
    if not wirings:
        raise OSError(f"{config.control_socket}: no controller answers, and config.yaml has no input wired")
    print(
        f"{config.control_socket}: no controller answers: only the inputs are watched; "
        "end this before you start the controller",
        file=sys.stderr,
        flush=True,
    )
    from controller.board.inputs import board_inputs  # what asks the controller needs no pins

    begun: list[Line] = []
    lines: queue.SimpleQueue[Line] = queue.SimpleQueue()

    def on_change(event: InputChanged) -> None:
        if event.at_start:
            begun.append(standing(event.line, wirings[event.line].pin, active=event.active))
        else:
            for line in seen_in(event, ()):
                lines.put(line)

    def next_line(within_s: float) -> Line | None:
        if begun:
            levels = begun.copy()
            begun.clear()
            return hello(__version__, config.coin_line.pin, levels)
        try:
            return lines.get(timeout=within_s)
        except queue.Empty:
            return None

    with board_inputs(wirings, config.mock_board, on_change):
        yield next_line
