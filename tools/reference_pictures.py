"""The pictures that a change of the code should leave as they are: `make screens RENEW=1` draws them anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import screens
from contact_sheets import INVITATION, LANGUAGES, drawn
from PIL import Image

from attract_screen.model.themes import THEME_NAMES, USUAL_THEME

REFERENCE = Path(__file__).parent.parent / "tests" / "reference"
CELL, COLUMNS = 128, 5
# Enough to have each kind of picture, way to lay it out, and size of letters.
SHOWN = (
    ("attract", "640x480"),
    ("attract", "320x240"),
    ("attract", "480x800"),
    ("offers", "1280x720"),
    ("how-to", "640x480"),
    ("next-prices", "480x640"),
    ("playing", "640x480"),
    ("playing", "480x800"),
    ("paying", "640x480"),
    ("out-of-order", "320x240"),
)
IN_A_LANGUAGE = (("attract", "640x480"), ("playing", "320x240"))


@dataclass(frozen=True)
class Reference:
    """One of them: its file, its place there, and what is drawn."""

    file: str
    number: int
    name: str
    size: str
    theme: str
    language: str

    def __str__(self) -> str:
        """Short, for a list."""
        return f"{self.name} {self.size} {self.theme} {self.language}"

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in its file."""
        row, column = divmod(self.number, COLUMNS)
        return column * CELL, row * CELL, (column + 1) * CELL, (row + 1) * CELL

    def draw(self, **changes: Any) -> Image.Image:
        """As the code of now draws it, small; `changes` are fields of the feed."""
        fields = INVITATION if self.name == "offers" else screens.PICTURES[self.name]
        said = {"theme": self.theme, "languages": [self.language]}
        picture = drawn(fields | said | changes, self.size, screens.ELAPSED_S.get(self.name, 3.0))
        picture.thumbnail((CELL, CELL))
        cell = Image.new("RGB", (CELL, CELL))
        cell.paste(picture, (0, 0))
        return cell

    def kept(self) -> Image.Image:
        """As it was drawn when somebody looked at it."""
        with Image.open(REFERENCE / self.file) as sheet:
            return sheet.convert("RGB").crop(self.place)


def references() -> Iterator[Reference]:
    """All of them: each design, and each language in the usual one."""
    for theme in THEME_NAMES:
        for number, (name, size) in enumerate(SHOWN):
            yield Reference(f"{theme}.jpg", number, name, size, theme, "en")
    in_languages = [(language, *shown) for language in LANGUAGES for shown in IN_A_LANGUAGE]
    for number, (language, name, size) in enumerate(in_languages):
        yield Reference("languages.jpg", number, name, size, USUAL_THEME, language)


def renew() -> None:
    """Draw them anew; git shows what changed, and somebody should look."""
    REFERENCE.mkdir(exist_ok=True)
    by_file: dict[str, list[Reference]] = {}
    for reference in references():
        by_file.setdefault(reference.file, []).append(reference)
    for file, shown in by_file.items():
        sheet = Image.new("RGB", (COLUMNS * CELL, -(-len(shown) // COLUMNS) * CELL))
        for reference in shown:
            sheet.paste(reference.draw(), reference.place[:2])
        sheet.save(REFERENCE / file, quality=88, subsampling=0, optimize=True)
