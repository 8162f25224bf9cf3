"""Cuts out of Noto Sans CJK the glyphs that a language's texts are written with: part of `make locales`.

The whole font is 20 MB, and what smaller ones Debian packages are thinner than the rest of the screen. It is
needed only where a text has a new character: apt-get install --no-install-recommends fonts-noto-cjk, 57 MB.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

from attract_screen.model.letters import is_wide

SOURCE = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc")
ASSETS = Path(__file__).parent.parent / "attract_screen/picture/assets"
# Each language's own forms of the characters that they share: where its font is in the collection.
_FORMS = {"ja": 0, "zh_CN": 2}
CUT = tuple(_FORMS)
_SIGNS = (*range(0x3001, 0x3003), *range(0x300A, 0x3010), *range(0xFF01, 0xFF20), 0xFFE5)
# For prices and names, beside what the texts are written with: the kana, and signs.
_ALWAYS = {
    "ja": (*range(0x3041, 0x3097), *range(0x30A1, 0x30FD), *_SIGNS, ord("円")),
    "zh_CN": (*_SIGNS, ord("元")),
}


def file_of(language: str) -> Path:
    """Where the cut font is."""
    return ASSETS / f"NotoSansCJK-Bold-{language}.otf"


def wanted(language: str, texts: Iterable[str]) -> set[str]:
    """The characters that its font is to have."""
    return {c for text in texts for c in text if is_wide(c)} | set(map(chr, _ALWAYS[language]))


def characters(language: str) -> set[str]:
    """The characters that its font has; none where there is no font."""
    path = file_of(language)
    if not path.exists():
        return set()
    with TTFont(path) as font:
        return set(map(chr, font.getBestCmap()))


def bring_up(language: str, texts: Iterable[str]) -> str:
    """Cut the font anew if it has not just these characters; what stands in the way of that, or nothing."""
    letters = wanted(language, texts)
    if characters(language) == letters:
        return ""
    if not SOURCE.exists():
        get = "apt-get install --no-install-recommends fonts-noto-cjk"
        return f"{language}: texts have new characters, which need {SOURCE}: {get}"
    _cut(language, letters)
    return ""


def _cut(language: str, letters: set[str]) -> None:
    with TTCollection(SOURCE) as collection:
        font = collection.fonts[_FORMS[language]]
        options = Options(layout_features=[], hinting=False, desubroutinize=True, name_IDs=[0, 13, 14])
        options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "vhea", "vmtx", "VORG"]
        subsetter = Subsetter(options)
        subsetter.populate(text="".join(sorted(letters)))
        subsetter.subset(font)
        font["head"].created = font["head"].modified = 0
        font.recalcTimestamp = False
        out = io.BytesIO()
        font.flavor = None
        font.save(out)
    file_of(language).write_bytes(out.getvalue())
