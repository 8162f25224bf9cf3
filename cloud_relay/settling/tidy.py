"""EDGE. Tidy, each minute: publishes again what may have been lost, releases what nobody settled."""

from __future__ import annotations

import logging
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
from cloud_relay.rules.open_payment import OpenPayment
from cloud_relay.rules.orders import BadOrder, UnsellableCredits, order_from
from cloud_relay.rules.tidy_rules import GiveBack, Republish, Rules, Waiting
from cloud_relay.settling.pulses import publish_pulse
from cloud_relay.settling.release import Released, release_if_open

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
    """One run over all open reservations; one payment's failure does not stop the others.

    A list at Stripe may lack a payment, so nothing is concluded from what is not in it.

    Raises:
        StripeUnavailable: Stripe did not list them; nothing was done.
    """
    done = list(_Run(relay).over(relay.stripe().all_open_payments(relay.clock())))
    counts = summary(done)
    idle = all(one.outcome is TidyOutcome.WAITING for one in done)
    log.log(logging.DEBUG if idle else logging.INFO, "Tidied: %s", in_words(counts))
    return done


def summary(done: list[Tidied]) -> dict[str, int]:
    """How many of each outcome."""
    counted = Counter(one.outcome for one in done)
    return {outcome.value: counted[outcome] for outcome in TidyOutcome}


def in_words(counts: dict[str, int]) -> str:
    """A summary as one line."""
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items())


class _Run:
    """One run; it stops asking a broker that was away, so that a long list does not take minutes."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._rules = Rules(relay.settings.credit_window_s, relay.settings.release_after_s)
        self._broker_away: BrokerUnavailable | None = None

    def over(self, payments: list[OpenPayment]) -> Iterator[Tidied]:
        for payment in payments:
            outcome, why = self._tidied(payment)
            yield Tidied(payment, outcome, why)

    def _tidied(self, payment: OpenPayment) -> tuple[TidyOutcome, str]:
        match self._rules.step(payment, self._relay.clock()):
            case Republish(expiry_s):
                return self._republish(payment, expiry_s)
            case GiveBack():
                return self._give_back(payment)
            case Waiting() as why:
                return TidyOutcome.WAITING, why

    def _republish(self, payment: OpenPayment, expiry_s: int) -> tuple[TidyOutcome, str]:
        try:
            order = order_from(payment.metadata, payment.amount, payment.currency)
            if self._broker_away is not None:
                raise self._broker_away
            publish_pulse(self._relay, order, payment.payment_id, named_s=payment.named_s, expiry_s=expiry_s)
        except (BadOrder, UnsellableCredits, NobodySubscribed, PublishRefused) as why:
            return _failed("publish", payment, why)
        except BrokerUnavailable as why:
            self._broker_away = why
            return _failed("publish", payment, why)
        log.info("Published %s again: %d s are left of its window", payment.payment_id, expiry_s)
        return TidyOutcome.REPUBLISHED, f"{order.credits} credits, expiry {expiry_s} s"

    def _give_back(self, payment: OpenPayment) -> tuple[TidyOutcome, str]:
        try:
            released = release_if_open(self._relay.stripe(), payment.payment_id)
        except (StripeUnavailable, NotAtStripe) as why:
            return _failed("release", payment, why)
        if released is not Released.NOW:
            log.info("Left %s alone: it %s", payment.payment_id, released)
            return TidyOutcome.WAITING, f"it {released}"
        log.warning(
            "Released %s of %s, %d %s: no receipt came",
            payment.payment_id,
            payment.machine_id,
            payment.amount,
            payment.currency,
        )
        return TidyOutcome.RELEASED, "no receipt came"


def _failed(what: str, payment: OpenPayment, why: Exception) -> tuple[TidyOutcome, str]:
    log.error("Did not %s %s of %s in tidy: %s", what, payment.payment_id, payment.machine_id, why)
    return TidyOutcome.FAILED, str(why)
