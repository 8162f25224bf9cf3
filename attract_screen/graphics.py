"""The graphics cards' connectors, as the kernel tells of them in three small files each. EDGE."""

from __future__ import annotations

import re
from pathlib import Path

from attract_screen.model.connectors import Connector

DRM = Path("/sys/class/drm")

_FOLDER = re.compile(r"card([0-9]+)-(.+)")


def connectors(drm: Path = DRM) -> tuple[Connector, ...]:
    """All connectors, card by card, in the order that the kernel numbers them in."""
    found = []
    for folder in drm.glob("card*-*"):
        if match := _FOLDER.fullmatch(folder.name):
            card, number = int(match[1]), _text(folder / "connector_id")
            order = (card, int(number) if number.isdigit() else 0, folder.name)
            found.append((order, _connector(folder, card, match[2])))
    return tuple(connector for _, connector in sorted(found, key=lambda pair: pair[0]))


def _connector(folder: Path, card: int, name: str) -> Connector:
    connected = _text(folder / "status") == "connected"
    return Connector(card, name, connected, tuple(_text(folder / "modes").split()) if connected else ())


def _text(path: Path) -> str:
    """What the file says; nothing if it is gone meanwhile, as it is when a card goes."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
