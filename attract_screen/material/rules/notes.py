"""CORE. What the operator wrote beside the files, as the screen uses it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from attract_screen.material.rules.hours import ALWAYS, Times
from attract_screen.model.contrast import OwnColours

NOTES_NAME = "screen.yaml"
USUAL_SECONDS = 8.0
LEAST_SECONDS, MOST_SECONDS = 3.0, 120.0
MOST_CAPTION_CHARS = 80


@dataclass(frozen=True)
class Remark:
    """What is said of one file; `seconds` None is the usual time, or a clip's own."""

    caption: str = ""
    seconds: float | None = None
    times: Times = ALWAYS


@dataclass(frozen=True)
class Notes:
    """Everything that the file says. `logo` and `typeface` are names of files beside it."""

    order: tuple[str, ...] = ()
    seconds: float | None = None
    remarks: Mapping[str, Remark] = field(default_factory=lambda: MappingProxyType({}))
    colours: OwnColours | None = None
    logo: str | None = None
    typeface: str | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """Every file that is named, in the order in which they are looked at."""
        looks = (name for name in (self.typeface, self.logo) if name is not None)
        return tuple(dict.fromkeys((*looks, *self.order, *self.remarks)))

    def remark(self, name: str) -> Remark:
        """What is said of this file, be it nothing."""
        return self.remarks.get(composed(name), Remark())

    def is_logo(self, name: str) -> bool:
        """Whether it is the cabinet's logo, and no picture among the others."""
        return self.logo is not None and self.is_same(name, self.logo)

    @staticmethod
    def is_same(one: str, other: str) -> bool:
        """Whether two names are one: a Mac takes accents off their letters."""
        return composed(one) == composed(other)


def composed(name: str) -> str:
    """The name with each accent on its letter."""
    return unicodedata.normalize("NFC", name)


NO_NOTES = Notes()
