"""EDGE. What the overview is made of: a few questions, however many machines there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from sqlalchemy import Connection, func, select

from fleet.book import tables
from fleet.book.typed.places import zones
from fleet.book.typed.scopes import Scope
from fleet.journal.days import day_at
from fleet.reports.amounts import Money
from fleet.reports.overview import Heard, Machine


def machines_now(
    connection: Connection,
    otherwise: tzinfo,
    now: float,
    location_id: int | None = None,
    machine_id: str | None = None,
) -> list[Machine]:
    """Every machine, those of one location, or one; with their takings of today where they stand."""
    zone_of = zones(connection, otherwise)
    heard, faults = _heard(connection), _faults(connection)
    last_games = _last_games(connection)
    rows = _machines(connection, Scope(location_id, machine_id))
    today = _today(connection, {row.machine_id: day_at(now, zone_of(row.machine_id)) for row in rows})
    return [
        Machine(
            row.machine_id,
            row.name,
            row.place or "",
            heard.get(row.machine_id),
            tuple(faults.get(row.machine_id, ())),
            last_game_at=last_games.get(row.machine_id),
            **today(row.machine_id, row.coin_value, row.coin_currency),
        )
        for row in rows
    ]


def _machines(connection: Connection, scope: Scope) -> list[Any]:
    machines, locations = tables.machines, tables.locations
    query = (
        select(
            machines.c.machine_id,
            machines.c.name,
            machines.c.coin_value,
            machines.c.coin_currency,
            locations.c.name.label("place"),
        )
        .select_from(machines.outerjoin(locations))
        .where(machines.c.retired_at.is_(None), *scope.of(machines))
    )
    return list(connection.execute(query))


def _heard(connection: Connection) -> dict[str, Heard]:
    table = tables.statuses.c
    rows = connection.execute(
        select(table.machine_id, table.is_online, table.is_accepting, table.state, table.since_at)
    )
    return {row.machine_id: Heard(*row[1:]) for row in rows}


def _faults(connection: Connection) -> dict[str, list[tuple[str, float]]]:
    table, found = tables.faults.c, defaultdict(list)
    query = select(table.machine_id, table.text, table.began_at).where(table.ended_at.is_(None))
    for row in connection.execute(query.order_by(table.began_at)):
        found[row.machine_id].append((row.text, row.began_at))
    return found


def _last_games(connection: Connection) -> dict[str, float]:
    table, machines = tables.games.c, tables.machines.c
    # A step in an index for each machine; to group them would read every game that was ever played.
    last = select(func.max(table.at)).where(table.machine_id == machines.machine_id).scalar_subquery()
    rows = connection.execute(select(machines.machine_id, last.label("at")))
    return {row.machine_id: row.at for row in rows if row.at is not None}


def _today(
    connection: Connection, today: dict[str, str]
) -> Callable[[str, int | None, str | None], dict[str, Any]]:
    table = tables.days.c
    rows = connection.execute(
        select(table.machine_id, table.day, table.kind, table.currency, table.charged, table.sales).where(
            table.day.in_(sorted(set(today.values()))), table.kind.in_(["phone", "cash"])
        )
    )
    phone: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    coins: dict[str, int] = defaultdict(int)
    plays: dict[str, int] = defaultdict(int)
    for row in rows:
        if row.day != today.get(row.machine_id):
            continue
        plays[row.machine_id] += row.sales
        if row.kind == "cash":
            coins[row.machine_id] += row.sales
        else:
            phone[row.machine_id][row.currency] += row.charged

    def figures(machine_id: str, value: int | None, currency: str | None) -> dict[str, Any]:
        taken = tuple(Money(amount, name) for name, amount in sorted(phone[machine_id].items()) if name)
        count = coins[machine_id]
        cash = (Money(count * value, currency),) if count and value and currency else ()
        return {"phone": taken, "cash": cash, "coins": count, "plays": plays[machine_id]}

    return figures
