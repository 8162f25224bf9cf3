"""EDGE. What the entries that the book has tell of a boot, and of the time before it."""

from __future__ import annotations

import json

from sqlalchemy import Connection, func, select

from fleet.book.tables import entries
from fleet.journal.times import Told


def told_by(connection: Connection, machine_id: str, boot: str, last_s: float = 0.0) -> Told | None:
    """What the entries of a boot tell, whose last is not before `last_s`; None where there is none."""
    of_it = (entries.c.machine_id == machine_id, entries.c.boot == boot)
    first = connection.execute(
        select(entries.c.boot_s, entries.c.body).where(*of_it).order_by(entries.c.boot_s).limit(1)
    ).first()
    if first is None:
        return None
    wall = json.loads(first.body).get("wall")
    last = connection.execute(select(func.max(entries.c.boot_s)).where(*of_it)).scalar_one()
    return Told(first.boot_s, wall if isinstance(wall, str) else "", max(last, last_s))


def last_before(connection: Connection, machine_id: str, before_at: float, boot: str) -> float | None:
    """When the last entry before this time was, of other boots than this one."""
    found: float | None = connection.execute(
        select(func.max(entries.c.at)).where(
            entries.c.machine_id == machine_id, entries.c.at < before_at, entries.c.boot != boot
        )
    ).scalar()
    return found


def last_at(connection: Connection, machine_id: str, boot: str) -> float | None:
    """When the last entry of a boot was."""
    found: float | None = connection.execute(
        select(entries.c.at)
        .where(entries.c.machine_id == machine_id, entries.c.boot == boot)
        .order_by(entries.c.boot_s.desc())
        .limit(1)
    ).scalar()
    return found
