"""EDGE. What can be used becomes config.yaml, and goes from the card, where that can be written to."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from controller.config.keys import load_config
from controller.pages.card_page import EXAMPLE, REPORT, taken_report
from controller.setup.boot_lines import rest_pin
from controller.setup.card import take_off
from controller.setup.certificate import take_certificate_off
from controller.setup.files import write, write_config
from controller.setup.places import Places
from controller.setup.telling import on_card
from controller.setup.usable import judge

log = logging.getLogger(__name__)


def take_over(file: Path, data: bytes, warnings: Sequence[str], places: Places) -> None:
    """Put `data`, which is what `file` means, in the place of config.yaml, and take the file off its card."""
    mark = sha256(data).hexdigest().encode()
    if _is_old(mark, places):
        log.warning("%s was taken over before: %s stays as it is", file, places.config)
    else:
        _put_in_place(data, places)
        log.info("%s was taken over as %s", file, places.config)
    with on_card(f"{file.name} stays, with any secrets in it") as told:
        _tidy(file, warnings)
        if rest_pin(file.with_name("config.txt"), pin := load_config(places.config).coin_line.pin):
            log.info("%s rests GPIO %d from the next boot on", file.with_name("config.txt"), pin)
        take_certificate_off(file, places)
        take_off(file)
    if told:
        write_config(places.taken, mark)
    else:
        places.taken.unlink(missing_ok=True)
    places.kept.unlink(missing_ok=True)


def _is_old(mark: bytes, places: Places) -> bool:
    """Whether it was taken over and could not be taken off: what was edited since then is newer."""
    return places.taken.exists() and places.taken.read_bytes() == mark and not judge(places.config).problems


def _put_in_place(data: bytes, places: Places) -> None:
    before = places.config.read_bytes() if places.config.exists() else None
    if before == data:
        return
    if before is not None:
        write_config(places.before, before)
    write_config(places.config, data)


def _tidy(file: Path, warnings: Sequence[str]) -> None:
    file.with_name(EXAMPLE).unlink(missing_ok=True)
    file.with_name(REPORT).unlink(missing_ok=True)
    if warnings:
        write(file.with_name(REPORT), taken_report(file.name, warnings))
