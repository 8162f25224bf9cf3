"""EDGE: everything that the relay asks of Stripe, the book of record."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import stripe

from cloud_relay.errors import BadSignature, NotAtStripe, StripeUnavailable
from cloud_relay.orders import BadOrder, Order, is_ours
from cloud_relay.settings import StripeSettings
from cloud_relay.settlement import Payment

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams, SessionCreateParamsLineItem

# Stripe's least life of a session is 30 minutes, counted when the request arrives there: a minute
# more covers the way, and clocks that differ.
SESSION_LIFE_S = 31 * 60
# A card's reservation lapses after 7 days; nothing older can be open.
RESERVATION_LIFE_S = 8 * 24 * 3600
_PAGE = 100
_NETWORK_RETRIES = 2
_TIMEOUT_S = (
    3,
    6,
)  # to connect, to read: the library's own 80 s would outlast every caller of ours


@dataclass(frozen=True)
class OpenPayment:
    """A reservation that nobody has settled; `created_s` is its charge's, in Unix seconds."""

    payment_id: str
    metadata: Mapping[str, str]
    amount: int
    currency: str
    created_s: int


@dataclass(frozen=True)
class PaidSession:
    """A Checkout Session as its payer may see it; `payment_status` is its PaymentIntent's."""

    machine_id: str
    session_status: str
    payment_status: str | None
    charged: int
    currency: str


@dataclass(frozen=True)
class Price:
    """A price at Stripe: minor units for one unit, which gives `credits_per_unit` (a decimal)."""

    price_id: str
    unit_amount: int
    currency: str
    credits_per_unit: str


class StripePayments:
    """Stripe, asked in the relay's own terms.

    Methods raise StripeUnavailable when Stripe did not do it, NotAtStripe for an unknown id.
    """

    def __init__(self, settings: StripeSettings) -> None:
        url = settings.stand_in_url
        self._secrets = settings.webhook_secrets
        self._client = stripe.StripeClient(
            settings.api_key,
            base_addresses={"api": url} if url else {},
            max_network_retries=_NETWORK_RETRIES,
            http_client=stripe.RequestsClient(timeout=_TIMEOUT_S),
        )

    def event_in(self, body: bytes, signature_header: str) -> dict[str, Any]:
        """The event in a webhook that Stripe signed, with any of our secrets.

        Raises:
            BadSignature: not signed, not by Stripe, not now, or not an event.
        """
        if not any(self._is_signed(body, signature_header, secret) for secret in self._secrets):
            raise BadSignature("the signature is not Stripe's for these bytes, or is too old")
        try:
            event = json.loads(body)
        except ValueError as why:
            raise BadSignature(f"the body is not JSON: {why}") from None
        if not _is_event(event):
            raise BadSignature("the body is no Stripe event")
        return cast("dict[str, Any]", event)

    def checkout_url(
        self, order: Order, product_name: str, success_url: str, cancel_url: str, now_s: float
    ) -> str:
        """The address of a new Checkout Session that reserves the order's amount."""
        metadata = order.metadata()
        params: SessionCreateParams = {
            "mode": "payment",
            "line_items": [_line(order, product_name)],
            "allowed_payment_method_types": ["card"],  # wallets come with it, and all can reserve
            "adaptive_pricing": {"enabled": False},
            "metadata": metadata,
            "payment_intent_data": {"capture_method": "manual", "metadata": metadata},
            "success_url": success_url,
            "cancel_url": cancel_url,
            "expires_at": int(now_s) + SESSION_LIFE_S,
        }
        with _asking("create a Checkout Session"):
            session = self._client.v1.checkout.sessions.create(params=params)
        if not session.url:
            raise StripeUnavailable("Stripe made a Checkout Session without an address")
        return session.url

    def paid_session(self, session_id: str) -> PaidSession:
        """A Checkout Session of ours and what became of its payment."""
        with _asking("read a Checkout Session"):
            session = self._client.v1.checkout.sessions.retrieve(
                session_id, params={"expand": ["payment_intent"]}
            ).to_dict()
        metadata, payment = session.get("metadata") or {}, session.get("payment_intent") or {}
        if not is_ours(metadata):
            raise NotAtStripe("no Checkout Session of ours")
        return PaidSession(
            machine_id=metadata["machine_id"],
            session_status=session["status"],
            payment_status=payment.get("status"),
            charged=payment.get("amount_received", 0),
            currency=session["currency"],
        )

    def open_payments(self, machine_id: str, now_s: float) -> list[OpenPayment]:
        """All reservations of a machine that nobody has settled yet."""
        with _asking("list payments"):
            intents = self._client.v1.payment_intents.list(
                params={
                    "created": {"gte": int(now_s) - RESERVATION_LIFE_S},
                    "limit": _PAGE,
                    "expand": ["data.latest_charge"],
                }
            )
            found = [intent.to_dict() for intent in intents.auto_paging_iter()]
        return [
            _open_payment(intent)
            for intent in found
            if intent["status"] == "requires_capture"
            and (intent.get("metadata") or {}).get("machine_id") == machine_id
        ]

    def payment(self, payment_id: str) -> tuple[Payment, dict[str, str]]:
        """A payment as it stands now, and its metadata."""
        with _asking("read a payment", payment_id):
            intent = self._client.v1.payment_intents.retrieve(
                payment_id, params={"expand": ["latest_charge"]}
            ).to_dict()
            metadata = dict(intent.get("metadata") or {})
            if not is_ours(metadata):
                metadata = {**self._session_metadata(payment_id), **metadata}
        return _payment(intent, metadata), metadata

    def capture(self, payment_id: str, amount: int) -> None:
        """Charge `amount` minor units of what is reserved; Stripe releases the rest."""
        # No idempotency key: it would replay a lost answer's failure. The payment's own status keeps
        # a second capture out.
        with _asking("capture", payment_id):
            self._client.v1.payment_intents.capture(payment_id, params={"amount_to_capture": amount})

    def release(self, payment_id: str) -> None:
        """Give the whole reservation back."""
        with _asking("cancel", payment_id):
            self._client.v1.payment_intents.cancel(payment_id)

    def refund(self, payment_id: str, amount: int) -> None:
        """Give `amount` minor units of a charge back; one that was given back already stays so."""
        with _asking("refund", payment_id):
            try:
                self._client.v1.refunds.create(params={"payment_intent": payment_id, "amount": amount})
            except stripe.InvalidRequestError as why:
                if why.code != "charge_already_refunded":
                    raise

    def mark_settled(self, payment_id: str, outcome: str) -> None:
        """Note in an immediate payment's metadata what its receipt said."""
        with _asking("mark as settled", payment_id):
            self._client.v1.payment_intents.update(payment_id, params={"metadata": {"settled": outcome}})

    def price(self, price_id: str) -> Price:
        """A price that sells single payments.

        Raises:
            BadOrder: it is a subscription's, or has no fixed amount, or is retired.
        """
        with _asking("read a price"):
            price = self._client.v1.prices.retrieve(price_id).to_dict()
        if price.get("unit_amount") is None or price.get("recurring") or not price["active"]:
            raise BadOrder(f"{price_id} is not an active one-time price with a fixed amount")
        per_unit = (price.get("metadata") or {}).get("credits_per_unit", "1")
        return Price(price_id, price["unit_amount"], price["currency"], per_unit)

    def live_link(
        self, price_id: str, quantity: int, metadata: dict[str, str], thanks_url: str, now_s: float
    ) -> tuple[str, str]:
        """The id and address of the payment link with just this metadata, made if there is none."""
        with _asking("find or make a payment link"):
            links = self._client.v1.payment_links.list(params={"limit": _PAGE})
            same = [link for link in links.auto_paging_iter() if link.to_dict()["metadata"] == metadata]
            for link in same:
                if link.active:
                    return link.id, link.url
            made = self._client.v1.payment_links.create(
                params={
                    "line_items": [{"price": price_id, "quantity": quantity}],
                    "payment_method_types": ["card"],
                    "metadata": metadata,
                    "payment_intent_data": {"capture_method": "manual", "metadata": metadata},
                    "after_completion": {"type": "redirect", "redirect": {"url": thanks_url}},
                },
                options={"idempotency_key": _link_key(metadata, len(same), now_s)},
            )
        return made.id, made.url

    def _session_metadata(self, payment_id: str) -> dict[str, str]:
        # A payment link's metadata reaches the session, and not the payment.
        sessions = self._client.v1.checkout.sessions.list(params={"payment_intent": payment_id})
        return dict(sessions.to_dict()["data"][0]["metadata"] or {}) if sessions.data else {}

    @staticmethod
    def _is_signed(body: bytes, header: str, secret: str) -> bool:
        try:
            stripe.WebhookSignature.verify_header(body, header, secret, stripe.Webhook.DEFAULT_TOLERANCE)
        # What the library raises on a mangled header or body, besides its own error.
        except (stripe.SignatureVerificationError, ValueError, TypeError, AttributeError):
            return False
        return True


@contextmanager
def _asking(what: str, payment_id: str = "") -> Iterator[None]:
    """Turn the library's errors into ours; their own texts can quote the payer's data."""
    try:
        yield
    except stripe.StripeError as why:
        if why.code == "resource_missing":
            raise NotAtStripe(f"{what} {payment_id}: Stripe knows no such object") from None
        reason = f"{type(why).__name__} {why.http_status or ''} {why.code or ''}".rstrip()
        raise StripeUnavailable(f"{what} {payment_id}: {reason} ({why.request_id})") from why


def _is_event(said: object) -> bool:
    match said:
        case {"object": "event", "type": str(), "created": int(), "data": {"object": dict()}}:
            return True
    return False


def _line(order: Order, product_name: str) -> SessionCreateParamsLineItem:
    return {
        "price_data": {
            "currency": order.currency,
            "unit_amount": order.amount,
            "product_data": {"name": product_name},
        },
        "quantity": 1,
    }


def _open_payment(intent: dict[str, Any]) -> OpenPayment:
    return OpenPayment(
        payment_id=intent["id"],
        metadata=intent["metadata"],
        amount=intent["amount"],
        currency=intent["currency"],
        created_s=intent["latest_charge"]["created"],
    )


def _payment(intent: dict[str, Any], metadata: Mapping[str, str]) -> Payment:
    charge = intent.get("latest_charge") or {}
    return Payment(
        payment_id=intent["id"],
        status=intent["status"],
        amount=intent["amount"],
        currency=intent["currency"],
        received=intent["amount_received"],
        refunded=charge.get("amount_refunded", 0),
        immediate=intent["capture_method"] != "manual",
        settled=metadata.get("settled"),
    )


def _link_key(metadata: Mapping[str, str], retired: int, now_s: float) -> str:
    # One link for two requests at once. A retired link, or a failure that Stripe would replay for
    # a day, must not come back under the same key: hence the count and the minute.
    order = "-".join(metadata[key] for key in sorted(metadata))
    return f"link-{order}-{retired}-{int(now_s) // 60}"
