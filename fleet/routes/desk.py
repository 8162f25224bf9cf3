"""EDGE. What every page of alerts works with: the book, the clock, and who asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from sqlalchemy import Engine


class Person(Protocol):
    """Who is logged in; a partner sees the machines of `location_id` alone."""

    @property
    def name(self) -> str:
        """What the audit log calls them."""

    @property
    def role(self) -> str:
        """One of owner, staff, partner and viewer."""

    @property
    def location_id(self) -> int | None:
        """The partner's location; None for all others."""


@dataclass(frozen=True)
class Desk:
    """The book, the clock, the zone in which times are shown, and whoever asks now."""

    engine: Engine
    clock: Callable[[], float]
    zone: tzinfo
    zone_name: str
    person: Callable[[], Person]
