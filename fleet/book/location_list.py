"""EDGE. Locations as people keep them: listed, found by name, added and changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from fleet.book import tables


@dataclass(frozen=True)
class Location:
    """What people typed of a location; `opening` and `deductions` are JSON, as the book has them."""

    name: str
    zone: str
    opening: str
    owner_name: str
    owner_share_percent: float
    deductions: str


def all_locations(connection: Connection) -> list[RowMapping]:
    """Every location by name, with its number."""
    table = tables.locations
    return list(connection.execute(select(table).order_by(table.c.name)).mappings())


def location_named(connection: Connection, name: str) -> int | None:
    """The number of the location with this name."""
    table = tables.locations.c
    found: int | None = connection.execute(select(table.id).where(table.name == name)).scalar()
    return found


def keep_location(connection: Connection, number: int | None, location: Location) -> bool:
    """Change the location with this number, or add one without; False if there is none like that."""
    table, values = tables.locations, asdict(location)
    if number is None:
        connection.execute(insert(table).values(values))
        return True
    return bool(connection.execute(update(table).where(table.c.id == number).values(values)).rowcount)


def machine_places(connection: Connection) -> list[RowMapping]:
    """Every machine with what people typed of it."""
    table = tables.machines
    query = select(table).where(table.c.retired_at.is_(None)).order_by(table.c.machine_id)
    return list(connection.execute(query).mappings())


def keep_machine(connection: Connection, machine_id: str, values: dict[str, Any]) -> bool:
    """Change where a machine stands and what its coin is worth; False if there is none like that."""
    table = tables.machines
    changed = connection.execute(update(table).where(table.c.machine_id == machine_id).values(values))
    return bool(changed.rowcount)
