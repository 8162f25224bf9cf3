"""EDGE. Payments that a cabinet names by their ids: each is a read of its own, and reads are rationed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloud_relay.errors import NotAtStripe, StripeUnavailable
from cloud_relay.memory.recent import Recent
from cloud_relay.rules.open_payment import OpenPayment

if TYPE_CHECKING:
    from cloud_relay.stripe.payments import StripePayments

# With the list that comes before them, no question of one cabinet causes more than three calls.
MOST_AT_ONCE = 2
_KEPT_S, _MOST_KEPT = 60, 1000


@dataclass(frozen=True)
class _Read:
    """What Stripe said of one payment: open, or not."""

    payment: OpenPayment | None


class NamedReads:
    """Reads two payments for one question; asked again, it comes two further, until it has them all."""

    def __init__(self, stripe: Callable[[], StripePayments], clock: Callable[[], float]) -> None:
        self._stripe = stripe
        self._clock = clock
        self._kept: Recent[_Read] = Recent(_MOST_KEPT)

    def of(self, payment_ids: Sequence[str]) -> list[OpenPayment]:
        """The payments that are open, of these.

        Raises:
            StripeUnavailable: Stripe did not say, or there are more than can be read at once.
        """
        found, left = [], MOST_AT_ONCE
        for payment_id in payment_ids:
            if (read := self._kept.get(payment_id, self._clock())) is None:
                if not left:
                    raise StripeUnavailable(f"{len(payment_ids)} payments are read two at a time: ask again")
                read, left = self._read(payment_id), left - 1
            found.append(read.payment)
        for payment_id in payment_ids:  # an answer is for now: the next question reads anew
            self._kept.forget(payment_id)
        return [payment for payment in found if payment is not None]

    def _read(self, payment_id: str) -> _Read:
        try:
            read = _Read(self._stripe().open_payment(payment_id))
        except NotAtStripe:
            read = _Read(None)
        self._kept.keep(payment_id, read, self._clock(), _KEPT_S)
        return read
