"""What somebody has to know of, whom it is told, and what silence is judged by."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from fleet.book.tables.base import Number, machine, metadata

# Where alerts are told. `url` is apprise's, and a secret; `quiet` is JSON: [["22:00", "07:00"]], by the
# clock of `zone`. One with `escalates_after_s` is told only what nobody acknowledged for so long; 0 is at
# once.
channels = Table(
    "channels",
    metadata,
    Column("id", Number, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("location_id", ForeignKey("locations.id")),
    Column("zone", String(64), nullable=False),
    Column("quiet", Text, nullable=False),
    Column("escalates_after_s", Integer, nullable=False),
    Column("is_active", Boolean, nullable=False),
)

# A state that somebody is to know of: of a machine, or of what several have in common (`subject` is a
# machine id, or begins with a colon, which no machine id has: ":broker", ":location:3"). `covers` is JSON:
# of each machine of a group its id, its text, and when it was well again or null; [] without a group.
alerts = Table(
    "alerts",
    metadata,
    Column("id", Number, primary_key=True),
    Column("subject", String(64), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("text", Text, nullable=False),
    Column("covers", Text, nullable=False),
    Column("began_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("acknowledged_at", Float),
    Column("acknowledged_by", String(200)),
)
Index("ix_alerts_began_at", alerts.c.began_at)
# Whatever two workers do, a state is open once.
Index(
    "uq_alerts_open",
    alerts.c.subject,
    alerts.c.kind,
    unique=True,
    sqlite_where=alerts.c.ended_at.is_(None),
    postgresql_where=alerts.c.ended_at.is_(None),
)

# What has to be told to a channel, from `due_at` on: claimed by one update that changed exactly one row,
# sent, and then done. `phase` is begins, escalates or ends.
alert_deliveries = Table(
    "alert_deliveries",
    metadata,
    Column("id", Number, primary_key=True),
    Column("alert_id", ForeignKey("alerts.id"), nullable=False),
    Column("channel_id", ForeignKey("channels.id"), nullable=False),
    Column("phase", String(12), nullable=False),
    Column("due_at", Float, nullable=False),
    Column("claimed_at", Float),
    Column("claimed_by", String(64)),
    Column("sent_at", Float),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    UniqueConstraint("alert_id", "channel_id", "phase"),
)
Index("ix_alert_deliveries_sent_at_due_at", alert_deliveries.c.sent_at, alert_deliveries.c.due_at)

# What was learned of a machine's silences (computed from sales and coins), and since when it stands where
# it does.
habits = Table(
    "habits",
    metadata,
    machine(primary_key=True),
    Column("location_id", BigInteger),
    Column("since_at", Float, nullable=False),
    Column("customers", BigInteger, nullable=False),
    Column("longest_s", Float, nullable=False),
    Column("learned_at", Float, nullable=False),
)
