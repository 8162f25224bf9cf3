"""The cloud's half of the money model: the relay's own code over the stand-in Stripe's book."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import stripe
from relay_parts import API_KEY, WEBHOOK_SECRET, environment
from waitress.channel import ClientDisconnected

from cloud_relay.app import app_for
from cloud_relay.errors import BrokerUnavailable, NobodySubscribed, StripeUnavailable
from cloud_relay.relay import relay_from
from cloud_relay.rules.orders import Order
from cloud_relay.rules.statement import sale_words
from cloud_relay.settings import StripeSettings, read_settings
from cloud_relay.settling.pulses import PaidOrder
from cloud_relay.settling.tidy import Tidied, tidy
from cloud_relay.settling.unpublished import published
from cloud_relay.stripe.fitness import Fitness
from cloud_relay.stripe.payments import StripePayments
from cloud_relay.stripe.probes import key_found
from controller.formats.wire import CoinPulseMessage
from simulator.stripe.api import Api, api_app
from simulator.stripe.faults import Faults
from simulator.stripe.keeper import Keeper
from simulator.stripe.keys import ApiKeys
from simulator.stripe.model import till
from simulator.stripe.model.book import Book
from simulator.stripe.model.objects.table import Event, PaymentIntent
from simulator.stripe.pace import QUICK

MACHINE = "galaga-01"
PRICES = {1: 100, 2: 180, 3: 250}
EPOCH_S = 1_800_000_000.0
DAY_S = 86_400.0


@dataclass
class Clock:
    """Time, in the tester's hand: seconds since the model began."""

    now_s: float = 0.0

    def unix_s(self) -> float:
        """The same as Unix seconds, for Stripe and the relay."""
        return EPOCH_S + self.now_s


@dataclass(frozen=True)
class Letter:
    """A message that waits for its cabinet."""

    payload: bytes
    signature: str
    expiry_s: int
    sent_s: float


class Mailbox:
    """The broker, as both sides know it: it publishes for the relay, and keeps a session for the cabinet."""

    def __init__(self, clock: Clock) -> None:
        self.up, self.has_session, self.connected = True, False, False
        self.connection = 0
        self._clock = clock
        self._waiting: list[Letter] = []
        self._unacknowledged: dict[int, Letter] = {}
        self._numbers = 0

    def keep(self, _topic: str, _payload: bytes, *, expiry_s: int) -> None:
        """Take a note for the relay's other processes, of which there are none."""
        if not self.up:
            raise BrokerUnavailable("the broker is away")

    def publish(
        self,
        _topic: str,
        payload: bytes,
        *,
        expiry_s: int | None = None,
        user_properties: Mapping[str, str] | None = None,
    ) -> None:
        """Take a message for the session, as the relay's publisher does."""
        if not self.up:
            raise BrokerUnavailable("the broker is away")
        if not self.has_session:
            raise NobodySubscribed("nobody has a session")
        assert expiry_s
        assert user_properties
        self._waiting.append(Letter(payload, user_properties["sig"], expiry_s, self._clock.now_s))

    def connect(self) -> bool:
        """Let the cabinet in; gives whether its session was still there."""
        was_there, self.has_session, self.connected = self.has_session, True, True
        self.connection += 1
        return was_there

    def disconnect(self) -> None:
        """Lose the cabinet; what it has not acknowledged comes again."""
        self.connected = False
        self._waiting = [*self._unacknowledged.values(), *self._waiting]
        self._unacknowledged.clear()

    def forget(self) -> None:
        """Lose the session and all that was kept for it."""
        self.disconnect()
        self._waiting.clear()
        self.has_session = False

    def deliver(self) -> tuple[int, CoinPulseMessage] | None:
        """Hand the oldest message over with the time it has left; those that are too old are dropped."""
        while self.connected and self._waiting:
            letter = self._waiting.pop(0)
            left_s = letter.expiry_s - int(self._clock.now_s - letter.sent_s)
            if left_s > 0:
                self._numbers += 1
                self._unacknowledged[self._numbers] = letter
                return self._numbers, CoinPulseMessage(letter.payload, False, left_s, letter.signature)
        return None

    def acknowledge(self, connection: int, number: int) -> None:
        """Take the cabinet's PUBACK."""
        if connection == self.connection:
            self._unacknowledged.pop(number, None)

    @property
    def has_mail(self) -> bool:
        """Whether a message could be handed over now."""
        return self.connected and bool(self._waiting)

    def payment_in(self, number: int) -> str | None:
        """Which payment a message that was handed over is about."""
        letter = self._unacknowledged.get(number)
        return json.loads(letter.payload)["paymentId"] if letter else None

    def holds(self, payment_id: str) -> bool:
        """Whether a message about this payment will still be delivered."""
        letters = [*self._unacknowledged.values(), *self._waiting]
        fresh = [each for each in letters if each.expiry_s > self._clock.now_s - each.sent_s + 1]
        return any(json.loads(each.payload)["paymentId"] == payment_id for each in fresh)


class InProcess(stripe.HTTPClient):
    """Carries the Stripe library's requests to a WSGI app without a socket."""

    name = "in-process"

    def __init__(self, app: Any) -> None:
        super().__init__()
        self._client = app.test_client()

    def request(self, method: str, url: str, headers: Any, post_data: Any = None) -> tuple[str, int, Any]:
        """One request, or no answer where the stand-in cuts the line."""
        path = url.removeprefix("https://api.stripe.com")
        try:
            answer = self._client.open(path, method=method.upper(), headers=dict(headers), data=post_data)
            return answer.get_data(as_text=True), answer.status_code, dict(answer.headers)
        except ClientDisconnected as cut:
            raise stripe.APIConnectionError("the line was cut", should_retry=False) from cut


class DirectStripe(StripePayments):
    """The relay's own way to Stripe, on a line that takes no time and asks only once."""

    def __init__(self, settings: StripeSettings, line: stripe.HTTPClient, clock: Callable[[], float]) -> None:
        super().__init__(settings, Fitness(partial(key_found, settings), clock))
        self._client = stripe.StripeClient(settings.api_key, http_client=line, max_network_retries=0)


class Cloud:
    """Stripe, the relay and the broker."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.mailbox, self.faults = clock, Mailbox(clock), Faults()
        self.relay_up = True
        self.webhooks: list[Event] = []
        self.paid: list[str] = []
        self.released_by_tidy: set[str] = set()
        self.book = Book(_token, checkout_url="http://localhost", api_version=stripe.api_version)
        self._keeper = Keeper(self.book, clock.unix_s, self._note)
        keys = ApiKeys()
        keys.allow(API_KEY)
        api = Api(self._keeper, keys, self.faults, clock.unix_s, QUICK)
        self.settings = read_settings(environment())
        payments = DirectStripe(self.settings.stripe, InProcess(api_app(api)), clock.unix_s)
        self._relay = relay_from(
            self.settings, publisher=self.mailbox, clock=clock.unix_s, stripe=lambda: payments
        )
        self._unpublished: dict[str, PaidOrder] = {}
        self._client = app_for(self._relay, retries=self).test_client()
        self.token = self.settings.tokens.issue(MACHINE)

    def buy(self, credits: int) -> None:
        """A player presses a button and pays; where Stripe fails there is nothing to pay."""
        order = Order(MACHINE, credits, PRICES[credits], "usd")
        try:
            _, url = self._relay.stripe().checkout(
                order, sale_words("Credits", "Galaga", MACHINE), "http://x", "http://x", self.clock.unix_s()
            )
        except StripeUnavailable:
            return
        self._pay(url)

    def buy_with_an_old_link(self, amount: int) -> None:
        """A player pays by a link of the ancestor's, which charges at once and names only the machine."""
        price = {"currency": "usd", "unit_amount": amount, "product_data": {"name": "Credits"}}
        session = self._relay.stripe()._client.v1.checkout.sessions.create(
            params={
                "mode": "payment",
                "line_items": [{"price_data": price, "quantity": 1}],
                "metadata": {"machine_id": MACHINE},
                "success_url": "http://x",
            }
        )
        self._pay(session.url)

    def deliver(self, event: Event) -> dict[str, Any] | None:
        """Give one webhook to the relay, signed; None where it was not taken, and will come again."""
        if not self.relay_up:
            return None
        body = json.dumps(event.as_json())
        now_s = int(self.clock.unix_s())
        signature = stripe.WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET, now_s)
        answer = self._client.post("/addCredit", data=body, headers={"Stripe-Signature": signature})
        return answer.json if answer.status_code == 200 else None

    def keep(self, paid: PaidOrder) -> None:
        """Have the relay try again to publish what the broker did not take."""
        self._unpublished[paid.payment_id] = paid

    def try_again(self) -> None:
        """Let the relay's thread come round, if the relay runs; killed, it has forgotten."""
        if not self.relay_up:
            self._unpublished.clear()
        for payment_id, paid in list(self._unpublished.items()):
            if published(self._relay, paid):
                del self._unpublished[payment_id]

    def settle(self, receipt: dict[str, Any]) -> dict[str, Any]:
        """Post a receipt; gives the relay's answer."""
        return self._ask("POST", "receipts", receipt)

    def open_payments(self, payment_ids: tuple[str, ...]) -> list[Any] | None:
        """What the relay says is open, asked about some by their ids; None where it does not answer."""
        listed = self._ask("GET", "payments", query={"paid": payment_ids})
        return listed if isinstance(listed, list) else None

    def tidy(self) -> list[Tidied]:
        """One run of the relay's schedule."""
        try:
            done = tidy(self._relay) if self.relay_up else []
        except StripeUnavailable:
            return []
        self.released_by_tidy |= {each.payment.payment_id for each in done if each.outcome == "released"}
        return done

    def release(self, payment_id: str) -> None:
        """Give a reservation back, whoever asked for it."""
        self._relay.stripe().release(payment_id)

    def intent(self, payment_id: str) -> PaymentIntent:
        """The payment as Stripe has it."""
        return self.book.intents[payment_id]

    def window_end_s(self, payment_id: str) -> float:
        """When the credit window of a payment ends, on the model's clock."""
        charge = self.book.charges[self.intent(payment_id).latest_charge or ""]
        return charge.created + self.settings.credit_window_s - EPOCH_S

    def _pay(self, url: str) -> None:
        session_id = url.rsplit("/", 1)[1]
        self.paid.append(self._keeper.turn(lambda book, now_s: till.pay(book, session_id, now_s)).id)

    def _ask(
        self,
        method: str,
        what: str,
        body: dict[str, Any] | None = None,
        query: dict[str, tuple[str, ...]] | None = None,
    ) -> Any:
        if not self.relay_up:
            return {}
        headers = {"Authorization": f"Bearer {self.token}"}
        return self._client.open(
            f"/machines/{MACHINE}/{what}", method=method, query_string=query, json=body, headers=headers
        ).json

    def _note(self, event: Event) -> None:
        reserved = event.type == "payment_intent.amount_capturable_updated"
        if reserved or (event.type == "checkout.session.completed" and _is_paid(event)):
            self.webhooks.append(event)


def _is_paid(event: Event) -> bool:
    return bool(event.as_json()["data"]["object"]["payment_status"] == "paid")


def _token(length: int) -> str:
    return secrets.token_hex(length)[:length]
