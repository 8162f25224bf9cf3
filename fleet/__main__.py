"""The operator's commands: the fleet's parts as processes, and the care of its book."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Mapping

from cloud_relay.plain_output import make_log_plain, plain_terminal
from cloud_relay.quiet_end import leave, quiet_imports, run_quietly

if __name__ == "__main__":
    quiet_imports()

from cloud_relay.setting_reader import SettingsError
from fleet.book.database.engine import BookError
from fleet.commands.book import add_book_commands
from fleet.commands.people import add_people_commands
from fleet.serving import MakePart, make_alerter, make_ingester, make_pages, make_reconciler, serve
from fleet.settings import read_settings

# sysexits.h: the service manager does not start us again over it.
EX_CONFIG = 78
_EX_FAILED = 1

PARTS: Mapping[str, tuple[str, MakePart]] = {
    "ingest": ("write what cabinets say into the book", make_ingester),
    "reconcile": ("read Stripe, and hold it against what cabinets say", make_reconciler),
    "web": ("serve the pages", make_pages),
    "alerts": ("decide what is wrong with machines, and tell it", make_alerter),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status: 1 what failed, 2 a wrong call, 78 wrong settings."""
    return run_quietly(lambda: _main(arguments))


def _main(arguments: list[str] | None) -> int:
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    logging.getLogger("fleet").setLevel(logging.INFO)
    make_log_plain()
    with plain_terminal():
        return _run(_parser().parse_args(arguments))


def _run(options: argparse.Namespace) -> int:
    try:
        status: int = options.run(options)
    except SettingsError as why:
        return _complain(str(why), EX_CONFIG)
    except BookError as why:
        return _complain(str(why), _EX_FAILED)
    except OSError as why:
        return _complain(f"{why.filename or 'FLEET_LISTEN'}: {why.strerror or why}", _EX_FAILED)
    return status


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


def _complain(text: str, status: int) -> int:
    sys.stderr.write(text + "\n")
    return status


if __name__ == "__main__":
    leave(main())
