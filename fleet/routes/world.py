"""What every page needs: the book, the settings, a clock, and who is asking."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import g
from sqlalchemy import Engine

from fleet.logins.people import Person
from fleet.settings import Settings


@dataclass(frozen=True)
class World:
    """What pages are made from; `clock` gives Unix seconds."""

    settings: Settings
    engine: Engine
    clock: Callable[[], float] = time.time


def person() -> Person:
    """Who is asking; only in a page that is not public."""
    return cast(Person, g.person)


def seen_location() -> int | None:
    """The one location that whoever is asking may see; None for all.

    A partner to whom nobody gave one sees none: no location has the number 0.
    """
    return (person().location_id or 0) if person().role == "partner" else None
