"""The fonts beside DejaVu: a language's own, cut for our texts, and those of Debian that are installed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from attract_screen.model.letters import HasLetter, has_letter, is_kana, is_wide
from attract_screen.model.wording import USUAL_LANGUAGE

_ASSETS = Path(__file__).parent.parent / "assets"
SANS_FILE: Final = _ASSETS / "DejaVuSansCondensed-Bold.ttf"
# Han characters have other forms in Japan than in China.
OWN_FILES: Final = {language: _ASSETS / f"NotoSansCJK-Bold-{language}.otf" for language in ("ja", "zh_CN")}
# Of each, what no text does without.
SAMPLES: Final = {"ja": "コイン", "zh_CN": "请投币"}

_DEBIAN = Path("/usr/share/fonts")
_JAPANESE = ("truetype/vlgothic/VL-Gothic-Regular.ttf", "opentype/noto/NotoSansCJK-Bold.ttc")
_CHINESE = ("truetype/wqy/wqy-microhei.ttc", "truetype/droid/DroidSansFallbackFull.ttf")


def installed_files(language: str, root: Path = _DEBIAN) -> tuple[Path, ...]:
    """The fonts of Debian's packages for Chinese and Japanese that are here, those of the language first."""
    names = (*_CHINESE, *_JAPANESE) if language == "zh_CN" else (*_JAPANESE, *_CHINESE)
    return tuple(root / name for name in names if (root / name).is_file())


def wide_files(language: str) -> tuple[Path, ...]:
    """The fonts to ask for a character of Chinese or Japanese, in their order."""
    kana = OWN_FILES["ja"]  # a name is shown in kana wherever it stands
    if language == "zh_CN":
        return (OWN_FILES[language], *installed_files(language), kana)
    return (kana, *installed_files(language))


def expected_letters(root: Path = _DEBIAN) -> HasLetter:
    """Which characters the screen can show on this machine, as far as can be told without opening a font."""
    has_wide = bool(installed_files(USUAL_LANGUAGE, root))
    return lambda character: has_letter(character) or is_kana(character) or (has_wide and is_wide(character))
