"""What a webhook does with a payment, and what it answers: published, given back, reported, or left alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from flask.typing import ResponseReturnValue

from cloud_relay.relay import Relay
from cloud_relay.routes.checkout import note_paid
from cloud_relay.rules.messages import expiry_s
from cloud_relay.rules.orders import BadOrder, UnsellableCredits
from cloud_relay.rules.settlement import Result
from cloud_relay.settling.pulses import NOT_NOW, PaidOrder, publish_in_window
from cloud_relay.settling.receipts import give_back
from cloud_relay.settling.unpublished import Retries
from cloud_relay.settling.unsellable import give_back_unsellable

log = logging.getLogger(__name__)


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
            return self._not_now(paid, str(why))
        if left_s is None and self._was_sent_in_time(paid):
            self.relay.fitness.suspect()
            return self._not_now(paid, "the relay's clock calls it late, and Stripe's does not")
        if left_s is None:
            log.warning("Did not publish %s: its credit window has passed", paid.payment_id)
            return {"late": True, "paymentId": paid.payment_id}
        order = paid.order
        log.info("Published %s: %d credits for %s", paid.payment_id, order.credits, order.machine_id)
        return {"published": True, "paymentId": paid.payment_id}

    def _not_now(self, paid: PaidOrder, why: str) -> ResponseReturnValue:
        log.error("Did not publish %s, trying again: %s", paid.payment_id, why)
        self.retries.keep(paid)
        return {"published": False, "paymentId": paid.payment_id, "error": why}, 503

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
        result = give_back(self.relay, payment_id)
        log.warning("Gave %s back (%s): its money came after its credit window", payment_id, result)
        return _given_back(payment_id, result)


def _given_back(payment_id: str, result: Result) -> ResponseReturnValue:
    return {"givenBack": result, "paymentId": payment_id}, 503 if result is Result.RETRY else 200


def reported(payment_id: str, why: BadOrder | UnsellableCredits) -> ResponseReturnValue:
    """Repeating the same event cannot mend it, so Stripe gets its 200 and the operator the error."""
    log.error("Did not publish %s: %s", payment_id, why)
    return {"reported": str(why), "paymentId": payment_id}
