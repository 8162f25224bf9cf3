"""EDGE. What machines and places are called, for whoever may see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from fleet.book.tables import locations, machines
from fleet.book.typed.scopes import Scope

IN_NO_LOCATION = "in no location"


@dataclass(frozen=True)
class Names:
    """By machine what it is called and where it is; by the name of a place its number, 0 for none."""

    machines: dict[str, str]
    place_of: dict[str, str]
    places: dict[str, int]


def names(connection: Connection, scope: Scope) -> Names:
    """Every machine within a scope, and every place of theirs."""
    query = (
        select(machines.c.machine_id, machines.c.name, locations.c.id, locations.c.name.label("place"))
        .outerjoin(locations, locations.c.id == machines.c.location_id)
        .where(*scope.of(machines))
        .order_by(machines.c.machine_id)
    )
    rows = connection.execute(query).all()
    titles = {row.machine_id: _title(row.machine_id, row.name) for row in rows}
    place_of = {row.machine_id: row.place or IN_NO_LOCATION for row in rows}
    return Names(titles, place_of, {row.place or IN_NO_LOCATION: row.id or 0 for row in rows})


def _title(machine_id: str, name: str) -> str:
    return f"{name} ({machine_id})" if name else machine_id


def places(connection: Connection, location_id: int | None) -> list[RowMapping]:
    """All places by name, or the one that is named."""
    query = select(locations).order_by(locations.c.name)
    if location_id is not None:
        query = query.where(locations.c.id == location_id)
    found: Any = connection.execute(query).mappings()
    return list(found)
