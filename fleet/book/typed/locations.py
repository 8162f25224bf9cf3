"""EDGE. Locations and the machines in them, as people typed them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from fleet.book.tables import locations, machines


class NameTaken(ValueError):
    """There is another of this name."""


@dataclass(frozen=True)
class Location:
    """A place with machines; `opening` is as `fleet.rules.opening` reads it."""

    name: str
    zone: str
    opening: str
    owner_name: str
    owner_share_percent: float
    deductions: tuple[str, ...]


@dataclass(frozen=True)
class Setting:
    """What people say of a machine; `coin_value` is in minor units, None where it is not known."""

    name: str
    location_id: int | None
    coin_value: int | None
    coin_currency: str | None


def all_locations(connection: Connection) -> Sequence[Any]:
    """Every location, with how many machines are in it."""
    counted = (
        select(func.count())
        .where(machines.c.location_id == locations.c.id)
        .scalar_subquery()
        .label("machines")
    )
    return connection.execute(select(locations, counted).order_by(locations.c.name)).all()


def location_names(connection: Connection) -> dict[int, str]:
    """The names of all locations by their numbers, in their order."""
    rows = connection.execute(select(locations.c.id, locations.c.name).order_by(locations.c.name))
    return {row.id: row.name for row in rows}


def read_location(connection: Connection, number: int) -> Location | None:
    """One location."""
    row = connection.execute(select(locations).where(locations.c.id == number)).first()
    if row is None:
        return None
    agreed = tuple(json.loads(row.deductions or "[]"))
    return Location(row.name, row.zone, row.opening, row.owner_name, row.owner_share_percent, agreed)


def add_location(connection: Connection, new: Location) -> int:
    """Add one; its number."""
    _refuse_taken(connection, new.name, None)
    query = insert(locations).values(_row(new)).returning(locations.c.id)
    return int(connection.execute(query).scalar_one())


def change_location(connection: Connection, number: int, new: Location) -> None:
    """Have a location be so from now on."""
    _refuse_taken(connection, new.name, number)
    connection.execute(update(locations).where(locations.c.id == number).values(_row(new)))


def all_machines(connection: Connection) -> Sequence[Any]:
    """Every machine with its settings and the name of its location."""
    query = select(machines, locations.c.name.label("place")).select_from(machines.outerjoin(locations))
    return connection.execute(
        query.order_by(machines.c.name == "", machines.c.name, machines.c.machine_id)
    ).all()


def read_setting(connection: Connection, machine_id: str) -> Setting | None:
    """What people said of a machine; None where it was never heard of."""
    of = machines.c
    row = connection.execute(
        select(of.name, of.location_id, of.coin_value, of.coin_currency)
        .where(of.machine_id == machine_id)
        .with_for_update()
    ).first()
    return None if row is None else Setting(*row)


def set_machine(connection: Connection, machine_id: str, new: Setting) -> None:
    """Have a machine be so from now on."""
    connection.execute(update(machines).where(machines.c.machine_id == machine_id).values(asdict(new)))


def _row(new: Location) -> dict[str, Any]:
    return asdict(new) | {"deductions": json.dumps(list(new.deductions))}


def _refuse_taken(connection: Connection, name: str, own: int | None) -> None:
    of = locations.c
    found = connection.execute(select(of.id).where(func.lower(of.name) == name.lower(), of.id != (own or 0)))
    if found.first() is not None:
        raise NameTaken(f"There is a location {name} already: give this one another name")
