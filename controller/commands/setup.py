"""EDGE. `python -m controller take-card` and `setup-screen`: the first setup, as its units run it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from controller.config.keys import KEYS, control_socket
from controller.control.client import connect
from controller.setup.card import BOOT_FOLDERS
from controller.setup.notice import notice_of, setup_feed, write_feed
from controller.setup.places import Places
from controller.setup.take import take_card
from controller.setup.usable import judge
from controller.system.address import own_address
from controller.system.clock import since_boot_s
from controller.system.hardware import board_serial

NOTICE = Path("/run/arcade-first-boot/notice.json")
RENEW_S = 1.0


def add_take_card_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], default_config: Path
) -> None:
    """`take-card`: run by a unit before the controller starts."""
    card = commands.add_parser(
        "take-card",
        help="take cabinet.yaml on the card's boot partition over as config.yaml",
        description="Looks for cabinet.yaml on the card's boot partition. What can be used becomes "
        "config.yaml and goes from the card; the old one stays beside it as config.yaml.before. What is "
        "wrong is written to the card, as cabinet-problems.txt, and the secrets go from there. Needs root.",
    )
    card.add_argument("--boot", type=Path, action="append", metavar="FOLDER", help="default: the Pi's")
    _add_files(card, default_config)
    card.set_defaults(do=_take_card)


def add_setup_screen_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], default_config: Path
) -> None:
    """`setup-screen`: run by a unit when the controller has ended over its configuration."""
    screen = commands.add_parser(
        "setup-screen",
        help="show what is missing, while the controller has no configuration",
        description="Writes the attract screen's feed until the controller runs: what is wrong with "
        "config.yaml or the card's cabinet.yaml, or what to do next, with this machine's address and serial "
        "number.",
    )
    screen.add_argument("--screen-feed", type=Path, default=KEYS["screen_feed"].default, metavar="FILE")
    screen.add_argument("--once", action="store_true", help="write one feed and end")
    _add_files(screen, default_config)
    screen.set_defaults(do=_setup_screen)


def _add_files(parser: argparse.ArgumentParser, default_config: Path) -> None:
    parser.add_argument("--config", type=Path, default=default_config, help="default: %(default)s")
    parser.add_argument(
        "--notice", type=Path, default=NOTICE, metavar="FILE", help="what take-card tells the screen"
    )


def _take_card(options: argparse.Namespace) -> int:
    take_card(Places(options.config, options.notice, options.boot or BOOT_FOLDERS))
    return 0


def _setup_screen(options: argparse.Namespace) -> int:
    if not judge(options.config).problems:
        return 0  # the controller ended for another reason
    while not _controller_runs(options.screen_feed):
        address = own_address()
        notice = notice_of(options.config, options.notice, has_network=address is not None)
        feed = setup_feed(notice, options.config, since_boot_s(), address, board_serial())
        write_feed(options.screen_feed, feed)
        if options.once:
            break
        time.sleep(RENEW_S)
    return 0


def _controller_runs(screen_feed: Path) -> bool:
    """Whether the feed is the controller's own again."""
    client = connect(control_socket(screen_feed))
    if client is None:
        return False
    with client:
        return True
