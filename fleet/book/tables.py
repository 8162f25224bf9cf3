"""The book's tables, for SQLite and PostgreSQL alike.

Three kinds, which never mix: what came (`entries`), what is computed from it and can be computed anew, and
what people typed, which is the book's only own truth.

Times are Unix seconds (`..._at`), unless a name ends in `_s`: seconds on the machine's own clock, since the
boot. Money is whole minor units, beside its currency. A `day` is the local day (YYYY-MM-DD) where the
machine stands.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

# Alembic needs a name for each rule in order to change it later.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# A number that SQLite gives by itself must be its INTEGER.
_Number = BigInteger().with_variant(Integer, "sqlite")


def _machine(*, primary_key: bool = False) -> Column[str]:
    return Column("machine_id", String(64), primary_key=primary_key, nullable=False)


# What came ---

# Each entry once. `sum` is the chained sum over the ledger up to this entry, and so the same for an entry
# that comes again under another ledger's name. `body` is the entry as it came (JSON). `at` is when it was,
# as far as is known.
entries = Table(
    "entries",
    metadata,
    Column("id", _Number, primary_key=True),
    _machine(),
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

# How far each ledger is in the book without a gap: up to `seq`, whose sum is `sum`. `first` is the oldest
# that came: what was before it had been pruned.
ledgers = Table(
    "ledgers",
    metadata,
    _machine(primary_key=True),
    Column("ledger", String(32), primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("sum", String(16), nullable=False),
    Column("heard_at", Float, nullable=False),
)

# When each boot of a machine began. `is_measured`: by the time at which a message of that boot came;
# otherwise it is what the machine's own clock said, kept between its neighbours.
boots = Table(
    "boots",
    metadata,
    _machine(primary_key=True),
    Column("boot", String(64), primary_key=True),
    Column("began_at", Float, nullable=False),
    Column("is_measured", Boolean, nullable=False),
)

# What each machine said last of itself (its retained `status`), as it came in `body`, and since when it is
# as it is.
statuses = Table(
    "statuses",
    metadata,
    _machine(primary_key=True),
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
    Column("id", _Number, primary_key=True),
    _machine(),
    Column("is_online", Boolean, nullable=False),
    Column("is_accepting", Boolean, nullable=False),
    Column("state", String(32), nullable=False),
    Column("heard_at", Float, nullable=False),
)
Index("ix_sightings_machine_id_heard_at", sightings.c.machine_id, sightings.c.heard_at)

# What Stripe says of a payment: the other book. `day` is the day of `created_at` where the machine stands;
# `notes` is what the relay noted beside it (JSON, by kind).
stripe_payments = Table(
    "stripe_payments",
    metadata,
    Column("payment_id", String(255), primary_key=True),
    _machine(),
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
    _machine(),
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
    _machine(),
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
    _machine(primary_key=True),
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

# Computed from the entries ---

# A sale. `kind` is phone, free or test. `outcome`, `credits_delivered` and the pulses are of its `sale`
# entry, `answer` and `charged` of its `settled` entry; whichever came later may still be missing.
sales = Table(
    "sales",
    metadata,
    _machine(primary_key=True),
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
    Column("entry_id", _Number, primary_key=True),
    _machine(),
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
    Column("entry_id", _Number, primary_key=True),
    _machine(),
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
    Column("entry_id", _Number, primary_key=True),
    _machine(),
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
    Column("entry_id", _Number, primary_key=True),
    _machine(),
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
    _machine(primary_key=True),
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

# What people typed ---

# A place with machines; `zone` is an IANA name, `opening` is JSON: {"mon": [["10:00", "23:30"]], ...}, ""
# for always. `owner_share_percent` is what its owner gets of what is left after `deductions` (JSON: a list
# of fees, refunds, tests).
locations = Table(
    "locations",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("zone", String(64), nullable=False),
    Column("opening", Text, nullable=False),
    Column("owner_name", String(200), nullable=False),
    Column("owner_share_percent", Float, nullable=False),
    Column("deductions", Text, nullable=False),
)

# A machine that was ever heard of. `coin_value` is what one coin of its slot is worth.
machines = Table(
    "machines",
    metadata,
    _machine(primary_key=True),
    Column("name", String(200), nullable=False),
    Column("location_id", ForeignKey("locations.id")),
    Column("coin_value", BigInteger),
    Column("coin_currency", String(3)),
    Column("first_heard_at", Float, nullable=False),
    Column("retired_at", Float),
)

# Cash taken out: `counted` by hand, `metered` coins since the collection before by the machine's own count.
collections = Table(
    "collections",
    metadata,
    Column("id", _Number, primary_key=True),
    _machine(),
    Column("at", Float, nullable=False),
    Column("counted", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("metered_coins", BigInteger, nullable=False),
    Column("metered", BigInteger, nullable=False),
    Column("collector", String(200), nullable=False),
    Column("note", Text, nullable=False),
)

# Who may log in. `role` is owner, staff, partner or viewer; a partner sees the machines of `location_id`
# alone.
people = Table(
    "people",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("location_id", ForeignKey("locations.id")),
    Column("password_hash", Text, nullable=False),
    Column("totp_secret", Text, nullable=False),
    Column("totp_used_step", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until_at", Float, nullable=False),
    Column("is_active", Boolean, nullable=False),
)

# Who is logged in: the sum of a cookie's secret, never the secret.
logins = Table(
    "logins",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("began_at", Float, nullable=False),
    Column("used_at", Float, nullable=False),
)

# What anybody did here; nothing deletes it. `what` is a stable word (refund, collection, ...), `details`
# JSON.
audit = Table(
    "audit",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("at", Float, nullable=False),
    Column("who", String(200), nullable=False),
    Column("what", String(48), nullable=False),
    Column("machine_id", String(64)),
    Column("details", Text, nullable=False),
)

# Where alerts are told. `url` is apprise's, and a secret; `quiet` is JSON: [["22:00", "07:00"]], by the
# clock of `zone`. One with `escalates_after_s` is told only what nobody acknowledged for so long; 0 is at
# once.
channels = Table(
    "channels",
    metadata,
    Column("id", _Number, primary_key=True),
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
    Column("id", _Number, primary_key=True),
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
    Column("id", _Number, primary_key=True),
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
    _machine(primary_key=True),
    Column("location_id", BigInteger),
    Column("since_at", Float, nullable=False),
    Column("customers", BigInteger, nullable=False),
    Column("longest_s", Float, nullable=False),
    Column("learned_at", Float, nullable=False),
)

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

# Forms that were sent: `token` is the form's own, so that a second click finds the first's `answer`, which is
# "" until there is one.
posts = Table(
    "posts",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("at", Float, nullable=False),
    Column("answer", Text, nullable=False),
)

# Single values: this fleet's id, and how far the last read of Stripe went.
notes = Table(
    "notes",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
