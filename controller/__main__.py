"""The command line of the controller; a command's module is imported once it is the one that was chosen."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from attract_screen.quiet_end import leave, quiet_imports, run_quietly

if __name__ == "__main__":
    quiet_imports()

from controller.pages.help_page import help_page
from controller.system.plain_output import make_log_plain, plain_terminal

# sysexits.h: the service manager does not restart us over it, for it would be the same again.
EX_CONFIG = 78
DEFAULT_CONFIG = Path("/etc/arcade-cabinet/config.yaml")
# Where each command is: its module, and what adds it to the parser.
COMMANDS = {
    "run": ("controller.commands.run", "add_run_command"),
    "status": ("controller.commands.status", "add_status_command"),
    "logs": ("controller.commands.logs", "add_logs_command"),
    "check": ("controller.check.command", "add_check_command"),
    "payments": ("controller.commands.payments", "add_payments_command"),
    "release-lines": ("controller.commands.release_lines", "add_release_lines_command"),
    "config-value": ("controller.commands.config_value", "add_config_value_command"),
    "check-config": ("controller.commands.config_value", "add_check_config_command"),
    "take-card": ("controller.commands.setup", "add_take_card_command"),
    "setup-screen": ("controller.commands.setup", "add_setup_screen_command"),
    "pulse": ("controller.commands.pulse", "add_pulse_command"),
    "watch": ("controller.commands.watch", "add_watch_command"),
    "screen": ("controller.commands.screen", "add_screen_command"),
    "clear": ("controller.commands.clear", "add_clear_command"),
}


def main() -> int:
    """Do what the command line asks; 78 for a configuration that cannot be used."""
    return run_quietly(_main)


def _main() -> int:
    with plain_terminal():
        return _do(parser(sys.argv[1:]).parse_args())


def _do(options: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    make_log_plain()
    try:
        return int(options.do(options))
    except UnicodeEncodeError as error:  # of a path: what is printed is never refused
        name = f"{error.object} has characters that this locale ({error.encoding}) cannot name"
        print(f"{name}: put LC_ALL=C.UTF-8 in front of the command", file=sys.stderr)
        return 1
    except Exception as error:
        status = _status_of(error)
        if status is None:
            raise
        print(error, file=sys.stderr)
        return status


def _status_of(error: Exception) -> int | None:
    """How a command ends over an error that tells all there is to say; None for a mistake of our own."""
    # Imported here, for a command that has no pins, say, would pay for them at each start.
    from controller.config.reader import ConfigError

    if isinstance(error, ConfigError):
        return EX_CONFIG
    from gpiozero import GPIOZeroError

    from controller.ledger.file import LedgerError

    return 1 if isinstance(error, (LedgerError, OSError, GPIOZeroError)) else None


class _Parser(argparse.ArgumentParser):
    """Helps by a page of our own: its commands stand in groups."""

    def format_help(self) -> str:
        return help_page(self.prog)


def parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The command line; of all commands it knows the names, and all of the one among these `arguments`.

    The wrapper `cabinet` says its own name in the environment.
    """
    parser = _Parser(prog=os.environ.get("CABINET_COMMAND", "python -m controller"))
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=argparse.ArgumentParser
    )
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    for name, (module, add) in COMMANDS.items():
        if name == chosen:
            getattr(import_module(module), add)(commands, DEFAULT_CONFIG)
        else:
            commands.add_parser(name)
    return parser


if __name__ == "__main__":
    leave(main())
