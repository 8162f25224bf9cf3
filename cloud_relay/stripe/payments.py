"""EDGE. Everything that the relay asks of Stripe, the book of record."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import stripe

from cloud_relay.errors import RefundRefused, StripeUnavailable, TooLittleToCharge
from cloud_relay.rules.immediate import IMMEDIATE, LOOKED_AFTER
from cloud_relay.rules.marks import Mark, MarkKind, is_marked_by, mark_metadata, marks_in, marks_query
from cloud_relay.rules.open_payment import DAY_S, OpenPayment
from cloud_relay.rules.orders import BadOrder, Order
from cloud_relay.rules.refunds import REFUSALS, MadeRefund
from cloud_relay.rules.settlement import Payment
from cloud_relay.rules.statement import SaleWords
from cloud_relay.rules.tidy_schedule import SESSION_LIFE_S
from cloud_relay.settings import StripeSettings
from cloud_relay.stripe.client import at_stripe, stripe_client
from cloud_relay.stripe.events import event_in
from cloud_relay.stripe.fitness import Fitness
from cloud_relay.stripe.links import end_sessions, live_link, retire_links
from cloud_relay.stripe.objects import (
    OUR_REASON,
    SETTLED,
    as_open_payment,
    is_immediate,
    made_refund,
    payment_in,
)
from cloud_relay.stripe.probes import key_found
from cloud_relay.stripe.sale_params import made_with_suffix, session_params

if TYPE_CHECKING:
    from stripe import RequestOptions
    from stripe.params import (
        EventListParams,
        PaymentIntentListParams,
        PaymentIntentSearchParams,
        RefundCreateParams,
    )

log = logging.getLogger(__name__)

# A dispute comes within 120 days of its payment, as a rule: https://docs.stripe.com/disputes/how-disputes-work
LISTED_FOR_S, SEARCHED_FOR_S = 7 * DAY_S, 180 * DAY_S
CONFLICT = MarkKind.CONFLICT.value
_PAGE = 100
_NETWORK_RETRIES = 2
_TIMEOUT_S = (
    3,
    6,
)  # to connect, to read: the library's own 80 s would outlast every caller of ours


@dataclass(frozen=True)
class Price:
    """A price at Stripe: minor units for one unit, which gives `credits_per_unit` (a decimal)."""

    price_id: str
    unit_amount: int
    currency: str
    credits_per_unit: str


class StripePayments:
    """Stripe, in the relay's own terms.

    Methods raise StripeUnavailable when Stripe did not do it, NotAtStripe for an unknown id. `fitness` hears
    what Stripe's answers say of the clock and the key.
    """

    def __init__(self, settings: StripeSettings, fitness: Fitness | None = None) -> None:
        fitness = fitness or Fitness(partial(key_found, settings), time.time)
        self._secrets = settings.webhook_secrets
        self._ownership = settings.ownership
        self._fitness = fitness
        self._client = stripe_client(settings, fitness, timeout_s=_TIMEOUT_S, retries=_NETWORK_RETRIES)

    def event_in(self, body: bytes, signature_header: str) -> dict[str, Any]:
        """The event in a webhook that Stripe signed, with any of our secrets.

        Raises:
            BadSignature: not signed, not by Stripe, not now, or not an event.
        """
        event, signed_s = event_in(body, signature_header, self._secrets, self._fitness.clock())
        self._fitness.signed(signed_s)
        return event

    def checkout(
        self, order: Order, words: SaleWords, success_url: str, cancel_url: str, now_s: float
    ) -> tuple[str, str]:
        """A new Checkout Session that reserves the order's amount: its id, and its page's address."""
        metadata = self._ownership.mark(order.metadata())

        def make(words: SaleWords) -> stripe.checkout.Session:
            params = session_params(order, words, metadata)
            params["success_url"], params["cancel_url"] = success_url, cancel_url
            params["expires_at"] = int(now_s) + SESSION_LIFE_S
            return self._client.v1.checkout.sessions.create(params=params)

        with at_stripe("create a Checkout Session"):
            session = made_with_suffix(make, words)
        if not session.url:
            raise StripeUnavailable("Stripe made a Checkout Session without an address")
        return session.id, session.url

    def open_payments_since(self, made_since_s: float) -> Iterator[list[OpenPayment]]:
        """The payments of our machines, made since then, that nobody has settled: by page, newest first."""
        for page in self._pages_since(made_since_s):
            yield [as_open_payment(intent) for intent in page if self._is_listed(intent)]

    def take_up(self, payment_id: str, marks: Mapping[str, str]) -> OpenPayment | None:
        """Write the marks of an immediate sale beside its payment, which is looked after from then on.

        Gives the payment if it is open; None where nothing of it is left to settle, or it was reserved.
        """
        with at_stripe("take up", payment_id):
            intent = self._client.v1.payment_intents.update(
                payment_id, params={"metadata": dict(marks), "expand": ["latest_charge"]}
            ).to_dict()
        if SETTLED in intent["metadata"]:  # the webhook of a sale that is over came again
            self._mark(payment_id, {IMMEDIATE: ""})
        return as_open_payment(intent) if self._is_listed(intent) and is_immediate(intent) else None

    def looked_after_before(self, made_before_s: float) -> list[OpenPayment]:
        """Immediate payments made before then that are open and looked after; the newest may be missing."""
        # What is settled loses its mark, so that the search finds only what is still looked after.
        params: PaymentIntentSearchParams = {
            "query": f"metadata['{IMMEDIATE}']:'{LOOKED_AFTER}' AND created<{int(made_before_s)}",
            "limit": _PAGE,
            "expand": ["data.latest_charge"],
        }
        with at_stripe("search payments"):
            found = self._client.v1.payment_intents.search(params=params)
            intents = [intent.to_dict() for intent in found.auto_paging_iter()]
        return [as_open_payment(intent) for intent in intents if self._is_listed(intent)]

    def undelivered_events(self, types: Sequence[str], since_s: float) -> list[dict[str, Any]]:
        """The events of these types since then that not every webhook endpoint of the account has taken."""
        params: EventListParams = {
            "types": list(types),
            "delivery_success": False,
            "created": {"gte": int(since_s)},
            "limit": _PAGE,
        }
        with at_stripe("list events that were not delivered"):
            listed = self._client.v1.events.list(params=params)
            return [event.to_dict() for event in listed.auto_paging_iter()]

    def _is_listed(self, intent: dict[str, Any]) -> bool:
        """Whether it is open, as the payment alone tells: an immediate one once it is looked after."""
        metadata = intent.get("metadata") or {}
        if not self._ownership.owns(metadata) or (is_immediate(intent) and IMMEDIATE not in metadata):
            return False
        return payment_in(intent, metadata).is_open

    def marks(self, now_s: float) -> list[Mark]:
        """What was noted for the operator within thirty days, newest payment first.

        A bank may dispute a payment after months. Payments that are not in the list of the last days are
        searched, which Stripe does not do in every country: then theirs are left out, and the log says so.
        """
        since_s = now_s - LISTED_FOR_S
        listed = [intent for page in self._pages_since(since_s) for intent in page]
        found = [mark for intent in listed for mark in self._marks_in(intent, now_s)]
        # Stripe's search knows no "or" beside its "and".
        for tag in self._ownership.tags:
            query = marks_query(tag, since_s, now_s - SEARCHED_FOR_S)
            found += [mark for intent in self._searched(query) for mark in self._marks_in(intent, now_s)]
        return found

    def _marks_in(self, intent: dict[str, Any], now_s: float) -> list[Mark]:
        metadata = intent.get("metadata") or {}
        if not self._ownership.owns(metadata) and not is_marked_by(metadata, self._ownership.tags):
            return []
        return list(marks_in(intent["id"], metadata, intent["created"], now_s))

    def _searched(self, query: str) -> list[dict[str, Any]]:
        with at_stripe("search payments"):
            try:
                found = self._client.v1.payment_intents.search(params={"query": query, "limit": _PAGE})
                return [intent.to_dict() for intent in found.auto_paging_iter()]
            except stripe.InvalidRequestError as why:
                log.warning("Notes on payments older than seven days are not listed: %s", why.user_message)
                return []

    def _pages_since(self, since_s: float) -> Iterator[list[dict[str, Any]]]:
        params: PaymentIntentListParams = {
            "created": {"gte": int(since_s)},
            "limit": _PAGE,
            "expand": ["data.latest_charge"],
        }
        while True:
            with at_stripe("list payments"):
                # As plain dicts: the library's objects take 75 ms of a page, in which no other thread runs.
                answer = self._client.raw_request("get", "/v1/payment_intents", **params)
            page = cast("dict[str, Any]", answer.data)
            found = page["data"]
            yield found
            if not page["has_more"] or not found:
                return
            params["starting_after"] = found[-1]["id"]

    def payment(self, payment_id: str) -> tuple[Payment, dict[str, str]]:
        """A payment as it stands now, and its metadata."""
        intent, metadata = self._read(payment_id)
        return payment_in(intent, metadata), metadata

    def open_payment(self, payment_id: str) -> OpenPayment | None:
        """A payment, if nobody has settled it: reserved, or charged at once by an older link."""
        intent, metadata = self._read(payment_id)
        is_open = self._ownership.owns(metadata) and payment_in(intent, metadata).is_open
        return as_open_payment({**intent, "metadata": metadata}) if is_open else None

    def _read(self, payment_id: str) -> tuple[dict[str, Any], dict[str, str]]:
        with at_stripe("read a payment", payment_id):
            intent = self._client.v1.payment_intents.retrieve(
                payment_id, params={"expand": ["latest_charge"]}
            ).to_dict()
            metadata = dict(intent.get("metadata") or {})
            if not self._ownership.owns(metadata):
                metadata = {**self._session_metadata(payment_id), **metadata}
        return intent, metadata

    def capture(self, payment_id: str, amount: int, receipt: str) -> None:
        """Charge `amount` minor units of what is reserved, for this receipt; Stripe releases the rest.

        Raises:
            TooLittleToCharge: it is under Stripe's least charge for this account; nothing was done.
        """
        # No idempotency key: it would replay a lost answer's failure. The payment's own status keeps
        # a second capture out.
        with at_stripe("capture", payment_id):
            try:
                # The receipt's words tell this capture from one that staff made in the dashboard.
                self._client.v1.payment_intents.capture(
                    payment_id, params={"amount_to_capture": amount, "metadata": {SETTLED: receipt}}
                )
            except stripe.InvalidRequestError as why:
                if why.code != "amount_too_small":
                    raise
                raise TooLittleToCharge(f"Stripe does not charge as little as {amount}") from why

    def release(self, payment_id: str) -> None:
        """Give the whole reservation back."""
        with at_stripe("cancel", payment_id):
            self._client.v1.payment_intents.cancel(payment_id, params={"cancellation_reason": OUR_REASON})

    def refund(self, payment_id: str, amount: int, refunded_before: int, now_s: float) -> MadeRefund | None:
        """Give `amount` minor units of a charge back; None for one that was given back already.

        `refunded_before` is what the amount was reckoned from.

        Raises:
            RefundRefused: Stripe never will; nothing was done.
        """
        # Two copies of a receipt at once must not both refund the remainder. Later the payment itself says
        # what is left, and a failure that Stripe replays for a day must not stand in the way: hence the
        # minute.
        key = f"refund-{payment_id}-{refunded_before}-{amount}-{int(now_s) // 60}"
        with at_stripe("refund", payment_id):
            return self._refunded({"payment_intent": payment_id, "amount": amount}, {"idempotency_key": key})

    def refund_rest(self, payment_id: str) -> MadeRefund | None:
        """Give back all that is left of a charge; None where nothing was left.

        Raises:
            RefundRefused: Stripe never will; nothing was done.
        """
        with at_stripe("refund", payment_id):
            # Without an amount Stripe gives the exact rest, whoever else refunds at this moment.
            return self._refunded({"payment_intent": payment_id}, {})

    def _refunded(self, params: RefundCreateParams, options: RequestOptions) -> MadeRefund | None:
        try:
            made = self._client.v1.refunds.create(params=params, options=options)
        except stripe.InvalidRequestError as why:
            if why.code == "charge_already_refunded":
                return None
            if why.code in REFUSALS:
                raise RefundRefused(why.code) from why
            raise
        return made_refund(made.to_dict())

    def refunds(self, payment_id: str) -> list[MadeRefund]:
        """The refunds of a payment, oldest first."""
        with at_stripe("list refunds", payment_id):
            found = self._client.v1.refunds.list(params={"payment_intent": payment_id, "limit": _PAGE})
            return [made_refund(refund.to_dict()) for refund in reversed(found.data)]

    def mark_settled(self, payment_id: str, receipt: str) -> None:
        """Note in a payment's metadata what its receipt says, where the money alone would not."""
        # An empty value takes a mark away: nobody need look after it any more.
        self._mark(payment_id, {SETTLED: receipt, IMMEDIATE: ""})

    def mark_conflict(self, payment_id: str, machine_id: str, receipt: str, now_s: float) -> None:
        """Note in a payment's metadata that a machine's receipt came too late to be followed."""
        self.note(payment_id, MarkKind.CONFLICT, receipt, machine_id, now_s)

    def note(self, payment_id: str, kind: MarkKind, text: str, machine_id: str, now_s: float) -> None:
        """Note something beside a payment for the operator; without a text, take that note away."""
        self._mark(payment_id, mark_metadata(kind, text, self._ownership.tag, machine_id, now_s))

    def _mark(self, payment_id: str, metadata: dict[str, str]) -> None:
        with at_stripe("mark", payment_id):
            self._client.v1.payment_intents.update(payment_id, params={"metadata": metadata})

    def price(self, price_id: str) -> Price:
        """A price that sells single payments.

        Raises:
            BadOrder: it is a subscription's, or has no fixed amount, or is retired.
        """
        with at_stripe("read a price"):
            price = self._client.v1.prices.retrieve(price_id).to_dict()
        if price.get("unit_amount") is None or price.get("recurring") or not price["active"]:
            raise BadOrder(f"{price_id} is not an active one-time price with a fixed amount")
        per_unit = (price.get("metadata") or {}).get("credits_per_unit", "1")
        return Price(price_id, price["unit_amount"], price["currency"], per_unit)

    def live_link(
        self,
        price_id: str,
        quantity: int,
        words: SaleWords,
        metadata: dict[str, str],
        thanks_url: str,
        now_s: float,
    ) -> tuple[str, str]:
        """The id and address of the payment link with just this metadata, made if there is none."""
        with at_stripe("find or make a payment link"):
            return live_link(self._client.v1, price_id, quantity, words, metadata, thanks_url, now_s)

    def end_pages(self, machine_id: str) -> list[str]:
        """End a machine's open payment pages; gives their ids."""
        with at_stripe("end payment pages"):
            return end_sessions(self._client.v1, partial(self._is_of, machine_id))

    def retire_links(self, machine_id: str) -> list[str]:
        """Switch a machine's live payment links off; gives their ids."""
        with at_stripe("switch payment links off"):
            return retire_links(self._client.v1, partial(self._is_of, machine_id))

    def _is_of(self, machine_id: str, metadata: Mapping[str, str]) -> bool:
        return metadata.get("machine_id") == machine_id and self._ownership.owns(metadata)

    def _session_metadata(self, payment_id: str) -> dict[str, str]:
        # A payment link's metadata reaches the session, and not the payment.
        sessions = self._client.v1.checkout.sessions.list(params={"payment_intent": payment_id})
        return dict(sessions.to_dict()["data"][0]["metadata"] or {}) if sessions.data else {}
