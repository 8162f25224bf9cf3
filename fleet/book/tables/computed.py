"""What is computed from the entries, and can be computed anew."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text

from fleet.book.tables.base import Number, machine, metadata

# A sale. `kind` is phone, free or test. `outcome`, `credits_delivered` and the pulses are of its `sale`
# entry, `answer` and `charged` of its `settled` entry; whichever came later may still be missing.
sales = Table(
    "sales",
    metadata,
    machine(primary_key=True),
    Column("payment_id", String(255), primary_key=True),
    Column("at", Float, nullable=False),
    Column("day", String(10), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("credits", Integer, nullable=False),
    Column("amount", BigInteger),
    Column("currency", String(3)),
    Column("outcome", String(24)),
    Column("reason", Text),
    Column("credits_delivered", Integer, nullable=False),
    Column("fired", Integer, nullable=False),
    Column("uncounted", Integer, nullable=False),
    Column("in_doubt", Integer, nullable=False),
    Column("answer", String(24)),
    Column("charged", BigInteger),
)
Index("ix_sales_machine_id_at", sales.c.machine_id, sales.c.at)
Index("ix_sales_payment_id", sales.c.payment_id)

# A coin that the board counted and that was not ours.
coins = Table(
    "coins",
    metadata,
    Column("entry_id", Number, primary_key=True),
    machine(),
    Column("at", Float, nullable=False),
    Column("day", String(10), nullable=False),
    Column("number", BigInteger, nullable=False),
)
Index("ix_coins_machine_id_at", coins.c.machine_id, coins.c.at)

# A game that ended; `idle_s` is how long the board was idle before its session, None where that is not
# known.
games = Table(
    "games",
    metadata,
    Column("entry_id", Number, primary_key=True),
    machine(),
    Column("at", Float, nullable=False),
    Column("session_id", String(255), nullable=False),
    Column("game", Integer, nullable=False),
    Column("credits", Integer, nullable=False),
    Column("duration_s", Integer, nullable=False),
    Column("idle_s", Integer),
)
Index("ix_games_machine_id_at", games.c.machine_id, games.c.at)

# A fault from its beginning to its end; None while it lasts.
faults = Table(
    "faults",
    metadata,
    Column("entry_id", Number, primary_key=True),
    machine(),
    Column("kind", String(48), nullable=False),
    Column("text", Text, nullable=False),
    Column("began_at", Float, nullable=False),
    Column("ended_at", Float),
)
Index("ix_faults_machine_id_began_at", faults.c.machine_id, faults.c.began_at)

# Starts, configurations that were read, and what technicians did: `kind` is the entry's, `text` says it to
# a person.
happenings = Table(
    "happenings",
    metadata,
    Column("entry_id", Number, primary_key=True),
    machine(),
    Column("at", Float, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("text", Text, nullable=False),
)
Index("ix_happenings_machine_id_at", happenings.c.machine_id, happenings.c.at)

# The sums of a machine's day, kept up with every entry: reports over millions of sales read these alone.
# `kind` is phone, free, test or cash; `currency` and `price` (minor units) are "" and 0 where there is
# none.
days = Table(
    "days",
    metadata,
    machine(primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("price", BigInteger, primary_key=True),
    Column("sales", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("credits_delivered", BigInteger, nullable=False),
    Column("charged", BigInteger, nullable=False),
    Column("in_doubt", BigInteger, nullable=False),
    Column("uncounted", BigInteger, nullable=False),
)
Index("ix_days_day", days.c.day)
