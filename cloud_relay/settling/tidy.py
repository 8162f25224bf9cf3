"""EDGE. Tidy, each minute: publishes again what may have been lost, releases what nobody settled."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from cloud_relay.errors import (
    BrokerUnavailable,
    NobodySubscribed,
    NotAtStripe,
    PublishRefused,
    StripeUnavailable,
)
from cloud_relay.relay import Relay
from cloud_relay.rules.log_events import EventName, GivenBack, Held, Publishing, TidyList
from cloud_relay.rules.messages import ASK_FOR_IT_S
from cloud_relay.rules.open_payment import OpenPayment
from cloud_relay.rules.orders import BadOrder, UnsellableCredits
from cloud_relay.rules.settlement import Result
from cloud_relay.rules.tidy_rules import GiveBack, Remind, Republish, Rules, Waiting
from cloud_relay.settling.pulses import PaidOrder, paid_order, publish_pulse
from cloud_relay.settling.receipts import give_back
from cloud_relay.settling.release import Released, release_if_open
from cloud_relay.settling.tidy_told import told_run
from cloud_relay.settling.told import REASONS, tell_given_back, tell_money, tell_published, why_not
from cloud_relay.settling.unsellable import give_back_unsellable

HOUR_S = 3600

log = logging.getLogger(__name__)


class TidyOutcome(StrEnum):
    """What a run did with one open payment."""

    REPUBLISHED = "republished"
    RELEASED = "released"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True)
class Tidied:
    """One open payment, what was done with it, and why."""

    payment: OpenPayment
    outcome: TidyOutcome
    why: str


def tidy(relay: Relay) -> list[Tidied]:
    """One run over all open payments; one payment's failure does not stop the others.

    A list at Stripe may lack a payment, so nothing is concluded from what is not in it.

    Raises:
        StripeUnavailable: Stripe did not list them all.
    """
    return told_run(
        relay,
        TidyList.RECENT,
        lambda: _tidied(relay, [payment for page in relay.book.all_pages() for payment in page]),
        summary,
    )


def tidy_recent(relay: Relay) -> list[Tidied]:
    """One run over what may still be credited, if it is worth reading now: Stripe rations reads.

    Raises:
        StripeUnavailable: Stripe did not list them; nothing was done.
    """
    if relay.book.take_recent_due():
        return told_run(relay, TidyList.RECENT, lambda: _tidied(relay, relay.book.recent()), summary)
    return told_run(relay, TidyList.NONE, list[Tidied], summary)


class LongTidy:
    """The hourly run over all that can be open, a page at a time: a large account has a thousand of them."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._pages: Iterator[list[OpenPayment]] | None = None

    def go_on(self, for_s: float) -> list[Tidied]:
        """Begin if it is due, go on if it has begun, and stop at its end, or after about that long.

        Raises:
            StripeUnavailable: Stripe did not give a page; the next hour begins anew.
        """
        if self._pages is None and self._relay.book.take_all_due():
            self._pages = self._relay.book.all_pages()
        if self._pages is None:
            return []
        return told_run(self._relay, TidyList.ALL, lambda: self._some_pages(for_s), summary)

    def _some_pages(self, for_s: float) -> list[Tidied]:
        pages, self._pages = self._pages, None
        done: list[Tidied] = []
        until_s = self._relay.clock() + for_s
        for page in pages or ():
            older = [payment for payment in page if not self._relay.book.is_recent(payment)]
            done += _tidied(self._relay, older)
            if self._relay.clock() >= until_s:
                self._pages = pages
                break
        return done


def publish_if_lost(relay: Relay, payment: OpenPayment) -> None:
    """Publish a payment whose webhook should have come by now: its player waits before the machine.

    The player's own page has just read it at Stripe, so that this costs no further read.
    """
    rules = Rules(relay.settings.credit_window_s, relay.settings.release_after_s)
    if relay.fitness.clock_trouble:  # that very read may have shown it
        return
    if isinstance(rules.step(payment, relay.clock()), Republish):
        relay.book.notice()
        _tidied(relay, [payment])


def _tidied(relay: Relay, payments: list[OpenPayment]) -> list[Tidied]:
    return list(_Run(relay).over(payments))


def summary(done: list[Tidied]) -> dict[str, int]:
    """How many of each outcome."""
    counted = Counter(one.outcome for one in done)
    return {outcome.value: counted[outcome] for outcome in TidyOutcome}


class _Run:
    """One run; it stops asking a broker that was away, so that a long list does not take minutes.

    The list has just shown that the clock is right: its time is taken once, and goes on by one that nobody
    sets, for a run may take minutes.
    """

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._rules = Rules(relay.settings.credit_window_s, relay.settings.release_after_s)
        self._broker_away: BrokerUnavailable | None = None
        self._began_s, self._steady_s = relay.clock(), time.monotonic()

    def _now_s(self) -> float:
        return self._began_s + time.monotonic() - self._steady_s

    def over(self, payments: list[OpenPayment]) -> Iterator[Tidied]:
        for payment in payments:
            outcome, why = self._tidied(payment)
            yield Tidied(payment, outcome, why)

    def _tidied(self, payment: OpenPayment) -> tuple[TidyOutcome, str]:
        match self._rules.step(payment, self._now_s()):
            case Republish() | Remind() as step:
                return self._remember(payment, step)
            case GiveBack():
                return self._give_back(payment)
            case Waiting() as why:
                return TidyOutcome.WAITING, why

    def _remember(self, payment: OpenPayment, step: Republish | Remind) -> tuple[TidyOutcome, str]:
        """Publish a payment again, or remind its cabinet of it; one that never can be credited goes back."""
        try:
            paid = paid_order(payment, self._relay.settings.credit_amount)
        except BadOrder as why:
            if self._relay.settings.stripe.ownership.is_tagged(payment.metadata):
                return self._give_back_unsellable(payment, why)
            if isinstance(step, Republish):
                return self._not_published(payment, why, time.monotonic())
            return TidyOutcome.WAITING, Waiting.RECEIPT  # said while it was in its window
        except UnsellableCredits as why:
            return self._give_back_unsellable(payment, why)
        match step:
            case Republish(expiry_s):
                return self._republish(payment, paid, expiry_s)
            case Remind():
                return self._remind(payment, paid)

    def _give_back_unsellable(
        self, payment: OpenPayment, why: BadOrder | UnsellableCredits
    ) -> tuple[TidyOutcome, str]:
        result = give_back_unsellable(self._relay, payment.payment_id, payment.machine_id, why)
        return TidyOutcome.FAILED if result is Result.RETRY else TidyOutcome.RELEASED, str(why)

    def _republish(self, payment: OpenPayment, paid: PaidOrder, expiry_s: int) -> tuple[TidyOutcome, str]:
        began_s = time.monotonic()
        try:
            self._publish(paid, expiry_s)
        except (BrokerUnavailable, NobodySubscribed, PublishRefused) as why:
            return self._not_published(payment, why, began_s)
        tell_published(self._relay, paid, Publishing.REPEATED, began_s)
        return TidyOutcome.REPUBLISHED, f"{paid.order.credits} credits, expiry {expiry_s} s"

    def _remind(self, payment: OpenPayment, paid: PaidOrder) -> tuple[TidyOutcome, str]:
        try:
            self._publish(paid, ASK_FOR_IT_S)
        except (BrokerUnavailable, NobodySubscribed, PublishRefused) as why:
            log.debug("Did not remind %s of %s: %s", payment.machine_id, payment.payment_id, why)
        self._tell_held(payment)
        return TidyOutcome.WAITING, Waiting.RECEIPT

    def _tell_held(self, payment: OpenPayment) -> None:
        """Its credits were given or not: either way its cabinet should have said so by now."""
        hours = int(self._now_s() - payment.created_s) // HOUR_S
        if hours and not self._relay.book.is_recent(payment):
            words = f"Still holds {payment.payment_id} of {payment.machine_id}: no receipt for {hours} h"
            began_s = time.monotonic()
            self._tell(EventName.HELD, payment, Held.NO_RECEIPT, began_s, words, level=logging.WARNING)

    def _publish(self, paid: PaidOrder, expiry_s: int) -> None:
        if self._broker_away is not None:
            raise self._broker_away
        try:
            publish_pulse(self._relay, paid.order, paid.payment_id, named_s=paid.named_s, expiry_s=expiry_s)
        except BrokerUnavailable as why:
            self._broker_away = why
            raise

    def _give_back(self, payment: OpenPayment) -> tuple[TidyOutcome, str]:
        if payment.immediate:
            return self._refund(payment)
        began_s = time.monotonic()
        try:
            released = release_if_open(self._relay.stripe(), payment.payment_id)
        except (StripeUnavailable, NotAtStripe) as why:
            return self._not_released(payment, why, began_s)
        if released is not Released.NOW:
            log.info("Left %s alone: it %s", payment.payment_id, released)
            return TidyOutcome.WAITING, f"it {released}"
        why_back, machine_id = GivenBack.NO_RECEIPT, payment.machine_id
        tell_given_back(
            self._relay, payment.payment_id, machine_id, payment, why_back, began_s, was_charged=False
        )
        return TidyOutcome.RELEASED, REASONS[why_back]

    def _refund(self, payment: OpenPayment) -> tuple[TidyOutcome, str]:
        """Give back what is left of a payment that was charged at once, as its cabinet's receipt would."""
        late = payment.came_too_late(self._rules.window_s)
        why = GivenBack.CAME_TOO_LATE if late else GivenBack.NO_RECEIPT
        result = give_back(self._relay, payment.payment_id, why)
        if result is Result.RETRY:
            return TidyOutcome.FAILED, "Stripe did not do it"
        if result is not Result.SETTLED:
            log.info("Left %s alone: it %s", payment.payment_id, Released.SETTLED)
            return TidyOutcome.WAITING, f"it {Released.SETTLED}"
        return TidyOutcome.RELEASED, REASONS[why]

    def _not_published(self, payment: OpenPayment, why: Exception, began_s: float) -> tuple[TidyOutcome, str]:
        words = f"Did not publish {payment.payment_id} of {payment.machine_id} in tidy: {why}"
        self._tell(EventName.PUBLISH_FAILED, payment, why_not(why), began_s, words)
        return TidyOutcome.FAILED, str(why)

    def _not_released(self, payment: OpenPayment, why: Exception, began_s: float) -> tuple[TidyOutcome, str]:
        words = f"Did not release {payment.payment_id} of {payment.machine_id} in tidy: {why}"
        self._tell(EventName.HELD, payment, Held.RELEASE_FAILED, began_s, words)
        return TidyOutcome.FAILED, str(why)

    def _tell(
        self,
        name: EventName,
        payment: OpenPayment,
        outcome: str,
        began_s: float,
        words: str,
        level: int = logging.ERROR,
    ) -> None:
        tell_money(self._relay, name, payment.payment_id, payment.machine_id, outcome, began_s, words, level)
