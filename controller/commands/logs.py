"""EDGE. `python -m controller logs`: the journal of the controller's unit, by journalctl itself."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Any

from controller.system.systemd_units import CONTROLLER

LINES = 50


def add_logs_command(commands: Any, _default_config: Path) -> None:
    """Add the command to the parser's `commands`."""
    parser = commands.add_parser(
        "logs",
        help="what the controller said",
        description="Shows what the controller said, by journalctl: each payment is a few lines. "
        "It takes the right to read the journal: root, or the group systemd-journal.",
    )
    parser.add_argument(
        "lines", type=_lines, nargs="?", default=LINES, metavar="N", help="default: %(default)s"
    )
    parser.add_argument("-f", "--follow", action="store_true", help="go on as it speaks; Ctrl-C ends it")
    parser.set_defaults(do=logs)


def logs(options: argparse.Namespace) -> int:
    """Become journalctl; 1 where there is none."""
    command = [
        "journalctl",
        f"--unit={CONTROLLER}",
        f"--lines={options.lines}",
        "--no-hostname",
        "--no-pager",
    ]
    if options.follow:
        command.append("--follow")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and journalctl would inherit that
    try:
        os.execvp(command[0], command)  # noqa: S606 - its arguments are ours
    except OSError as error:
        where = "the controller speaks to the terminal that it was started from"
        print(f"journalctl cannot be run: {error.strerror}: without systemd, {where}", file=sys.stderr)
    return 1


def _lines(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of lines: write 50, say")
    return int(text)
