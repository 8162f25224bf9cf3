"""EDGE. The screen's feed while there is no configuration to run with: what is wrong, or what to do."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from attract_screen.model.feed_format import FORMAT, State
from attract_screen.model.monitor import Monitor
from controller.config.keys import KEYS
from controller.config.reader import ConfigError, read_keys
from controller.pages.card_page import (
    Notice,
    machine_line,
    next_notice,
    plain_line,
    refused_notice,
    usable_notice,
)
from controller.setup.usable import is_blank, judge


def notice_of(config: Path, card_notice: Path, *, has_network: bool) -> Notice:
    """What to show: what is wrong on the card, if anything was; else what config.yaml needs."""
    problems = judge(config).problems
    if not problems:
        return usable_notice()
    if told := _read(card_notice):
        return told
    if is_blank(config):
        return next_notice(has_network=has_network)
    return refused_notice(config.name, [plain_line(each.line, each.key, each.text) for each in problems])


def setup_feed(
    notice: Notice, config: Path, now_s: float, address: str | None, serial: str
) -> dict[str, Any]:
    """The feed with a notice; it is renewed as the controller's own is."""
    return {
        "format": FORMAT,
        "written_at_s": now_s,
        "since_s": now_s,
        "state": State.SETUP,
        "machine_id": re.sub(r"[^A-Za-z0-9_-]", "-", serial)[:64],
        "machine_name": "Arcade cabinet",
        "qr": None,
        "offers": [],
        "credits": 0,
        **_monitor(config),
        **_displays(config),
        "technician_line": machine_line(address, serial),
        "notice": asdict(notice),
    }


def write_feed(path: Path, feed: dict[str, Any]) -> None:
    """Put the feed where the screen looks; it sees the old one or the new one, never half of one."""
    fresh = path.with_suffix(".setup")
    fresh.write_text(json.dumps(feed))
    fresh.replace(path)


def _read(path: Path) -> Notice | None:
    try:
        told = json.loads(path.read_bytes())
        return Notice(str(told["headline"]), tuple(str(line) for line in told["lines"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _displays(config: Path) -> dict[str, Any]:
    """The main screen's monitor shows it, and not the marquee's."""
    values = _screen_values(config)
    return {"display": values.get("screen.display"), "not_display": values.get("marquee.display")}


def _monitor(config: Path) -> dict[str, Any]:
    """A screen that stands on its side, or is a tube, does so with a faulty file, too."""
    values = _screen_values(config)
    return {field: values.get(f"screen.{field}", default) for field, default in asdict(Monitor()).items()}


def _screen_values(config: Path) -> dict[str, Any]:
    try:
        return read_keys(config, KEYS).values
    except ConfigError:
        return {}
