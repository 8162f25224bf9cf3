"""EDGE. When customers were at machines, and when machines could not sell: what silence is learned from."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Select, select, union_all

from fleet.book.tables import coins, sales, sightings

_CANNOT_SELL = ("offline", "not_ready", "out_of_order", "setup")


def customers(connection: Connection, machines: Select[str], from_at: float, to_at: float) -> list[float]:
    """When anybody bought at one of these machines or dropped a coin, in order; tests are nobody's."""
    bought = select(sales.c.at).where(
        sales.c.machine_id.in_(machines), sales.c.at >= from_at, sales.c.at <= to_at, sales.c.kind != "test"
    )
    dropped = select(coins.c.at).where(
        coins.c.machine_id.in_(machines), coins.c.at >= from_at, coins.c.at <= to_at
    )
    return sorted(connection.execute(union_all(bought, dropped)).scalars())


def was_anybody(connection: Connection, machines: Select[str], from_at: float, to_at: float) -> bool:
    """Whether anybody bought at one of these machines or dropped a coin; the first that is found will do."""
    for table, further in ((sales, [sales.c.kind != "test"]), (coins, [])):
        found = select(table.c.at).where(
            table.c.machine_id.in_(machines), table.c.at >= from_at, table.c.at < to_at, *further
        )
        if connection.execute(found.limit(1)).first() is not None:
            return True
    return False


def absences(
    connection: Connection, machine_id: str, from_at: float, to_at: float
) -> Iterator[tuple[float, float]]:
    """When a machine could not sell, by what it said of itself, in order."""
    of_it = (
        select(sightings.c.heard_at, sightings.c.is_online, sightings.c.state)
        .where(sightings.c.machine_id == machine_id)
        .order_by(sightings.c.heard_at, sightings.c.id)
    )
    before = of_it.where(sightings.c.heard_at < from_at).order_by(None)
    last = before.order_by(sightings.c.heard_at.desc(), sightings.c.id.desc()).limit(1)
    within = of_it.where(sightings.c.heard_at >= from_at, sightings.c.heard_at < to_at)
    away_since: float | None = None
    for at, is_online, state in [*connection.execute(last), *connection.execute(within)]:
        is_away = not is_online or state in _CANNOT_SELL
        if away_since is not None and not is_away:
            yield away_since, at
            away_since = None
        elif away_since is None and is_away:
            away_since = max(at, from_at)
    if away_since is not None:
        yield away_since, to_at
