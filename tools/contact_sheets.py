"""Draws every picture of the screen on contact sheets, to be looked at: `make screens`.

A sheet is one design in one language, turned one way: a row for each picture, a column for each size.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import screens
from PIL import Image, ImageDraw

from attract_screen.__main__ import main as screen
from attract_screen.model.monitor import ROTATIONS
from attract_screen.model.themes import THEME_NAMES

ROOT = Path(__file__).parent.parent
SHEETS = ROOT / "build" / "screens"
LANGUAGES = tuple(sorted(folder.name for folder in (ROOT / "attract_screen" / "locales").iterdir()))
SIZES = (
    "320x240",
    "640x480",
    "800x600",
    "1024x768",
    "1280x720",
    "1920x1080",
    "480x640",
    "480x800",
    "1080x1920",
)
INVITATION = {"offers": [*screens.FEED["offers"], {"credits": 10, "amount": 700, "currency": "usd"}]}
# Of the technician's page, on the smallest of these screens.
LEAVES = 6
CELL, NAME_W, GAP, HEAD_H = 200, 110, 6, 18


@dataclass(frozen=True)
class Sheet:
    """What one sheet shows."""

    theme: str
    language: str
    rotate: int

    @property
    def path(self) -> Path:
        """Where it is written."""
        return SHEETS / f"{self.theme}-{self.language}-{self.rotate}.png"


def pictures() -> Iterator[tuple[str, dict[str, Any], float]]:
    """Each picture's name, what the feed says there, and the moment at which it is looked at."""
    for name, fields in screens.PICTURES.items():
        if "theme" not in fields:  # each sheet has its own
            yield name, fields, screens.ELAPSED_S.get(name, 3.0)
    for leaf in range(1, LEAVES):
        yield f"technician {leaf + 1}", {"technician": screens.TECHNICIAN | {"leaf": leaf}}, 3.0
    yield "offers", INVITATION, 3.0


def drawn(fields: dict[str, Any], size: str, at_s: float) -> Image.Image:
    """The picture that the screen draws of a feed, as `--render` does."""
    with tempfile.TemporaryDirectory() as folder:
        feed, picture = Path(folder) / "screen.json", Path(folder) / "screen.png"
        feed.write_text(json.dumps(screens.FEED | fields))
        arguments = ["--feed", str(feed), "--render", str(picture), "--size", size, "--elapsed", str(at_s)]
        if screen(arguments) != 0:
            raise SystemExit(f"the screen draws no picture of {size} of {fields}")
        with Image.open(picture) as image:
            return image.convert("RGB")


def draw(sheet: Sheet) -> Path:
    """One sheet, written into its file."""
    logging.disable(logging.INFO)
    said = {"theme": sheet.theme, "languages": [sheet.language], "rotate": sheet.rotate}
    rows = list(pictures())
    image = Image.new(
        "RGB", (NAME_W + len(SIZES) * (CELL + GAP), HEAD_H + len(rows) * (CELL + GAP)), (70, 70, 70)
    )
    pen = ImageDraw.Draw(image)
    for column, size in enumerate(SIZES):
        pen.text((NAME_W + column * (CELL + GAP), 3), size)
    for row, (name, fields, at_s) in enumerate(rows):
        top = HEAD_H + row * (CELL + GAP)
        pen.text((3, top), name)
        for column, size in enumerate(SIZES):
            picture = drawn(fields | said, size, at_s)
            picture.thumbnail((CELL, CELL))
            image.paste(picture, (NAME_W + column * (CELL + GAP), top))
    image.save(sheet.path)
    return sheet.path


def main() -> None:
    """Draw the sheets that the command line asks for, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--theme", choices=THEME_NAMES, help="one design")
    parser.add_argument("--language", choices=LANGUAGES, help="one language")
    parser.add_argument("--rotate", type=int, choices=ROTATIONS, help="one way to stand")
    parser.add_argument("--renew", action="store_true", help="draw tests/reference anew instead")
    options = parser.parse_args()
    if options.renew:
        import reference_pictures

        reference_pictures.renew()
        return
    SHEETS.mkdir(parents=True, exist_ok=True)
    sheets = [
        Sheet(theme, language, rotate)
        for theme in ([options.theme] if options.theme else THEME_NAMES)
        for language in ([options.language] if options.language else LANGUAGES)
        for rotate in ([options.rotate] if options.rotate is not None else ROTATIONS)
    ]
    with ProcessPoolExecutor() as processes:
        for path in processes.map(draw, sheets):
            print(path, flush=True)


if __name__ == "__main__":
    main()
