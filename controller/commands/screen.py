"""EDGE. `python -m controller screen`: the technician's page on the screen, or the player's again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from controller.config.keys import load_config
from controller.control.client import ControlClient, connect
from controller.formats.control_lines import PLAYER, TECHNICIAN
from controller.pages.pulse_report import ANSWER_WITHIN_S


def add_screen_command(commands: Any, default_config: Path) -> None:
    """Add the command to the parser's `commands`."""
    parser = commands.add_parser(
        "screen",
        help="show the technician's page on the screen",
        description="Shows on the cabinet's own screen what a technician wants to know: addresses, faults, "
        "broker, relay, power, the last payments, the board's lines live, and a code that tests the door. It "
        "goes by itself after two minutes. What players pay meanwhile is credited as ever.",
    )
    parser.add_argument("page", choices=(TECHNICIAN, PLAYER), help="whose page it is to be")
    parser.add_argument("--config", type=Path, default=default_config, help="default: %(default)s")
    parser.set_defaults(do=screen)


def screen(options: argparse.Namespace) -> int:
    """Have the running controller show a page; 0 once it does.

    Raises:
        ConfigError: the configuration cannot be used.
        OSError: the daemon cannot be asked.
    """
    config = load_config(options.config)
    client = connect(config.control_socket)
    if client is None:
        print("no controller runs, and only it can tell the screen: sudo cabinet status")
        return 1
    with client:
        return _through(client, options.page)


def _through(client: ControlClient, page: str) -> int:
    client.request({"do": "screen", "page": page})
    while line := client.next(ANSWER_WITHIN_S):
        match line:
            case {"answer": "shown", "for_s": for_s}:
                how_long = "" if for_s is None else f" for {for_s:.0f} s; `cabinet screen {PLAYER}` ends it"
                print(f"the screen shows the {page}'s page{how_long}")
                return 0
            case {"answer": "refused", "reason": reason} | {"error": reason}:
                print(f"refused: {reason}")
                return 1
    print(f"waited {ANSWER_WITHIN_S:g} s for the controller's answer: its log may say why")
    return 1
