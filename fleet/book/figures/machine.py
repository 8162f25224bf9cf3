"""EDGE. One machine's rows: its days, its hours, and its lists, newest first and a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, or_, select, tuple_

from fleet.book import tables
from fleet.reports.machine import Coins, Day, Games, Quarter

QUARTER_S = 900
# What is listed: the table, what orders its rows beside the time, and the kinds of happenings.
LISTS: dict[str, tuple[Table, str, str, tuple[str, ...]]] = {
    "sales": (tables.sales, "at", "payment_id", ()),
    "games": (tables.games, "at", "entry_id", ()),
    "faults": (tables.faults, "began_at", "entry_id", ()),
    "starts": (tables.happenings, "at", "entry_id", ("start", "configuration", "session_end")),
    "technicians": (tables.happenings, "at", "entry_id", ("technician",)),
}


@dataclass(frozen=True)
class Mark:
    """The row that a page ended with."""

    at: float
    key: str | int


def rows_of(
    connection: Connection, what: str, machine_id: str, most: int, before: Mark | None = None
) -> Sequence[Any]:
    """The newest rows of a list, or the newest before a mark."""
    table, at, key, kinds = LISTS[what]
    query = select(table).where(table.c.machine_id == machine_id)
    if kinds:
        query = query.where(table.c.kind.in_(kinds))
    if before is not None:
        query = query.where(tuple_(table.c[at], table.c[key]) < tuple_(before.at, before.key))
    return connection.execute(query.order_by(table.c[at].desc(), table.c[key].desc()).limit(most)).all()


def mark_of(what: str, row: Any) -> Mark:
    """What the page after this row begins behind."""
    _, at, key, _ = LISTS[what]
    return Mark(row._mapping[at], row._mapping[key])


def days_of(connection: Connection, machine_id: str, first: str, last: str) -> list[Day]:
    """The sums of its days, by what was sold and in which currency."""
    of = tables.days.c
    sums = [func.sum(of[name]) for name in ("sales", "charged", "in_doubt", "uncounted")]
    rows = connection.execute(
        select(of.day, of.kind, of.currency, *sums)
        .where(of.machine_id == machine_id, of.day >= first, of.day <= last)
        .group_by(of.day, of.kind, of.currency)
        .order_by(of.day, of.kind, of.currency)
    )
    return [Day(row.day, row.kind, row.currency, *(int(each) for each in row[3:])) for row in rows]


def quarters_of(connection: Connection, machine_id: str, since_at: float) -> list[Quarter]:
    """What was charged by quarters of an hour, of which every zone's hours are made."""
    of = tables.sales.c
    quarter = func.floor(of.at / QUARTER_S)
    rows = connection.execute(
        select(quarter, of.currency, func.sum(of.charged))
        .where(of.machine_id == machine_id, of.at >= since_at, of.kind == "phone", of.charged > 0)
        .group_by(quarter, of.currency)
    )
    return [Quarter(int(row[0]) * QUARTER_S, row[1] or "", int(row[2])) for row in rows]


def coin_quarters_of(connection: Connection, machine_id: str, since_at: float) -> list[tuple[int, int]]:
    """How many coins there were in each quarter of an hour."""
    of = tables.coins.c
    quarter = func.floor(of.at / QUARTER_S)
    rows = connection.execute(
        select(quarter, func.count()).where(of.machine_id == machine_id, of.at >= since_at).group_by(quarter)
    )
    return [(int(row[0]) * QUARTER_S, int(row[1])) for row in rows]


def games_of(connection: Connection, machine_id: str, since_at: float) -> Games:
    """How its games were, taken together."""
    of = tables.games.c
    row = connection.execute(
        select(
            func.count(),
            func.coalesce(func.sum(of.credits), 0),
            func.avg(of.duration_s),
            func.avg(of.idle_s),
        ).where(of.machine_id == machine_id, of.at >= since_at)
    ).one()
    return Games(row[0], int(row[1]), *(None if each is None else round(each) for each in row[2:]))


def faults_since(connection: Connection, machine_id: str, since_at: float, most: int) -> Sequence[Any]:
    """The faults that lasted into a time, newest first."""
    of = tables.faults.c
    return connection.execute(
        select(of.kind, of.began_at, of.ended_at)
        .where(of.machine_id == machine_id, or_(of.ended_at.is_(None), of.ended_at >= since_at))
        .order_by(of.began_at.desc())
        .limit(most)
    ).all()


def coin_of(connection: Connection, machine_id: str) -> Coins:
    """What one coin of its slot is worth, if somebody has said so."""
    of = tables.machines.c
    row = connection.execute(
        select(of.coin_value, of.coin_currency).where(of.machine_id == machine_id)
    ).first()
    return Coins(row.coin_value or 0, row.coin_currency or "") if row else Coins(0, "")


def version_of(connection: Connection, machine_id: str) -> str:
    """The version that it says it runs."""
    of = tables.statuses.c
    return connection.execute(select(of.version).where(of.machine_id == machine_id)).scalar() or ""
