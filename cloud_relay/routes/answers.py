"""What a webhook does with a payment, and what it answers: published, given back, reported, or left alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask.typing import ResponseReturnValue

from cloud_relay.errors import BrokerUnavailable, NobodySubscribed, PublishRefused
from cloud_relay.relay import Relay
from cloud_relay.rules.orders import BadOrder, UnsellableCredits
from cloud_relay.rules.settlement import Result
from cloud_relay.settling.pulses import PaidOrder, publish_in_window
from cloud_relay.settling.receipts import give_back
from cloud_relay.settling.unpublished import Retries

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answers:
    """The relay, and what tries again by itself where the broker is away."""

    relay: Relay
    retries: Retries

    def published(self, paid: PaidOrder) -> ResponseReturnValue:
        """Publish what was paid for; 503 where the broker did not take it, so that Stripe repeats it too."""
        self.relay.book.notice()
        try:
            expiry_s = publish_in_window(self.relay, paid)
        except (BrokerUnavailable, NobodySubscribed, PublishRefused) as why:
            log.error("Did not publish %s, trying again: %s", paid.payment_id, why)
            self.retries.keep(paid)
            return {"published": False, "paymentId": paid.payment_id, "error": str(why)}, 503
        if expiry_s is None:
            log.warning("Did not publish %s: its credit window has passed", paid.payment_id)
            return {"late": True, "paymentId": paid.payment_id}
        order = paid.order
        log.info("Published %s: %d credits for %s", paid.payment_id, order.credits, order.machine_id)
        return {"published": True, "paymentId": paid.payment_id}

    def given_back(self, payment_id: str, why: BadOrder | UnsellableCredits | str) -> ResponseReturnValue:
        """Release or refund what can never be credited; 503 where Stripe did not do it."""
        result = give_back(self.relay, payment_id)
        log.error("Gave %s back (%s): %s", payment_id, result, why)
        return {"givenBack": result, "paymentId": payment_id}, 503 if result is Result.RETRY else 200


def reported(payment_id: str, why: BadOrder | UnsellableCredits) -> ResponseReturnValue:
    """Repeating the same event cannot mend it, so Stripe gets its 200 and the operator the error."""
    log.error("Did not publish %s: %s", payment_id, why)
    return {"reported": str(why), "paymentId": payment_id}
