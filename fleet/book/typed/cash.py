"""EDGE. Cash that people took out, against the coins that the machines counted meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, func, insert, select

from fleet.book.tables import coins, collections, machines
from fleet.book.typed.scopes import Scope
from fleet.reports.cash import Collected


@dataclass(frozen=True)
class NewCollection:
    """What a person types: how much was counted, when, and by whom; in minor units."""

    machine_id: str
    at: float
    counted: int
    currency: str
    collector: str
    note: str


def save_collection(connection: Connection, new: NewCollection) -> Collected:
    """Write a collection down, with the meter beside it as it is now."""
    before = select(func.max(collections.c.at)).where(
        collections.c.machine_id == new.machine_id, collections.c.at < new.at
    )
    began_at = connection.execute(before).scalar()
    counted = select(func.count()).where(
        coins.c.machine_id == new.machine_id,
        coins.c.at <= new.at,
        *([coins.c.at > began_at] if began_at is not None else []),
    )
    number = connection.execute(counted).scalar_one()
    value = connection.execute(
        select(machines.c.coin_value, machines.c.coin_currency).where(machines.c.machine_id == new.machine_id)
    ).one_or_none()
    worth = _worth(number, value.coin_value, value.coin_currency, new.currency) if value else None
    made = connection.execute(
        insert(collections).values(
            machine_id=new.machine_id,
            at=new.at,
            counted=new.counted,
            currency=new.currency,
            metered_coins=number,
            metered=worth or 0,
            collector=new.collector,
            note=new.note,
        )
    )
    number_of_row = int((made.inserted_primary_key or (0,))[0])
    return Collected(
        number_of_row,
        new.machine_id,
        new.at,
        new.currency,
        new.counted,
        number,
        worth,
        new.collector,
        new.note,
    )


def collected(
    connection: Connection, scope: Scope, first_at: float, last_at: float, most: int = 2000
) -> list[Collected]:
    """The collections made between those times, newest first, with the meter as the book knows it now.

    Coins can come into the book later: a machine that was offline tells of them when it is back.
    """
    query = _metered(scope).where(collections.c.at >= first_at, collections.c.at < last_at)
    rows = connection.execute(query.order_by(collections.c.at.desc(), collections.c.id.desc()).limit(most))
    return [
        Collected(
            row.id,
            row.machine_id,
            row.at,
            row.currency,
            row.counted,
            row.coins,
            _worth(row.coins, row.coin_value, row.coin_currency, row.currency),
            row.collector,
            row.note,
        )
        for row in rows
    ]


def _metered(scope: Scope) -> Select[Any]:
    previous = collections.alias("previous")
    began_at = (
        select(func.max(previous.c.at))
        .where(previous.c.machine_id == collections.c.machine_id, previous.c.at < collections.c.at)
        .correlate(collections)
        .scalar_subquery()
    )
    counted = (
        select(func.count())
        .select_from(coins)
        .where(
            and_(
                coins.c.machine_id == collections.c.machine_id,
                coins.c.at <= collections.c.at,
                coins.c.at > func.coalesce(began_at, 0.0),
            )
        )
        .correlate(collections)
        .scalar_subquery()
    )
    return (
        select(collections, counted.label("coins"), machines.c.coin_value, machines.c.coin_currency)
        .outerjoin(machines, machines.c.machine_id == collections.c.machine_id)
        .where(*scope.of(collections))
    )


def _worth(number: int, value: int | None, value_currency: str | None, currency: str) -> int | None:
    return number * value if value is not None and value_currency == currency else None
