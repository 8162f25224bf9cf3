"""What every route of the relay is given."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING

from cloud_relay.broker.publisher import Publisher
from cloud_relay.memory.recent import Recent
from cloud_relay.memory.tidy_times import TidyTimes
from cloud_relay.rules.fitness import KeyFound
from cloud_relay.rules.messages import tidied_topic
from cloud_relay.settings import Settings
from cloud_relay.stripe.fitness import Fitness
from cloud_relay.stripe.open_book import OpenBook
from cloud_relay.watching.broker_watch import BrokerWatch
from cloud_relay.watching.teller import Teller

if TYPE_CHECKING:
    from cloud_relay.stripe.payments import StripePayments

_MOST_MACHINES = 10_000


@dataclass(frozen=True)
class Relay:
    """The settings and the edges; `clock` gives Unix seconds, `stripe` makes its client once.

    `book` is what Stripe holds open, as far as this process has read it; `fitness` whether the relay could
    settle what it sells; `paid`, by machine, when it was last paid for (Unix seconds). `tell` is told what
    happens; `tidied` is when tidy ran here;
    `watch` knows whether the broker answers.
    """

    settings: Settings
    publisher: Publisher
    stripe: Callable[[], StripePayments]
    clock: Callable[[], float]
    book: OpenBook
    fitness: Fitness
    watch: BrokerWatch
    paid: Recent[float] = field(default_factory=lambda: Recent(_MOST_MACHINES))
    tell: Teller = field(default_factory=Teller)
    tidied: TidyTimes = field(default_factory=TidyTimes)


def relay_from(
    settings: Settings,
    *,
    publisher: Publisher | None = None,
    clock: Callable[[], float] = time.time,
    stripe: Callable[[], StripePayments] | None = None,
) -> Relay:
    """The relay's edges; they connect to nothing before they are first used."""
    fitness = Fitness(partial(_key_found, settings), clock)
    stripe = stripe or cache(lambda: _stripe_payments(settings, fitness))
    publisher = publisher or Publisher(settings.mqtt)
    tag = settings.stripe.ownership.tag
    return Relay(
        settings=settings,
        publisher=publisher,
        stripe=stripe,
        clock=clock,
        book=OpenBook(settings, stripe, clock, fitness),
        fitness=fitness,
        watch=BrokerWatch(publisher, tidied_topic(tag), clock),
    )


def _key_found(settings: Settings, fitness: Fitness) -> KeyFound:
    # Imported when first needed: Stripe's library takes a third of a cold start.
    from cloud_relay.stripe.probes import key_found

    return key_found(settings.stripe, fitness)


def _stripe_payments(settings: Settings, fitness: Fitness) -> StripePayments:
    from cloud_relay.stripe.payments import StripePayments

    return StripePayments(settings.stripe, fitness)
