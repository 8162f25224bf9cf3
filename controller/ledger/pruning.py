"""EDGE. Old payments and coins leave the ledger, so that it never fills the card; unsettled ones stay."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta

# How many different days of sales it takes to believe the calendar.
TRUSTED_DAYS = 7

_OLD = """
    received_at < ? AND rowid < ? AND outcome IS NOT NULL AND NOT (has_receipt AND answer IS NULL)
"""


@dataclass(frozen=True)
class Pruned:
    """How many payments were deleted, and the day before which all is old; None while none is known."""

    payments: int
    before_day: str | None


def prune(db: sqlite3.Connection, older_than_days: int) -> Pruned:
    """Delete what was settled and is older than that. Runs in a transaction."""
    coins = db.execute("SELECT substr(counted_at, 1, 10), max(number) FROM coins GROUP BY 1").fetchall()
    old_coins = _before(coins, older_than_days)
    if old_coins is not None:
        db.execute("DELETE FROM coins WHERE counted_at < ? AND number < ?", old_coins)
    sales = db.execute("SELECT substr(received_at, 1, 10), max(rowid) FROM payments GROUP BY 1").fetchall()
    old = _before(sales, older_than_days)
    if old is None:
        return Pruned(0, old_coins[0] if old_coins else None)
    db.execute(f"DELETE FROM pulses WHERE payment_id IN (SELECT id FROM payments WHERE {_OLD})", old)  # noqa: S608 - our own text
    deleted = db.execute(f"DELETE FROM payments WHERE {_OLD}", old).rowcount  # noqa: S608 - our own text
    return Pruned(deleted, old[0])


def _before(days: list[tuple[str, int]], older_than_days: int) -> tuple[str, int] | None:
    """The day and the row before which payments are old; None while nothing can be said.

    `days` are those on which something was sold, each with its last row. The clock of a Pi cannot be asked:
    without network it boots in 1970, and it may leap to 2055 and back. So a payment counts as old by the
    payments themselves: sales of TRUSTED_DAYS different days were dated so much later, and sales of as many
    days were written after it. One sale in 2055 makes no other old that way, and a sale that was dated 1970
    yesterday stays as well. Coins are judged by coins in the same way: the newest ones always stay.
    """
    if len(days) < TRUSTED_DAYS:
        return None
    newest = date.fromisoformat(sorted(day for day, _ in days)[-TRUSTED_DAYS])
    last_row = sorted(row for _, row in days)[-TRUSTED_DAYS]
    return (newest - timedelta(days=older_than_days)).isoformat(), last_row
