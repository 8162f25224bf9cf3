"""What came from cabinets: each entry and each status as it was said, and how far and since when."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from fleet.book.tables.base import Number, machine, metadata

# Each entry once. `sum` is the chained sum over the ledger up to this entry, and so the same for an entry
# that comes again under another ledger's name. `body` is the entry as it came (JSON). `at` is when it was,
# as far as is known.
entries = Table(
    "entries",
    metadata,
    Column("id", Number, primary_key=True),
    machine(),
    Column("ledger", String(32), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("sum", String(16), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("boot", String(64), nullable=False),
    Column("boot_s", Float, nullable=False),
    Column("body", Text, nullable=False),
    Column("came_at", Float, nullable=False),
    Column("at", Float, nullable=False),
    UniqueConstraint("machine_id", "ledger", "seq"),
    UniqueConstraint("machine_id", "sum"),
)
Index("ix_entries_machine_id_at", entries.c.machine_id, entries.c.at)
Index("ix_entries_machine_id_boot_boot_s", entries.c.machine_id, entries.c.boot, entries.c.boot_s)

# How far each ledger is in the book without a gap: up to `seq`, whose sum is `sum`. `first` is the oldest
# that came: what was before it had been pruned.
ledgers = Table(
    "ledgers",
    metadata,
    machine(primary_key=True),
    Column("ledger", String(32), primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("sum", String(16), nullable=False),
    Column("heard_at", Float, nullable=False),
)

# When each boot of a machine began. `is_measured`: by the time at which a message of that boot came;
# otherwise it is what the machine's own clock said, kept between its neighbours. `moves` is how often it
# turned out to have begun at another time.
boots = Table(
    "boots",
    metadata,
    machine(primary_key=True),
    Column("boot", String(64), primary_key=True),
    Column("began_at", Float, nullable=False),
    Column("is_measured", Boolean, nullable=False),
    Column("moves", Integer, nullable=False, server_default="0"),
)

# What each machine said last of itself (its retained `status`), as it came in `body`, and since when it is
# as it is.
statuses = Table(
    "statuses",
    metadata,
    machine(primary_key=True),
    Column("is_online", Boolean, nullable=False),
    Column("is_accepting", Boolean, nullable=False),
    Column("state", String(32), nullable=False),
    Column("version", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("heard_at", Float, nullable=False),
    Column("since_at", Float, nullable=False),
)

# Every change of that, in the order in which it was heard; a broker that dies is not a machine that went.
sightings = Table(
    "sightings",
    metadata,
    Column("id", Number, primary_key=True),
    machine(),
    Column("is_online", Boolean, nullable=False),
    Column("is_accepting", Boolean, nullable=False),
    Column("state", String(32), nullable=False),
    Column("heard_at", Float, nullable=False),
)
Index("ix_sightings_machine_id_heard_at", sightings.c.machine_id, sightings.c.heard_at)
