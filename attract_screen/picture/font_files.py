"""The fonts beside DejaVu: a language's own, cut for our texts, and those of Debian that are installed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_ASSETS = Path(__file__).with_name("assets")
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


def own_files(language: str) -> tuple[Path, ...]:
    """The font that this language cannot do without; none for one that is written in Latin letters."""
    return (OWN_FILES[language],) if language in OWN_FILES else ()
