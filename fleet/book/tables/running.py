"""What the fleet keeps of its own running."""

from __future__ import annotations

from sqlalchemy import Column, Float, String, Table, Text

from fleet.book.tables.base import metadata

# What runs for this fleet, and when it last said so. `part` is ingest, alerts, ...; since `since_at` its
# `trouble` is what it is: why it cannot do its work, "" if it can.
workers = Table(
    "workers",
    metadata,
    Column("part", String(16), primary_key=True),
    Column("worker", String(64), primary_key=True),
    Column("beat_at", Float, nullable=False),
    Column("since_at", Float, nullable=False),
    Column("trouble", Text, nullable=False),
)

# What the fleet itself found wrong: a machine that floods, Stripe that cannot be read. It counts until
# `until_at`, if nobody says it again.
troubles = Table(
    "troubles",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("kind", String(24), primary_key=True),
    Column("text", Text, nullable=False),
    Column("began_at", Float, nullable=False),
    Column("until_at", Float, nullable=False),
)

# Work that one process does for all: whoever holds it does it, until it is no longer held.
leases = Table(
    "leases",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until_at", Float, nullable=False),
)

# Single values: this fleet's id, and how far the last read of Stripe went.
notes = Table(
    "notes",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
