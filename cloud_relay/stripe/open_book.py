"""EDGE. What Stripe holds open, for all in this process who want to know it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cloud_relay.errors import StripeUnavailable
from cloud_relay.memory.shared import Shared
from cloud_relay.rules.open_payment import RESERVATION_S, OpenPayment
from cloud_relay.rules.tidy_schedule import SESSION_LIFE_S, TidySchedule
from cloud_relay.stripe.old_links import OldLinks

if TYPE_CHECKING:
    from cloud_relay.settings import Settings
    from cloud_relay.stripe.fitness import Fitness
    from cloud_relay.stripe.payments import StripePayments

DAY_S = 24 * 3600
# A payment is made with its session, at most a day before its card is charged; nothing older can be open.
OPEN_AT_MOST_S = RESERVATION_S + DAY_S
# Cabinets that boot together share one list. What is paid meanwhile comes to them as a message.
FRESH_S = 5.0


class OpenBook:
    """The short list, of what may still be credited, and the long one, of all that can be open."""

    def __init__(
        self,
        settings: Settings,
        stripe: Callable[[], StripePayments],
        clock: Callable[[], float],
        fitness: Fitness,
    ) -> None:
        self._stripe = stripe
        self._clock = clock
        self._fitness = fitness
        self._recent_s = settings.credit_window_s + SESSION_LIFE_S
        self._recent = Shared(self._read_recent, FRESH_S, clock)
        self._old_links = OldLinks(settings, stripe)
        self._lock = threading.Lock()
        self._schedule = TidySchedule(settings.credit_window_s, settings.tidy_every_s or 60, clock())

    def recent(self) -> list[OpenPayment]:
        """Open payments made within the last window and the life of a session before it, newest first.

        Raises:
            StripeUnavailable: Stripe did not list them, or has another time than we.
        """
        return self._recent.get()

    def all_pages(self) -> Iterator[list[OpenPayment]]:
        """All open payments, newest first, as each page of a hundred payments of the account is read.

        Raises:
            StripeUnavailable: Stripe did not give a page, or has another time than we.
        """
        since_s, listed = self._clock() - OPEN_AT_MOST_S, set[str]()
        for page in self._since(OPEN_AT_MOST_S):
            listed |= {payment.payment_id for payment in page}
            yield page
        older = self._old_links.made_before(since_s)
        listed |= {payment.payment_id for payment in older}
        yield self._by_a_right_clock(older)
        lost = self._old_links.take_up_lost(self._clock(), listed)
        yield self._by_a_right_clock([payment for payment in lost if payment.payment_id not in listed])

    def is_recent(self, payment: OpenPayment) -> bool:
        """Whether the short list has it, so that the long one need not."""
        return payment.named_s >= self._clock() - self._recent_s

    def notice(self) -> None:
        """Somebody opened a payment page, or paid: the short list is read often now."""
        with self._lock:
            self._schedule = self._schedule.noticed(self._clock())

    def take_recent_due(self) -> bool:
        """Whether tidy is to read the short list now; saying so counts as reading."""
        with self._lock:
            now_s = self._clock()
            if due := self._schedule.is_recent_due(now_s):
                self._schedule = self._schedule.recent_read(now_s)
            return due

    def recent_failed(self) -> None:
        """The short list could not be read: tidy is to try again soon, also where nobody pays."""
        with self._lock:
            self._schedule = self._schedule.recent_failed(self._clock())

    def take_all_due(self) -> bool:
        """Whether tidy is to begin with the long list now; saying so counts as reading."""
        with self._lock:
            now_s = self._clock()
            if due := self._schedule.is_all_due(now_s):
                self._schedule = self._schedule.all_read(now_s)
            return due

    def _read_recent(self) -> list[OpenPayment]:
        return [payment for page in self._since(self._recent_s) for payment in page]

    def _since(self, ago_s: float) -> Iterator[list[OpenPayment]]:
        """Pages of what was made since then, as long as the clock by which their age is told is right."""
        for page in self._stripe().open_payments_since(self._clock() - ago_s):
            yield self._by_a_right_clock(page)

    def _by_a_right_clock(self, page: list[OpenPayment]) -> list[OpenPayment]:
        if trouble := self._fitness.clock_trouble:  # the page itself has shown it, by its date
            raise StripeUnavailable(trouble.words)
        return page
