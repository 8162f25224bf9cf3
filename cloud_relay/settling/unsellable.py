"""EDGE. Gives back at once what can never be credited, and notes the reason for the operator."""

from __future__ import annotations

import logging

from cloud_relay.errors import NotAtStripe, StripeUnavailable
from cloud_relay.relay import Relay
from cloud_relay.rules.log_events import GivenBack
from cloud_relay.rules.marks import MarkKind
from cloud_relay.rules.orders import BadOrder, UnsellableCredits
from cloud_relay.rules.settlement import Result
from cloud_relay.settling.receipts import give_back

log = logging.getLogger(__name__)


def give_back_unsellable(
    relay: Relay, payment_id: str, machine_id: str, why: BadOrder | UnsellableCredits
) -> Result:
    """Release or refund a payment whose order cannot be believed or sold; `retry` if that is not done yet.

    The reason stays beside the payment: what a player is charged, and not what the log keeps, is asked about.
    """
    result = give_back(relay, payment_id, GivenBack.UNSELLABLE)
    if result in (Result.SETTLED, Result.ALREADY) and not _noted(relay, payment_id, machine_id, why):
        result = Result.RETRY
    log.error("Cannot credit %s, giving its money back (%s): %s", payment_id, result, why)
    return result


def _noted(relay: Relay, payment_id: str, machine_id: str, why: Exception) -> bool:
    try:
        relay.stripe().note(payment_id, MarkKind.UNSELLABLE, str(why), machine_id, relay.clock())
    except (StripeUnavailable, NotAtStripe) as not_yet:
        log.error("Did not note why %s was given back: %s", payment_id, not_yet)
        return False
    return True
