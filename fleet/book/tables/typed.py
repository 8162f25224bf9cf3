"""What people typed, which is the book's only own truth; and who they are."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Integer, String, Table, Text

from fleet.book.tables.base import Number, machine, metadata

# A place with machines; `zone` is an IANA name, `opening` is JSON: {"mon": [["10:00", "23:30"]], ...}, ""
# for always. `owner_share_percent` is what its owner gets of what is left after `deductions` (JSON: a list
# of fees, refunds, tests).
locations = Table(
    "locations",
    metadata,
    Column("id", Number, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("zone", String(64), nullable=False),
    Column("opening", Text, nullable=False),
    Column("owner_name", String(200), nullable=False),
    Column("owner_share_percent", Float, nullable=False),
    Column("deductions", Text, nullable=False),
)

# A machine that was ever heard of. `coin_value` is what one coin of its slot is worth. `zone`, which nobody
# types, is the time zone in which its days are: that of its location, once all of them were dated anew, and
# "" before any was.
machines = Table(
    "machines",
    metadata,
    machine(primary_key=True),
    Column("name", String(200), nullable=False),
    Column("location_id", ForeignKey("locations.id")),
    Column("coin_value", BigInteger),
    Column("coin_currency", String(3)),
    Column("first_heard_at", Float, nullable=False),
    Column("retired_at", Float),
    Column("zone", String(64), nullable=False, server_default=""),
)

# Cash taken out: `counted` by hand, `metered` coins since the collection before by the machine's own count.
collections = Table(
    "collections",
    metadata,
    Column("id", Number, primary_key=True),
    machine(),
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
    Column("id", Number, primary_key=True),
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
    Column("id", Number, primary_key=True),
    Column("at", Float, nullable=False),
    Column("who", String(200), nullable=False),
    Column("what", String(48), nullable=False),
    Column("machine_id", String(64)),
    Column("details", Text, nullable=False),
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
