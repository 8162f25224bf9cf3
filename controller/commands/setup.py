"""EDGE. `python -m controller take-card` and `setup-screen`: the first setup, as its units run it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from controller.config.keys import KEYS
from controller.setup.card import BOOT_FOLDERS
from controller.setup.notice import notice_of, setup_feed, write_feed
from controller.setup.places import Places
from controller.setup.take import take_card
from controller.system.address import own_address
from controller.system.clock import since_boot_s
from controller.system.hardware import board_serial

NOTICE = Path("/run/arcade-first-boot/notice.json")
RENEW_S = 1.0


def add_setup_commands(commands: Any, default_config: Path) -> None:
    """Add both commands to the parser's `commands`."""
    card = commands.add_parser(
        "take-card",
        help="take cabinet.yaml on the card's boot partition over as config.yaml",
        description="Looks for cabinet.yaml on the card's boot partition. What can be used becomes config.yaml"
        " and goes from the card; the old one stays beside it as config.yaml.before. What is wrong is written "
        "to the card, as cabinet-problems.txt, and the secrets go from there. Needs root.",
    )
    card.add_argument("--boot", type=Path, action="append", metavar="FOLDER", help="default: the Pi's")
    card.set_defaults(do=_take_card)
    screen = commands.add_parser(
        "setup-screen",
        help="show what is missing, while the controller has no configuration",
        description="Writes the attract screen's feed, until it is ended: what is wrong with config.yaml or "
        "the card's cabinet.yaml, or what to do next, with this machine's address and serial number.",
    )
    screen.add_argument("--screen-feed", type=Path, default=KEYS["screen_feed"].default, metavar="FILE")
    screen.add_argument("--once", action="store_true", help="write one feed and end")
    screen.set_defaults(do=_setup_screen)
    for parser in (card, screen):
        parser.add_argument("--config", type=Path, default=default_config, help="default: %(default)s")
        parser.add_argument(
            "--notice", type=Path, default=NOTICE, metavar="FILE", help="what take-card tells the screen"
        )


def _take_card(options: argparse.Namespace) -> int:
    take_card(Places(options.config, options.notice, options.boot or BOOT_FOLDERS))
    return 0


def _setup_screen(options: argparse.Namespace) -> int:
    while True:
        address = own_address()
        notice = notice_of(options.config, options.notice, has_network=address is not None)
        feed = setup_feed(notice, options.config, since_boot_s(), address, board_serial())
        write_feed(options.screen_feed, feed)
        if options.once:
            return 0
        time.sleep(RENEW_S)
