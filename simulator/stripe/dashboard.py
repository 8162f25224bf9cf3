"""EDGE. What happens to the account without the API: payers, banks, and its owner in Stripe's dashboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from simulator.stripe.keeper import Keeper
from simulator.stripe.model import catalogue, deferred, disputes, holds, refunds, seed, shop, till
from simulator.stripe.model.book import Book
from simulator.stripe.model.errors import Json, Refusal
from simulator.stripe.model.objects.intents import IntentStatus
from simulator.stripe.model.objects.table import (
    CheckoutSession,
    Dispute,
    EarlyFraudWarning,
    PaymentIntent,
    Refund,
)
from simulator.stripe.model.objects.trouble import DisputeStatus
from simulator.stripe.model.payer import Payer


@dataclass(frozen=True)
class Dashboard:
    """The acts of payers, banks and the account's owner on the stand-in's book."""

    keeper: Keeper

    def pay(self, session: str, payer: Payer | None = None) -> str:
        """Do what the Pay button does; gives the PaymentIntent's id.

        `session` is a session's id or address, or a payment link's address (opening it makes a
        session). `payer` is what this payer changes: see `Payer`. Raises Refusal when it can no longer be
        paid.
        """
        return self._press(session, lambda book, found, now_s: till.pay(book, found, now_s, payer))

    def decline(self, session: str) -> str:
        """Do what the Decline button does; the session stays open. Gives the PaymentIntent's id."""
        return self._press(session, till.decline)

    def pay_later(self, session: str, method: str = "us_bank_account", payer: Payer | None = None) -> str:
        """Order a debit whose money comes later, or never; gives the PaymentIntent's id.

        Then `money_came` or `money_never_came`. Raises Refusal where the session does not take the method.
        """
        who = payer or Payer()
        return self._press(
            session, lambda book, found, now_s: deferred.pay_later(book, found, method, now_s, who)
        )

    def money_came(self, payment_intent: str) -> None:
        """Have the bank pay what was ordered with `pay_later`."""
        self.keeper.turn(lambda book, now_s: deferred.money_came(book, payment_intent, now_s))

    def money_never_came(self, payment_intent: str) -> None:
        """Have the bank refuse what was ordered with `pay_later`."""
        self.keeper.turn(lambda book, now_s: deferred.money_never_came(book, payment_intent, now_s))

    def capture(self, payment_intent: str, amount: int | None = None) -> None:
        """Capture by hand: all that is reserved, or this much."""
        params = {} if amount is None else {"amount_to_capture": amount}
        self.keeper.turn(lambda book, now_s: holds.capture(book, payment_intent, params, now_s))

    def cancel(self, payment_intent: str) -> None:
        """Release a reservation by hand."""
        self.keeper.turn(lambda book, now_s: holds.cancel(book, payment_intent, {}, now_s))

    def refund(self, payment_intent: str, amount: int | None = None) -> str:
        """Refund by hand: all that is left, or this much; gives the Refund's id."""
        params: Json = {"payment_intent": payment_intent}
        if amount is not None:
            params["amount"] = amount
        return self.keeper.turn(lambda book, now_s: refunds.refund(book, params, now_s).id)

    def begin_refunds_as(self, status: Literal["succeeded", "pending"]) -> None:
        """Have the refunds made from now on succeed at once, or stay pending until `finish_refund`."""

        def set_status(book: Book, _now_s: int) -> None:
            book.next_refunds = status

        self.keeper.turn(set_status)

    def finish_refund(
        self,
        refund: str,
        outcome: Literal["succeeded", "failed"],
        reason: str = "expired_or_canceled_card",
    ) -> Refund:
        """End a pending refund, or let a succeeded one fail after all, for that reason."""
        return self.keeper.turn(
            lambda book, now_s: refunds.finish_refund(book, refund, outcome, now_s, reason)
        )

    def dispute(self, payment_intent: str, reason: str = "fraudulent", *, inquiry: bool = False) -> Dispute:
        """Have the payer's bank take a captured payment back, or (`inquiry`) only ask about it."""
        return self.keeper.turn(
            lambda book, now_s: disputes.dispute(book, payment_intent, now_s, reason, inquiry=inquiry)
        )

    def close_dispute(self, dispute: str, status: DisputeStatus) -> Dispute:
        """End a dispute as `won` or `lost`, or an inquiry as `warning_closed`."""
        return self.keeper.turn(lambda book, now_s: disputes.close_dispute(book, dispute, status, now_s))

    def warn_of_fraud(
        self, payment_intent: str, fraud_type: str = "made_with_stolen_card"
    ) -> EarlyFraudWarning:
        """Have the card network warn of a captured payment."""
        return self.keeper.turn(lambda book, now_s: disputes.warn(book, payment_intent, now_s, fraud_type))

    def change_account(self, **changes: object) -> None:
        """Change fields of the account: `statement_prefix`, `charges_enabled`, `api_version`, and so on."""

        def change(book: Book, _now_s: int) -> None:
            book.account = replace(book.account, **changes)  # type: ignore[arg-type]

        self.keeper.turn(change)

    def turn_off(self, *methods: str) -> None:
        """Turn payment methods off, as under Settings, Payment methods: `card`, `apple_pay`."""

        def turn_off(book: Book, _now_s: int) -> None:
            for each in book.methods.values():
                book.methods[each.id] = replace(each, on=each.on.difference(methods))

        self.keeper.turn(turn_off)

    def create_price(
        self,
        unit_amount: int,
        currency: str,
        metadata: dict[str, str] | None = None,
        product_name: str = "Arcade credit",
        currency_options: Mapping[str, int] | None = None,
    ) -> str:
        """A new price, with amounts in further currencies if wanted; gives its id."""
        params: Json = {
            "unit_amount": unit_amount,
            "currency": currency,
            "metadata": metadata or {},
            "product_data": {"name": product_name},
            "currency_options": {
                other: {"unit_amount": amount} for other, amount in (currency_options or {}).items()
            },
        }
        return self.keeper.turn(lambda book, now_s: catalogue.create_price(book, params, now_s).id)

    def seed_payments(
        self,
        count: int,
        *,
        over_s: int,
        metadata: Mapping[str, str],
        amount: int = 100,
        currency: str = "usd",
        status: IntentStatus = "succeeded",
    ) -> list[str]:
        """A past of so many payments, evenly spread over the last `over_s`, without events or sessions.

        Gives their ids, oldest first; see `model.seed`.
        """
        return self.keeper.turn(
            lambda book, now_s: seed.seed_payments(
                book,
                count,
                first_s=now_s - over_s,
                last_s=now_s,
                metadata=metadata,
                amount=amount,
                currency=currency,
                status=status,
            )
        )

    def money(self, currency: str = "usd") -> dict[str, int]:
        """Where all money of one currency is, in minor units: reserved, charged, released, refunded.

        The first three add up to all that was ever approved; `refunded` is a part of `charged`.
        """
        return self.keeper.turn(lambda book, _now_s: till.money(book, currency))

    def _press(self, session: str, act: Callable[[Book, str, int], PaymentIntent]) -> str:
        def press(book: Book, now_s: int) -> str:
            return act(book, _session_id(book, session, now_s), now_s).id

        return self.keeper.turn(press)


def _session_id(book: Book, session: str, now_s: int) -> str:
    """The id of a session, from itself, its address or the address of a payment link."""
    steps = [step for step in urlsplit(session).path.split("/") if step]
    if len(steps) >= 2 and steps[-2] == "b":
        return shop.open_link(book, steps[-1], None, now_s).id
    if not steps:
        raise Refusal(f"No such checkout.session: '{session}'", "resource_missing", "session", 404)
    return book.get(CheckoutSession, steps[-1], param="session").id
