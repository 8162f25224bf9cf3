"""EDGE. Machines whose name two cabinets have: two ledgers of one machine that go on side by side."""

from __future__ import annotations

from itertools import groupby

from sqlalchemy import Connection, func, select

from fleet.book.tables import entries, ledgers

WITHIN_S = 3600.0
LATE_S = 120.0
"""A message of the ledger before may still come so long after a new one began."""


def ledger_twins(connection: Connection, now: float) -> list[str]:
    """Machines of which an older ledger was heard of again after a newer one had begun."""
    lately = ledgers.c.heard_at > now - WITHIN_S
    several = (
        select(ledgers.c.machine_id).where(lately).group_by(ledgers.c.machine_id).having(func.count() > 1)
    )
    rows = connection.execute(
        select(ledgers.c.machine_id, ledgers.c.ledger, ledgers.c.heard_at)
        .where(lately, ledgers.c.machine_id.in_(several))
        .order_by(ledgers.c.machine_id)
    )
    found = []
    for machine_id, group in groupby(rows, key=lambda row: row.machine_id):
        spans = [(_began_at(connection, machine_id, row.ledger), row.heard_at) for row in group]
        newest = max(began_at for began_at, _ in spans)
        if sum(1 for _, heard_at in spans if heard_at > newest + LATE_S) > 1:
            found.append(machine_id)
    return found


def _began_at(connection: Connection, machine_id: str, ledger: str) -> float:
    """When the first entry of a ledger came."""
    of_it = select(entries.c.came_at).where(entries.c.machine_id == machine_id, entries.c.ledger == ledger)
    return connection.execute(of_it.order_by(entries.c.seq).limit(1)).scalar() or 0.0
