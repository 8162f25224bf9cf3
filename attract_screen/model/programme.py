"""CORE. The attract mode: which pages take turns beside the code, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

OFFER_S = 12.0
"""The call and the prices: long enough to read them all, and to take out a phone."""
HOW_TO_S = 7.0
NEWS_S = 5.0

_EXTRAS_IN_A_ROW = 2  # then the prices stand there again


@dataclass(frozen=True)
class MaterialPage:
    """A picture or a clip of the operator's own: `key` names it to whoever has it."""

    key: str
    caption: str
    seconds: float


class Material(Protocol):
    """The operator's own pictures and clips."""

    def pages(self, now: datetime) -> tuple[MaterialPage, ...]:
        """Those that have their turn at a time of the clock, in their order."""


class PageKind(Enum):
    """What a page tells."""

    OFFER = "offer"
    HOW_TO = "how-to"
    COMING = "coming"
    TODAY = "today"
    MATERIAL = "material"


@dataclass(frozen=True)
class Page:
    """One page, and how long it stays; `material` is there for that kind alone."""

    kind: PageKind
    seconds: float
    material: MaterialPage | None = None


def programme(*, coming: bool, today: bool, material: Sequence[MaterialPage] = ()) -> tuple[Page, ...]:
    """The pages in their order: the prices first, and again after every second of the others.

    `coming` and `today` say whether there is anything to tell of those.
    """
    extras = [Page(PageKind.HOW_TO, HOW_TO_S)]
    extras += [Page(PageKind.COMING, NEWS_S)] if coming else []
    extras += [Page(PageKind.TODAY, NEWS_S)] if today else []
    extras = _alternating([Page(PageKind.MATERIAL, each.seconds, each) for each in material], extras)
    pages = []
    for number, extra in enumerate(extras):
        pages += [Page(PageKind.OFFER, OFFER_S)] if number % _EXTRAS_IN_A_ROW == 0 else []
        pages.append(extra)
    return tuple(pages)


def _alternating(one: list[Page], other: list[Page]) -> list[Page]:
    """Both lists, a page of each in turn; the shorter one begins anew until all were there."""
    if not one or not other:
        return one + other
    rounds = range(max(len(one), len(other)))
    return [page for number in rounds for page in (one[number % len(one)], other[number % len(other)])]
