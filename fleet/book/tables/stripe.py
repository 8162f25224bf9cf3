"""The other book: what Stripe says of payments."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, String, Table, Text

from fleet.book.tables.base import machine, metadata

# What Stripe says of a payment: the other book. `day` is the day of `created_at` where the machine stands;
# `notes` is what the relay noted beside it (JSON, by kind).
stripe_payments = Table(
    "stripe_payments",
    metadata,
    Column("payment_id", String(255), primary_key=True),
    machine(),
    Column("created_at", Float, nullable=False),
    Column("day", String(10), nullable=False),
    Column("status", String(32), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("captured", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False),
    Column("disputed", BigInteger, nullable=False),
    Column("has_failed_refund", Boolean, nullable=False),
    Column("notes", Text, nullable=False),
    Column("read_at", Float, nullable=False),
)
Index("ix_stripe_payments_machine_id_day", stripe_payments.c.machine_id, stripe_payments.c.day)
Index("ix_stripe_payments_created_at", stripe_payments.c.created_at)

# What went back of a payment: `kind` is refund or dispute, `amount` what is gone with it, 0 once it has
# failed or was won. `day` is when.
stripe_returns = Table(
    "stripe_returns",
    metadata,
    Column("return_id", String(255), primary_key=True),
    Column("payment_id", String(255), nullable=False),
    machine(),
    Column("kind", String(8), nullable=False),
    Column("at", Float, nullable=False),
    Column("day", String(10), nullable=False),
    Column("status", String(32), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("price", BigInteger, nullable=False),
)
Index("ix_stripe_returns_machine_id_day", stripe_returns.c.machine_id, stripe_returns.c.day)
Index("ix_stripe_returns_payment_id", stripe_returns.c.payment_id)

# What a payment moved on the account's balance, in the currency that the account settles in: `net` is
# `amount` less `fee`. `price` and `price_currency` are the payment's.
stripe_movements = Table(
    "stripe_movements",
    metadata,
    Column("movement_id", String(255), primary_key=True),
    Column("payment_id", String(255), nullable=False),
    machine(),
    Column("kind", String(48), nullable=False),
    Column("at", Float, nullable=False),
    Column("day", String(10), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("price_currency", String(3), nullable=False),
)
Index("ix_stripe_movements_machine_id_day", stripe_movements.c.machine_id, stripe_movements.c.day)
Index("ix_stripe_movements_payment_id", stripe_movements.c.payment_id)

# The sums of a machine's day by Stripe's word, made anew with every payment of it that was read. `currency`
# is the charge's, and of `fee` and `net` the one that the account settles in.
stripe_days = Table(
    "stripe_days",
    metadata,
    machine(primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("price", BigInteger, primary_key=True),
    Column("price_currency", String(3), primary_key=True),
    Column("payments", BigInteger, nullable=False),
    Column("captured", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("released", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False),
    Column("disputed", BigInteger, nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("net", BigInteger, nullable=False),
)
Index("ix_stripe_days_day", stripe_days.c.day)
