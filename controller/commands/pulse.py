"""EDGE. `python -m controller pulse`: test credits, through the running daemon, or alone if it is stopped."""

from __future__ import annotations

import argparse
import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gpiozero import GPIOZeroError

from attract_screen.quiet_end import INTERRUPTED
from controller.app import App
from controller.config.keys import Config, load_config
from controller.control.client import ControlClient, connect
from controller.edges import OneShot
from controller.formats.control_lines import MOST_CREDITS, Line, PulseRequest, error
from controller.ledger.file import LEDGER_NAME, LedgerError
from controller.ledger.owner import check_owner
from controller.pages.pulse_report import PulseReport


def add_pulse_command(commands: Any, default_config: Path) -> None:
    """Add the command to the parser's `commands`."""
    parser = commands.add_parser(
        "pulse",
        help="put test credits on the board",
        description="Puts test credits on the board: they are marked in the ledger, cost nobody anything and "
        "count as no sale. Through the running controller, or in its place if it is stopped. Ends with 0 if "
        "all were delivered.",
    )
    parser.add_argument("credits", type=_credits, metavar="N", help=f"how many credits, 1 to {MOST_CREDITS}")
    parser.add_argument("--config", type=Path, default=default_config, help="default: %(default)s")
    parser.set_defaults(do=pulse)


def pulse(options: argparse.Namespace) -> int:
    """Fire test credits; 0 if all were delivered.

    Raises:
        ConfigError: the configuration cannot be used.
        LedgerError: the daemon is stopped, and the ledger cannot be used one_shot.
        OSError: the daemon cannot be asked.
    """
    config = load_config(options.config)
    client = connect(config.control_socket)
    if client is None:
        return _one_shot(config, options.credits)
    with client:
        return _through(client, options.credits)


def _through(client: ControlClient, credits: int) -> int:
    client.request({"do": "pulse", "credits": credits})
    try:
        return follow(client.next, PulseReport(credits))
    except KeyboardInterrupt:
        print("the controller goes on with it")
        return INTERRUPTED


def follow(next_line: Callable[[float], Line | None], report: PulseReport) -> int:
    """Say what comes of it, until it has ended or nothing more is heard; the exit status."""
    while not report.done:
        line = next_line(report.patience_s)
        if line is None:
            waited = f"waited {report.patience_s:g} s for {report.waiting_for}"
            print(f"{waited}: the controller's log may say why")
            return report.status
        for text in report.take(line):
            print(text, flush=True)
    return report.status


class _OneShotChannel:
    """Hears what the rules say, in this very process."""

    def __init__(self) -> None:
        self.lines: queue.SimpleQueue[Line] = queue.SimpleQueue()

    def answer(self, _client: int, line: Line) -> None:
        self.lines.put(line)

    def show(self, line: Line) -> None:
        self.lines.put(line)

    def refuse(self, trouble: str | None) -> None:
        if trouble is not None:
            self.lines.put(error(trouble))

    def next(self, within_s: float) -> Line | None:
        try:
            return self.lines.get(timeout=within_s)
        except queue.Empty:
            return None


def _one_shot(config: Config, credits: int) -> int:
    """The daemon's own loop and rules, with the ledger, the coin line and the inputs, and no network."""
    check_owner(config.state_dir / LEDGER_NAME)
    print(f"{config.control_socket}: no controller answers: this is done in its place", flush=True)
    logging.getLogger().setLevel(logging.WARNING)
    tools = _OneShotChannel()
    app = App(config, OneShot(PulseRequest(credits), tools))
    statuses = [1]

    def listen() -> None:
        try:
            statuses.append(follow(tools.next, PulseReport(credits)))
        finally:
            app.request_stop()

    listener = threading.Thread(target=listen, name="report")
    listener.start()
    ended = "stopped; what is left of it follows when the controller starts"
    try:
        app.run()
    except (LedgerError, OSError, GPIOZeroError) as failure:
        ended = str(failure)
    finally:
        tools.lines.put(error(ended))  # heard only if it ended before its time
        listener.join()
    return statuses[-1]


def _credits(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_CREDITS:
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 to {MOST_CREDITS} credits")
    return int(text)
