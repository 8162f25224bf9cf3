"""EDGE. What links of older relays sold, where the lists of payments do not show it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Set
from typing import TYPE_CHECKING

from cloud_relay.errors import NotAtStripe, StripeUnavailable
from cloud_relay.rules.immediate import SALES, ImmediateSale, sale_in
from cloud_relay.rules.open_payment import DAY_S, OpenPayment

if TYPE_CHECKING:
    from cloud_relay.settings import Settings
    from cloud_relay.stripe.payments import StripePayments

# How far back Stripe lists events: https://docs.stripe.com/webhooks/process-undelivered-events
EVENTS_KEPT_S = 30 * DAY_S

log = logging.getLogger(__name__)


class OldLinks:
    """Finds immediate payments whose webhook was lost, and those that are too old for the long list.

    Neither stops the list of reservations: what Stripe does not answer is logged, and asked again in an hour.
    """

    def __init__(self, settings: Settings, stripe: Callable[[], StripePayments]) -> None:
        self._ownership = settings.stripe.ownership
        self._credit_amount = settings.credit_amount
        self._stripe = stripe
        self._seen: set[str] = set()

    def take_up_lost(self, now_s: float, known: Set[str]) -> list[OpenPayment]:
        """Have everything looked after whose webhook Stripe could not deliver; what of it is open.

        What is `known` to be open is looked after already, but for when its money came. A payment whose
        webhook an older relay took is left alone: nobody knows whether its credits were given.
        """
        found = []
        try:
            for event_id, sale in self._undelivered(now_s - EVENTS_KEPT_S):
                is_news = sale.payment_id not in known or sale.came_s is not None
                if is_news and event_id not in self._seen:
                    found += self._taken_up(sale)
                self._seen.add(event_id)
        except StripeUnavailable as why:
            log.error("Cannot look for immediate payments whose webhook was lost: %s", why)
        return found

    def made_before(self, before_s: float) -> list[OpenPayment]:
        """The immediate payments made before then that nobody has settled, however old they are."""
        try:
            return self._stripe().looked_after_before(before_s)
        except StripeUnavailable as why:
            log.error("Cannot look for immediate payments of more than a week ago: %s", why)
            return []

    def _undelivered(self, since_s: float) -> Iterator[tuple[str, ImmediateSale]]:
        """Each sale with its event's id; events for another endpoint of the account can be among them."""
        for event in self._stripe().undelivered_events(SALES, since_s):
            sale = sale_in(event, self._ownership)
            if sale is not None and sale.is_ours(self._ownership, self._credit_amount):
                yield event["id"], sale

    def _taken_up(self, sale: ImmediateSale) -> list[OpenPayment]:
        try:
            payment = self._stripe().take_up(sale.payment_id, sale.marks)
        except NotAtStripe:
            return []
        if payment is None:
            return []
        log.warning("Took up %s, whose webhook was not delivered", sale.payment_id)
        return [payment]
