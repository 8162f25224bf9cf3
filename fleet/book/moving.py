"""EDGE. Machines that stand somewhere else now, or by another clock: their days are made anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo

from sqlalchemy import Connection, select, update

from fleet.book.rebuilding import rebuild
from fleet.book.recording import day_at
from fleet.book.stripe_book import add_up_days
from fleet.book.tables import stripe_movements, stripe_payments, stripe_returns

_DATED = ((stripe_payments, "created_at"), (stripe_returns, "at"), (stripe_movements, "at"))


def move_days(connection: Connection, zone_of: Callable[[str], tzinfo], machines: Sequence[str]) -> None:
    """Make the days of these machines anew in both books, by the zones that hold now."""
    if not machines:
        return
    rebuild(connection, zone_of, machines)
    touched: set[tuple[str, str]] = set()
    for table, at in _DATED:
        key = next(iter(table.primary_key))
        rows = connection.execute(
            select(key.label("key"), table.c.machine_id, table.c.day, table.c[at].label("moment")).where(
                table.c.machine_id.in_(machines)
            )
        ).all()
        for row in rows:
            day = day_at(row.moment, zone_of(row.machine_id))
            if day != row.day:
                touched |= {(row.machine_id, row.day), (row.machine_id, day)}
                connection.execute(update(table).where(key == row.key).values(day=day))
    if touched:
        add_up_days(connection, touched)
