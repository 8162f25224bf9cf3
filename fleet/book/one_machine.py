"""EDGE. All that the book has of one machine, as its page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from fleet.book import tables

# The lists of a machine's page, and by what their rows are in order.
LISTS = {
    "sales": (tables.sales, "at"),
    "games": (tables.games, "at"),
    "faults": (tables.faults, "began_at"),
    "happenings": (tables.happenings, "at"),
}


def machine_row(connection: Connection, machine_id: str, location_id: int | None) -> RowMapping | None:
    """The machine with its place and last status; None of one that may not be seen, or that there is not."""
    machines, places, heard = tables.machines, tables.locations, tables.statuses
    query = (
        select(
            machines,
            places.c.name.label("place"),
            heard.c.is_online,
            heard.c.is_accepting,
            heard.c.state,
            heard.c.version,
            heard.c.since_at,
        )
        .outerjoin(places, places.c.id == machines.c.location_id)
        .outerjoin(heard, heard.c.machine_id == machines.c.machine_id)
        .where(machines.c.machine_id == machine_id)
    )
    if location_id is not None:
        query = query.where(machines.c.location_id == location_id)
    return connection.execute(query).mappings().first()


def day_sums(connection: Connection, machine_id: str, first: str) -> Sequence[RowMapping]:
    """The sums of the machine's days from one on."""
    days = tables.days
    query = select(days).where(days.c.machine_id == machine_id, days.c.day >= first)
    return connection.execute(query).mappings().all()


def charged_since(connection: Connection, machine_id: str, at: float) -> Sequence[Any]:
    """When phones were charged, how much, and in which currency."""
    sales = tables.sales.c
    query = select(sales.at, sales.charged, sales.currency)
    mine = (sales.machine_id == machine_id, sales.at >= at, sales.kind == "phone", sales.charged > 0)
    return connection.execute(query.where(*mine)).all()


def coins_since(connection: Connection, machine_id: str, at: float) -> Sequence[float]:
    """When coins fell."""
    coins = tables.coins.c
    query = select(coins.at).where(coins.machine_id == machine_id, coins.at >= at)
    return connection.execute(query).scalars().all()


def faults_since(connection: Connection, machine_id: str, at: float, most: int) -> Sequence[RowMapping]:
    """The faults that were there at some time since, oldest first."""
    faults = tables.faults
    is_since = (faults.c.ended_at.is_(None)) | (faults.c.ended_at >= at)
    query = select(faults).where(faults.c.machine_id == machine_id, is_since)
    return connection.execute(query.order_by(faults.c.began_at).limit(most)).mappings().all()


def listed(
    connection: Connection, what: str, machine_id: str, most: int, skipped: int = 0
) -> Sequence[RowMapping]:
    """The rows of one of the `LISTS`, newest first."""
    table, at = LISTS[what]
    query = select(table).where(table.c.machine_id == machine_id)
    query = query.order_by(table.c[at].desc(), *table.primary_key).limit(most).offset(skipped)
    return connection.execute(query).mappings().all()


def count_of(connection: Connection, what: str, machine_id: str) -> int:
    """How many rows one of the `LISTS` has."""
    table, _ = LISTS[what]
    query = select(func.count()).select_from(table).where(table.c.machine_id == machine_id)
    return int(connection.execute(query).scalar_one())
