"""What every page needs: the book, the settings, a clock, and who is asking."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import g
from sqlalchemy import Engine

from fleet.logins.people import Person
from fleet.rules.roles import Role
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


NOWHERE = -1
"""A location that there is not: what a partner sees to whom nobody has given one."""


def seen_location() -> int | None:
    """The one location that whoever is asking may see; None for all."""
    if person().role is not Role.PARTNER:
        return None
    mine = person().location_id
    return NOWHERE if mine is None else mine
