"""The command line of the controller."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from gpiozero import GPIOZeroError

from controller.check.command import add_check_command
from controller.commands.clear import add_clear_command
from controller.commands.config_value import add_config_commands
from controller.commands.logs import add_logs_command
from controller.commands.payments import add_payments_command
from controller.commands.pulse import add_pulse_command
from controller.commands.release_lines import add_release_lines_command
from controller.commands.setup import add_setup_commands
from controller.commands.status import add_status_command
from controller.commands.watch import add_watch_command
from controller.config.keys import ConfigError, load_config
from controller.ledger.file import LedgerError
from controller.pages.help_page import help_page
from controller.system.plain_output import make_log_plain, plain_terminal

log = logging.getLogger("controller")

# sysexits.h: the service manager does not restart us over it, for it would be the same again.
EX_CONFIG = 78
DEFAULT_CONFIG = Path("/etc/arcade-cabinet/config.yaml")


def main() -> int:
    """Do what the command line asks; 78 for a configuration that cannot be used."""
    with plain_terminal():
        return _do(parser().parse_args())


def _do(options: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    make_log_plain()
    try:
        return int(options.do(options))
    except ConfigError as error:
        return _refuse(str(error))
    except (LedgerError, OSError, GPIOZeroError) as error:
        print(error, file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    config = load_config(options.config)
    if config.mock_board is not None and options.real_pins_only:
        return _refuse(
            f"{options.config}: mock_pins_for_demo_only is set: no coin would ever reach the board. "
            "Take the line out."
        )
    for warning in config.warnings:
        log.warning("%s", warning)
    # Here, for release-lines must be quick: until it has run, the coin switch may be closed.
    from controller.app import App

    return App(config, config_file=options.config).run()


def _refuse(problems: str) -> int:
    print(problems, file=sys.stderr)
    return EX_CONFIG


class _Parser(argparse.ArgumentParser):
    """Helps by a page of our own: its commands stand in groups."""

    def format_help(self) -> str:
        return help_page(self.prog)


def parser() -> argparse.ArgumentParser:
    """The command line. The wrapper `cabinet` says its own name in the environment."""
    parser = _Parser(prog=os.environ.get("CABINET_COMMAND", "python -m controller"))
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=argparse.ArgumentParser
    )
    run = commands.add_parser("run", help="run the daemon")
    run.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help="default: %(default)s")
    run.add_argument(
        "--real-pins-only", action="store_true", help="refuse a demo's mock pins (the unit sets it)"
    )
    run.set_defaults(do=_run)
    add_status_command(commands, DEFAULT_CONFIG)
    add_logs_command(commands)
    add_check_command(commands, DEFAULT_CONFIG)
    add_payments_command(commands, DEFAULT_CONFIG)
    add_release_lines_command(commands, DEFAULT_CONFIG)
    add_config_commands(commands, DEFAULT_CONFIG)
    add_setup_commands(commands, DEFAULT_CONFIG)
    add_pulse_command(commands, DEFAULT_CONFIG)
    add_watch_command(commands, DEFAULT_CONFIG)
    add_clear_command(commands, DEFAULT_CONFIG)
    return parser


if __name__ == "__main__":
    sys.exit(main())
