"""A book with a Stripe beside it, for tests of the fleet's money."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, Table, select
from sqlalchemy.engine import make_url
from stand_in_stripe_help import API_KEY, Clock, client_of, session_params

from cloud_relay.rules.orders import Order, Ownership
from fleet.book.database.engine import open_book
from fleet.reconciling.reader import StripeReader, StripeReading
from fleet.reconciling.reading import Reading
from simulator.stripe.model.permissions import READ_ONLY
from simulator.stripe.pace import QUICK
from simulator.stripe.server import StandInStripe, stand_in_stripe

READ_KEY = "rk_test_fleet_reads"
OWNERSHIP = Ownership("0123456789abcdef", takes_untagged=False)


def day_of(_machine_id: str, at_s: float) -> str:
    """Days as in Greenwich, everywhere."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d")


@dataclass
class Account:
    """A Stripe account, its clock, and a book that reads it."""

    stripe: StandInStripe
    clock: Clock
    engine: Engine
    reading_of: StripeReading
    reading: Reading
    ownership: Ownership = field(default=OWNERSHIP)

    def pay(self, amount: int = 250, machine_id: str = "galaga-01", **of_session: Any) -> str:
        """A reservation of one of our machines."""
        order = Order(machine_id, 3, amount, "usd").metadata()
        return self.pay_with(self.ownership.mark(order), amount, **of_session)

    def pay_with(self, data: dict[str, str], amount: int = 250, **of_session: Any) -> str:
        """A payment with this metadata, also beside itself."""
        capture = of_session.pop("capture", "manual")
        params = session_params(amount) | {
            "metadata": data,
            "payment_intent_data": {"capture_method": capture, "metadata": data},
            **of_session,
        }
        session = client_of(self.stripe).v1.checkout.sessions.create(params)
        return self.stripe.pay(session.id)

    def charge(self, amount: int = 250, machine_id: str = "galaga-01") -> str:
        """A payment of ours that was captured whole."""
        payment_id = self.pay(amount, machine_id)
        self.stripe.capture(payment_id)
        return payment_id

    def read(self) -> None:
        """One run."""
        self.reading.run(self.clock())

    def rows(self, table: Table, *columns: str) -> list[tuple[Any, ...]]:
        """Some columns of all rows of the book, in the order of its primary key."""
        chosen = [table.c[name] for name in columns]
        with self.engine.connect() as connection:
            found = connection.execute(select(*chosen).order_by(*table.primary_key))
            return [tuple(row) for row in found]


@contextmanager
def account() -> Iterator[Account]:
    """An account whose clock stands still, and an empty book."""
    clock = Clock()
    with (
        tempfile.TemporaryDirectory() as folder,
        stand_in_stripe(
            api_key=API_KEY, webhook_url=None, webhook_secret="whsec_no", pace=QUICK, clock=clock
        ) as stripe,
    ):
        stripe.api_keys.allow(READ_KEY, READ_ONLY)
        reading = StripeReading(READ_KEY, OWNERSHIP, stripe.api_url)
        engine = open_book(make_url(f"sqlite:///{folder}/book.sqlite"))
        yield Account(stripe, clock, engine, reading, Reading(engine, StripeReader(reading), UTC))
        engine.dispose()
