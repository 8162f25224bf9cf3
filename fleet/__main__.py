"""The operator's commands: the fleet's parts as processes, and the care of its book."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Mapping

from cloud_relay.quiet_end import leave, quiet_imports

if __name__ == "__main__":
    quiet_imports()

from cloud_relay.command_line import EX_CONFIG, EX_FAILED, run_command
from cloud_relay.setting_reader import SettingsError
from fleet.book.database.engine import BookError
from fleet.commands.book import add_book_commands
from fleet.commands.people import add_people_commands
from fleet.serving import MakePart, make_alerter, make_ingester, make_pages, make_reconciler, serve
from fleet.settings import read_settings

FAILURES: Mapping[type[Exception], int] = {
    SettingsError: EX_CONFIG,
    BookError: EX_FAILED,
    OSError: EX_FAILED,
}
PARTS: Mapping[str, tuple[str, MakePart]] = {
    "ingest": ("write what cabinets say into the book", make_ingester),
    "reconcile": ("read Stripe, and hold it against what cabinets say", make_reconciler),
    "web": ("serve the pages", make_pages),
    "alerts": ("decide what is wrong with machines, and tell it", make_alerter),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status: 1 what failed, 2 a wrong call, 78 wrong settings."""
    logging.getLogger("fleet").setLevel(logging.INFO)
    return run_command(_parser, arguments, FAILURES)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fleet", description=__doc__)
    commands = parser.add_subparsers(required=True)
    everything = commands.add_parser("serve", help="run everything in this one process")
    everything.set_defaults(run=lambda _: _serve(*PARTS))
    for name, (does, _) in PARTS.items():
        command = commands.add_parser(name, help=f"{does}: this part alone")
        command.set_defaults(run=lambda _, name=name: _serve(name))
    add_book_commands(commands, os.environ, sys.stdout)
    add_people_commands(commands, os.environ, sys.stdout)
    return parser


def _serve(*names: str) -> int:
    return serve(read_settings(os.environ), [(name, PARTS[name][1]) for name in names])


if __name__ == "__main__":
    leave(main())
