"""EDGE. `python -m controller check`: everything that a cabinet needs, and what to do about what is wrong."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.check.broker import check_broker
from controller.check.card import check_card
from controller.check.clock import check_clock
from controller.check.config import check_config
from controller.check.disk import check_disk
from controller.check.display import check_display
from controller.check.eyes import Seen, see
from controller.check.header import HEADER, Header
from controller.check.ledger import check_ledger
from controller.check.marquee import check_marquee
from controller.check.pictures import check_pictures
from controller.check.pins import check_pins
from controller.check.power import check_power
from controller.check.relay import check_relay
from controller.check.service import check_service
from controller.check.words import check_words
from controller.config.keys import Config, load_config
from controller.control.running import find_running
from controller.ledger.file import LEDGER_NAME
from controller.pages.check_page import MARKS, PLAIN_MARKS, document, section_text, summary_text
from controller.pages.findings import Finding, Section, all_well, wrong
from controller.setup.card import BOOT_FOLDERS
from controller.system.systemd_units import CONTROLLER, DESKTOP, SCREEN, unit

log = logging.getLogger(__name__)

ENDS_WITHIN_S = 18.0
WIDEST = 100


@dataclass(frozen=True)
class Surroundings:
    """Where the system keeps what is looked at."""

    systemd: Path = Path("/run/systemd/system")
    mounts: Path = Path("/proc/self/mountinfo")
    dri: Path = Path("/dev/dri")
    drm: Path = Path("/sys/class/drm")
    sysfs: Path = Path("/sys")
    header: Header = HEADER
    boot: Sequence[Path] = BOOT_FOLDERS


def add_check_command(commands: Any, default_config: Path) -> None:
    """Add the command to the parser's `commands`."""
    parser = commands.add_parser(
        "check",
        help="look at everything that a cabinet needs",
        description="Looks at everything that a cabinet needs: configuration, service, pins, power, broker "
        "and its rules, relay, clock, display, your own pictures, disk and ledger, and says what to do about "
        "what is wrong. It changes nothing, puts nothing on the coin line, and may be run while people play. "
        "Takes up to 20 seconds. "
        "Ends with 0 if nothing is wrong, 1 if something is, 78 if config.yaml cannot be used.",
    )
    parser.add_argument("--config", type=Path, default=default_config, help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.set_defaults(do=check)


def check(options: argparse.Namespace) -> int:
    """Look at everything; 0 if nothing is wrong.

    Raises:
        ConfigError: the configuration cannot be used.
    """
    config = load_config(options.config)
    # What the edges log is on the page, in better words; a mistake of our own is not.
    logging.getLogger().setLevel(logging.CRITICAL)
    log.setLevel(logging.ERROR)
    sections = []
    marks, width = PLAIN_MARKS if _is_plain() else MARKS, min(WIDEST, shutil.get_terminal_size().columns)
    for section in look_at_all(config, options.config, Surroundings()):
        sections.append(section)
        if not options.json:
            print(section_text(section, marks, width), flush=True)
    print(document(sections) if options.json else summary_text(sections), end="")
    return 0 if all(all_well(section.findings) for section in sections) else 1


def look_at_all(
    config: Config, path: Path, where: Surroundings, ends_within_s: float = ENDS_WITHIN_S
) -> Iterator[Section]:
    """All sections in order, each as soon as it is known; they are looked at side by side."""
    deadline_s = time.monotonic() + ends_within_s
    looks = [(name, _Look(name, look)) for name, look in _looks(config, path, where).items()]
    for name, look in looks:
        yield Section(name, tuple(look.found(deadline_s, ends_within_s)))


def _looks(config: Config, path: Path, where: Surroundings) -> Mapping[str, Callable[[], list[Finding]]]:
    controller = unit(CONTROLLER, where.systemd)
    running = find_running(config.control_socket, config.screen_feed)
    connected = running is not None and running.is_connected
    alone = running is None or running.is_kept_out
    user = controller.user if controller else ""
    # Before the threads begin: it forks.
    seen = see(controller, config, path) if controller else Seen()
    folder = config.folder
    own = {"pictures": lambda: check_pictures(folder, unit(SCREEN, where.systemd))} if folder else {}
    # So does this.
    words = check_words(config.words, unit(SCREEN, where.systemd)) if config.words else []
    own |= {"words": lambda: words} if words else {}
    return {
        "configuration": lambda: [*check_config(config, path, seen.reading), *check_card(where.boot)],
        "service": lambda: check_service(controller, running, config_usable=seen.config_usable),
        "pins": lambda: check_pins(config, where.header),
        "power": lambda: check_power(where.sysfs),
        "broker": lambda: check_broker(config, daemon_connected=connected, alone=alone),
        "relay": lambda: check_relay(config),
        "clock": lambda: check_clock(config),
        "display": lambda: [
            *check_display(unit(SCREEN, where.systemd), unit(DESKTOP, where.systemd), where.dri, where.drm),
            *check_marquee(config, where.drm),
        ],
        **own,
        "disk": lambda: check_disk(config.state_dir, user, where.mounts, seen.writing),
        "ledger": lambda: check_ledger(config.state_dir / LEDGER_NAME),
    }


class _Look:
    """One section being looked at, in a thread that may be left behind: a name server may be deaf."""

    def __init__(self, name: str, look: Callable[[], list[Finding]]) -> None:
        self._look = look
        self._found: list[Finding] | None = None
        self._thread = threading.Thread(target=self._run, name=f"check {name}", daemon=True)
        self._thread.start()

    def found(self, deadline_s: float, within_s: float) -> list[Finding]:
        self._thread.join(max(0.0, deadline_s - time.monotonic()))
        if self._found is None:
            return [wrong(f"not known within {within_s:g} s", "See to the network, then check again.")]
        return self._found

    def _run(self) -> None:
        try:
            self._found = self._look()
        except Exception as error:
            log.exception("a check failed")
            self._found = [wrong(f"cannot be checked: {error!r}", "Report this: it should not happen.")]


def _is_plain() -> bool:
    encoding = (sys.stdout.encoding or "").lower()
    return os.environ.get("TERM") == "linux" or not encoding.startswith("utf")
