"""What the tests of the stand-in Stripe share: its address book, a client, and a receiver of webhooks."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import stripe

from simulator.stripe.pace import QUICK
from simulator.stripe.server import StandInStripe, stand_in_stripe

API_KEY = "sk_test_stand_in"
SECRET = "whsec_stand_in"
SUCCESS_URL = "http://relay.test/thanks?s={CHECKOUT_SESSION_ID}"


class Clock:
    """A clock that stands still until it is set forward."""

    def __init__(self, now_s: int = 1_800_000_000) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        """Unix seconds."""
        return self.now_s


def client_of(stand_in: StandInStripe, api_key: str = API_KEY, retries: int = 0) -> stripe.StripeClient:
    """Stripe's own client, talking to the stand-in; it tries again as often as it is told."""
    return stripe.StripeClient(
        api_key,
        base_addresses={"api": stand_in.api_url},
        http_client=stripe.RequestsClient(timeout=(3, 6)),
        max_network_retries=retries,
    )


def offer(amount: int = 250, currency: str = "usd", quantity: int = 1) -> dict[str, Any]:
    """One line of a checkout session: three credits for this much."""
    price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "3 credits"}}
    return {"price_data": price, "quantity": quantity}


def session_params(amount: int = 250, capture_method: str = "manual", **more: object) -> dict[str, Any]:
    """A checkout session as the relay asks for it."""
    return {
        "mode": "payment",
        "line_items": [offer(amount)],
        "success_url": SUCCESS_URL,
        "cancel_url": "http://relay.test/p/galaga-01",
        "metadata": {"machine_id": "galaga-01"},
        "payment_intent_data": {"capture_method": capture_method, "metadata": {"credits": "3"}},
        "adaptive_pricing": {"enabled": False},
        **more,
    }


@dataclass
class Desk:
    """A stand-in at work, Stripe's own client to it, and the clock that it goes by."""

    stand_in: StandInStripe
    client: stripe.StripeClient
    clock: Clock

    def reserved(self, amount: int = 250, **more: object) -> str:
        """A payment of so much, reserved and not yet captured."""
        return self.stand_in.pay(self.client.v1.checkout.sessions.create(session_params(amount, **more)).id)

    def charged(self, amount: int = 250) -> str:
        """A payment of so much, charged without a reservation."""
        session = self.client.v1.checkout.sessions.create(session_params(amount, "automatic"))
        return self.stand_in.pay(session.id)

    def intent(self, intent_id: str) -> stripe.PaymentIntent:
        """A payment with its charge, as the API tells it."""
        return self.client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]})

    def events(self, *types: str) -> list[stripe.Event]:
        """What has happened, oldest first: all of it, or only events of these types."""
        found = self.client.v1.events.list({"limit": 100, **({"types": list(types)} if types else {})})
        return list(reversed(found.data))

    def event_types(self) -> list[str]:
        """The types of all that has happened, oldest first."""
        return [event.type for event in self.events()]


@contextmanager
def desk(**changes: Any) -> Iterator[Desk]:
    """A stand-in without an address for its webhooks, whose clock stands still."""
    clock = Clock()
    settings: dict[str, Any] = {"webhook_url": None, "webhook_secret": SECRET, "pace": QUICK, "clock": clock}
    with stand_in_stripe(api_key=API_KEY, **settings | changes) as running:
        yield Desk(running, client_of(running), clock)


@dataclass
class Receiver:
    """What arrived at the webhook endpoint; it answers with `statuses` in turn, and then with 200.

    It takes its time over the first few, as `linger_s` says: whatever could overtake them, then does.
    """

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    linger_s: list[float] = field(default_factory=list)
    received: list[tuple[bytes, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def events(self) -> list[stripe.Event]:
        """Everything that arrived, verified with the endpoint's secret."""
        with self.lock:
            return [stripe.Webhook.construct_event(body, seal, SECRET) for body, seal in self.received]

    def unsealed(self) -> list[stripe.Event]:
        """Everything that arrived, whenever it was signed."""
        with self.lock:
            return [stripe.Event.construct_from(json.loads(body), None) for body, _ in self.received]

    def types(self) -> list[str]:
        """The types of what arrived, in order."""
        return [event.type for event in self.events()]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A real HTTP server that takes webhooks."""
    receiver = Receiver()

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take one webhook."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(receiver.linger_s.pop(0) if receiver.linger_s else 0)
            with receiver.lock:
                receiver.received.append((body, self.headers["Stripe-Signature"]))
                status = receiver.statuses.pop(0) if receiver.statuses else 200
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}/addCredit"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
