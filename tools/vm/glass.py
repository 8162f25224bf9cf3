"""EDGE. What is on the guest's glass, seen from outside the guest."""

from __future__ import annotations

import json
from pathlib import Path

import zxingcpp
from guest import Guest
from PIL import Image, ImageChops


def look(guest: Guest, folder: Path, name: str, card: str | None = None) -> None:
    """Photograph the glass, that of `card` where there are several, into NAME.ppm; answer in NAME.json.

    `size` is the photograph's, and `codes` are the QR codes that an independent decoder finds; `as_drawn` is
    whether the glass shows NAME.png, pixel for pixel; `dark` is whether it shows nothing at all.
    """
    photograph, drawn, answer = (folder / f"{name}.{ending}" for ending in ("ppm", "png", "json"))
    guest.ask("screendump", filename=str(photograph), **({"device": card} if card else {}))
    with Image.open(photograph) as file:
        seen = file.convert("RGB")
    said = {
        "size": seen.size,
        "codes": [code.text for code in zxingcpp.read_barcodes(seen)],
        "as_drawn": _shows(seen, drawn),
        "dark": seen.getbbox() is None,
    }
    half = answer.with_suffix(".half")
    half.write_text(json.dumps(said))
    half.replace(answer)


def _shows(seen: Image.Image, drawn: Path) -> bool:
    if not drawn.exists():
        return False
    with Image.open(drawn) as file:
        picture = file.convert("RGB")
    return seen.size == picture.size and ImageChops.difference(seen, picture).getbbox() is None
