"""The book's tables, for SQLite and PostgreSQL alike.

Kinds that never mix, a file each: what came (`entries`), what is computed from it and can be computed anew,
what people typed, which is the book's only own truth, what Stripe says, alerts, and the fleet's own running.

Times are Unix seconds (`..._at`), unless a name ends in `_s`: seconds on the machine's own clock, since the
boot. Money is whole minor units, beside its currency. A `day` is the local day (YYYY-MM-DD) where the
machine stands.
"""

from fleet.book.tables.alerting import alert_deliveries, alerts, channels, habits
from fleet.book.tables.base import metadata
from fleet.book.tables.came import boots, entries, ledgers, sightings, statuses
from fleet.book.tables.computed import coins, days, faults, games, happenings, sales
from fleet.book.tables.running import leases, notes, troubles, workers
from fleet.book.tables.stripe import stripe_days, stripe_movements, stripe_payments, stripe_returns
from fleet.book.tables.typed import audit, collections, locations, logins, machines, people, posts

__all__ = [
    "alert_deliveries",
    "alerts",
    "audit",
    "boots",
    "channels",
    "coins",
    "collections",
    "days",
    "entries",
    "faults",
    "games",
    "habits",
    "happenings",
    "leases",
    "ledgers",
    "locations",
    "logins",
    "machines",
    "metadata",
    "notes",
    "people",
    "posts",
    "sales",
    "sightings",
    "statuses",
    "stripe_days",
    "stripe_movements",
    "stripe_payments",
    "stripe_returns",
    "troubles",
    "workers",
]
