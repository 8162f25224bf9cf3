"""Counts what a relay reads at Stripe while simulated hours pass: at rest, in a sale, at a boot."""

from __future__ import annotations

import heapq
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from math import inf
from typing import Any, TypeVar

import stripe
from flask.testing import FlaskClient

from cloud_relay.app import app_for
from cloud_relay.broker.publisher import Publisher
from cloud_relay.relay import Relay, relay_from
from cloud_relay.rules.messages import MachineStatus
from cloud_relay.settings import Settings, read_settings
from cloud_relay.settling.tidy import LongTidy, tidy_recent
from cloud_relay.settling.tidy_thread import LOOK_EVERY_S
from simulator.stripe.pace import STRIPES_RETRIES, Pace
from simulator.stripe.server import StandInStripe, stand_in_stripe

API_KEY, WEBHOOK_SECRET = "sk_test_counted", "whsec_counted"
HOUR_S = 3600
# A player looks at the payment page for so long, and the credit is there so long after paying.
PAYING_TAKES_S, CREDITED_AFTER_S = 60, 2
# How the page after paying asks: templates/thanks.html.
FIRST_WAIT_S, SLOWER, MOST_WAIT_S = 1.5, 1.05, 15.0
_RESERVED = "payment_intent.amount_capturable_updated"

T = TypeVar("T")
Reads = Counter[str]
"""How many lists and searches were read by their pages, and how many single objects ("retrieve")."""


class SimulatedClock:
    """Unix seconds that pass only as told."""

    now_s = 1_800_000_000.0

    def __call__(self) -> float:
        """The time now."""
        return self.now_s


class WillingBroker(Publisher):
    """A broker that takes every message, and on which every machine sells."""

    def __init__(self) -> None:
        """Connect to nothing."""

    def publish(self, *_: object, **__: object) -> None:
        """Take it."""

    def keep(self, *_: object, **__: object) -> None:
        """Take it."""

    def retained_status(self, *_: object, **__: object) -> MachineStatus | None:
        """The status of a machine that sells."""
        return MachineStatus(online=True, accepting=True, state="attract")

    def close(self) -> None:
        """Leave nothing."""


class CountedRelay:
    """A relay with its tidy, whose time passes as told, and what it has read at Stripe so far."""

    def __init__(self, relay: Relay, at_stripe: StandInStripe, clock: SimulatedClock) -> None:
        self._relay = relay
        self._stripe = at_stripe
        self._clock = clock
        self._long = LongTidy(relay)
        self._client: FlaskClient = app_for(relay).test_client()
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = count()

    def counted(self, act: Callable[[], T]) -> tuple[T, Reads]:
        """What `act` gives, and what was read meanwhile."""
        before = self._reads()
        given = act()
        return given, self._reads() - before

    def pass_time(self, for_s: float) -> None:
        """Let time pass, second by second; tidy looks as often as its threads do."""
        until_s = self._clock.now_s + for_s
        while self._clock.now_s < until_s:
            while self._due and self._due[0][0] <= self._clock.now_s:
                heapq.heappop(self._due)[2]()
            if self._clock.now_s % LOOK_EVERY_S == 0:
                tidy_recent(self._relay)
                self._long.go_on(inf)
            self._clock.now_s += 1

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Have something happen so many seconds from now, while time passes."""
        heapq.heappush(self._due, (self._clock.now_s + seconds, next(self._numbers), act))

    def sell_evenly(self, machines: int, over_s: int) -> None:
        """Let time pass in which each of so many machines sells once, one after the other."""
        for number in range(machines):
            self.later(number * over_s / machines, partial(self._sell, f"galaga-{number}"))
        self.pass_time(over_s)

    def open_door(self, machine_id: str) -> str:
        """A player scans the code; gives the button of the first offer."""
        page = self._client.get(f"/p/{machine_id}").text
        return re.findall(r'value="(1-[^"]+)"', page)[0]

    def buy(self, machine_id: str, button: str) -> str:
        """The player presses it; gives the address of Stripe's page."""
        return self._client.post(f"/p/{machine_id}", data={"offer": button}).headers["Location"]

    def pay(self, page: str) -> str:
        """The player pays, and Stripe's webhook comes; gives the payment's id."""
        payment_id = self._stripe.pay(page)
        event = self._stripe.keeper.turn(
            lambda book, _: next(
                each.as_json()
                for each in reversed(book.events.values())
                if each.type == _RESERVED and each.object["id"] == payment_id
            )
        )
        body = json.dumps(event)
        sealed = stripe.WebhookSignature.generate_signature_header(
            body, WEBHOOK_SECRET, int(self._clock.now_s)
        )
        answer = self._client.post("/addCredit", data=body, headers={"Stripe-Signature": sealed})
        assert answer.json["published"], answer.text  # type: ignore[index] # noqa: S101
        return payment_id

    def look_after_paying(self, page: str, wait_s: float = FIRST_WAIT_S) -> None:
        """The player's page asks what became of the payment, and again ever more slowly, until it is told."""
        session = page.rpartition("/")[2]
        state: dict[str, Any] = self._client.get(f"/thanks/state?s={session}").get_json()
        if not state["final"]:
            slower_s = min(wait_s * SLOWER, MOST_WAIT_S)
            self.later(wait_s, partial(self.look_after_paying, page, slower_s))

    def report(self, machine_id: str, payment_id: str) -> None:
        """The cabinet has given the credit, and says so."""
        receipt = {"paymentId": payment_id, "outcome": "delivered", "creditsDelivered": 1, "creditsPaid": 1}
        self._ask("POST", f"/machines/{machine_id}/receipts", machine_id, json=receipt)

    def boot(self, machine_id: str) -> None:
        """A cabinet has power again, and asks for what is open and what is sold."""
        self._ask("GET", f"/machines/{machine_id}/offer", machine_id)
        self._ask("GET", f"/machines/{machine_id}/payments", machine_id)

    def _sell(self, machine_id: str) -> None:
        page = self.buy(machine_id, self.open_door(machine_id))
        self.later(PAYING_TAKES_S, partial(self._paid, machine_id, page))

    def _paid(self, machine_id: str, page: str) -> None:
        self.later(CREDITED_AFTER_S, partial(self.report, machine_id, self.pay(page)))
        self.look_after_paying(page)

    def _reads(self) -> Reads:
        found = Reads()
        for (kind, _), number in self._stripe.reads.counts.items():
            found[kind] += number
        return found

    def _ask(self, method: str, path: str, machine_id: str, **body: Any) -> None:
        token = self._relay.settings.tokens.issue(machine_id)
        answer = self._client.open(path, method=method, headers={"Authorization": f"Bearer {token}"}, **body)
        assert answer.status_code == 200, answer.text  # noqa: S101


@contextmanager
def counted_relay() -> Iterator[CountedRelay]:
    """A relay that has been at rest for some hours."""
    clock = SimulatedClock()
    with stand_in_stripe(
        api_key=API_KEY,
        webhook_url=None,
        webhook_secret=WEBHOOK_SECRET,
        pace=Pace(STRIPES_RETRIES, list_page_s=0.0),
        clock=clock,
    ) as at_stripe:
        relay = relay_from(_settings(at_stripe), publisher=WillingBroker(), clock=clock)
        counted = CountedRelay(relay, at_stripe, clock)
        counted.pass_time(2 * HOUR_S)
        yield counted


def _settings(at_stripe: StandInStripe) -> Settings:
    return read_settings(
        {
            "STRIPE_API_KEY": API_KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STAND_IN_STRIPE_URL": at_stripe.api_url,
            "PRICE_ID": "price_1",
            "MQTT_BROKER": "localhost",
            "MQTT_USERNAME": "nobody",
            "MQTT_PASSWORD": "nothing",
            "RELAY_SECRET": "counted relay's secret of 32 letters",
            "RELAY_URL": "http://localhost:8080",
            "OFFERS": json.dumps({"currency": "usd", "offers": [{"credits": 1, "amount": 100}]}),
        }
    )
