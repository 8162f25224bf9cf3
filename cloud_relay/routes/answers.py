"""What a webhook does with a payment, and what it answers: published, given back, reported, or left alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from flask.typing import ResponseReturnValue

from cloud_relay.relay import Relay
from cloud_relay.routes.checkout import note_paid
from cloud_relay.routes.requests import request_began_s
from cloud_relay.rules.log_events import EventName, GivenBack, NotPublished, Publishing
from cloud_relay.rules.messages import expiry_s
from cloud_relay.rules.orders import BadOrder, UnsellableCredits
from cloud_relay.rules.settlement import Result
from cloud_relay.settling.pulses import NOT_NOW, PaidOrder, publish_in_window
from cloud_relay.settling.receipts import give_back
from cloud_relay.settling.told import tell_money, tell_published, why_not
from cloud_relay.settling.unpublished import Retries
from cloud_relay.settling.unsellable import give_back_unsellable


@dataclass(frozen=True)
class Answers:
    """The relay, and what tries again by itself where the broker is away."""

    relay: Relay
    retries: Retries

    def published(self, paid: PaidOrder) -> ResponseReturnValue:
        """Publish what was paid for; 503 where the broker did not take it, so that Stripe repeats it too."""
        self.relay.book.notice()
        note_paid(self.relay, paid.order.machine_id)
        try:
            left_s = publish_in_window(self.relay, paid)
        except NOT_NOW as why:
            return self._not_now(paid, why_not(why), str(why))
        if left_s is None and self._was_sent_in_time(paid):
            self.relay.fitness.suspect()
            why_late = "the relay's clock calls it late, and Stripe's does not"
            return self._not_now(paid, NotPublished.CLOCK_WRONG, why_late)
        if left_s is None:
            words = f"Did not publish {paid.payment_id}: its credit window has passed"
            self._not_published(paid, NotPublished.TOO_LATE, words, logging.WARNING)
            return {"late": True, "paymentId": paid.payment_id}
        tell_published(self.relay, paid, Publishing.FIRST, request_began_s())
        return {"published": True, "paymentId": paid.payment_id}

    def _not_now(self, paid: PaidOrder, outcome: NotPublished, why: str) -> ResponseReturnValue:
        words = f"Did not publish {paid.payment_id}, trying again: {why}"
        self._not_published(paid, outcome, words, logging.ERROR)
        self.retries.keep(paid)
        return {"published": False, "paymentId": paid.payment_id, "error": why}, 503

    def _not_published(self, paid: PaidOrder, outcome: NotPublished, words: str, level: int) -> None:
        self._tell_failed(paid.payment_id, paid.order.machine_id, outcome, words, level)

    def _tell_failed(
        self, payment_id: str, machine_id: str, outcome: NotPublished, words: str, level: int
    ) -> None:
        name, began_s = EventName.PUBLISH_FAILED, request_began_s()
        tell_money(self.relay, name, payment_id, machine_id, outcome, began_s, words, level)

    def _was_sent_in_time(self, paid: PaidOrder) -> bool:
        """Whether its webhook was signed in its window: both times are Stripe's."""
        window_s, signed_s = self.relay.settings.credit_window_s, self.relay.fitness.signed_s
        return signed_s is not None and expiry_s(window_s, paid.charged_s, signed_s) is not None

    def given_back(
        self, payment_id: str, metadata: Mapping[str, str], why: BadOrder | UnsellableCredits
    ) -> ResponseReturnValue:
        """Release or refund what can never be credited, and note why; 503 where Stripe did not do it."""
        result = give_back_unsellable(self.relay, payment_id, metadata.get("machine_id", ""), why)
        return _given_back(payment_id, result)

    def given_back_late(self, payment_id: str) -> ResponseReturnValue:
        """Refund what came too late for any cabinet to have heard of it; 503 where Stripe did not do it."""
        result = give_back(self.relay, payment_id, GivenBack.CAME_TOO_LATE)
        return _given_back(payment_id, result)

    def reported(
        self, payment_id: str, metadata: Mapping[str, str], why: BadOrder | UnsellableCredits
    ) -> ResponseReturnValue:
        """Repeating the same event cannot mend it, so Stripe gets its 200 and the operator the error."""
        words, machine_id = f"Did not publish {payment_id}: {why}", metadata.get("machine_id", "")
        self._tell_failed(payment_id, machine_id, NotPublished.BAD_ORDER, words, logging.ERROR)
        return {"reported": str(why), "paymentId": payment_id}


def _given_back(payment_id: str, result: Result) -> ResponseReturnValue:
    return {"givenBack": result, "paymentId": payment_id}, 503 if result is Result.RETRY else 200
