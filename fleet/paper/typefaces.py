"""EDGE. What papers are written with: a typeface of ours, and the system's for letters that it lacks."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from fontTools.ttLib import TTLibError
from fpdf import FPDF
from fpdf.errors import FPDFException

_OURS = Path(__file__).parent / "typefaces"
NAME = "DejaVu"
SYSTEMS = (
    Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"),
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
)
"""Chinese, Japanese and Korean in Debian's fonts-droid-fallback and fonts-wqy-microhei."""
_MISSING = "?"

log = logging.getLogger(__name__)


class Typefaces:
    """Those of one paper. The system's take a second to read, and are read once a text needs them."""

    def __init__(self, paper: FPDF, others: Sequence[Path] = SYSTEMS) -> None:
        self._paper = paper
        self._unread = list(others)
        self._read: list[str] = []
        paper.add_font(NAME, "", str(_OURS / "DejaVuSansCondensed.ttf"))
        paper.add_font(NAME, "B", str(_OURS / "DejaVuSansCondensed-Bold.ttf"))
        self._drawn = self._letters(NAME)

    def drawable(self, text: str) -> str:
        """The text, with a question mark for each letter that no typeface here has."""
        while self._unread and not self._has_all(text):
            self._add(self._unread.pop(0))
        return "".join(each if self._has(each) else _MISSING for each in text)

    def _has_all(self, text: str) -> bool:
        return all(map(self._has, text))

    def _has(self, letter: str) -> bool:
        return letter.isspace() or ord(letter) in self._drawn

    def _add(self, path: Path) -> None:
        name = path.stem.lower()
        try:
            self._paper.add_font(name, "", str(path))
        except FileNotFoundError:
            return
        except (OSError, TTLibError, FPDFException) as why:
            log.warning("The typeface %s cannot be used: %s", path, why)
            return
        self._read.append(name)
        self._paper.set_fallback_fonts(self._read, exact_match=False)
        self._drawn |= self._letters(name)

    def _letters(self, name: str) -> set[int]:
        return set(getattr(self._paper.fonts[name.lower()], "cmap", ()))
