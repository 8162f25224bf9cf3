"""EDGE. `python -m controller pulse`: test credits, through the running daemon, or alone if it is stopped."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from attract_screen.quiet_end import INTERRUPTED
from controller.commands.pulse_followed import follow
from controller.config.keys import load_config
from controller.control.client import ControlClient, connect
from controller.formats.control_lines import MOST_CREDITS
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
        # Imported only now, for it is the whole daemon.
        from controller.commands.pulse_in_place import pulse_in_place

        return pulse_in_place(config, options.credits)
    with client:
        return _through(client, options.credits)


def _through(client: ControlClient, credits: int) -> int:
    client.request({"do": "pulse", "credits": credits})
    try:
        return follow(client.next, PulseReport(credits))
    except KeyboardInterrupt:
        print("the controller goes on with it")
        return INTERRUPTED


def _credits(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_CREDITS:
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 to {MOST_CREDITS} credits")
    return int(text)
