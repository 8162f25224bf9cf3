"""EDGE. The end of a run: is the chain at rest, and what does the relay tidy up days later."""

from __future__ import annotations

import time
from collections.abc import Mapping

from cloud_relay.relay import relay_from
from cloud_relay.settings import read_settings
from cloud_relay.settling.tidy import Tidied, tidy
from simulator.chain.chain import Chain
from simulator.chaos.books import ledger_file, stripe_payments, unfinished
from simulator.chaos.neighbour import Neighbour

# Behind the window: the slowest repeats are a minute apart, the receipt's and tidy's; and who took a broker
# that crashes for a second cabinet sells again after five minutes.
REST_WITHIN_S = 360.0
# What Stripe repeats comes after minutes; what is on its way or held back comes sooner.
SOON_S = 10.0
REPEATED_WITHIN_S = 30.0


def is_at_rest(chain: Chain, neighbour: Neighbour, window_s: float) -> bool:
    """Whether nothing more will happen by itself, but for Stripe's repeats and tidy's releases much later."""
    now_s = time.time()
    in_window = any(p.reserved and now_s <= p.created_s + window_s + 1 for p in stripe_payments(chain))
    return (
        not in_window
        and not chain.stripe.webhooks.undelivered_within(SOON_S)
        and not unfinished(ledger_file(chain))
        and not neighbour.owed
    )


def repeats_hours_later(chain: Chain) -> None:
    """Have Stripe repeat now what it would repeat in minutes and hours, each once, and wait until it has."""
    webhooks = chain.stripe.webhooks
    webhooks.retry_now()
    deadline_s = time.monotonic() + REPEATED_WITHIN_S
    while webhooks.undelivered_within(SOON_S) and time.monotonic() < deadline_s:
        time.sleep(0.05)


def tidy_days_later(chain: Chain, environment: Mapping[str, str]) -> list[Tidied]:
    """What a relay's tidy does once it may release what no cabinet ever reported.

    Raises:
        StripeUnavailable: the stand-in did not list the payments.
    """
    settings = read_settings(environment)
    chain.stripe.clock.ahead_s = settings.release_after_s
    relay = relay_from(settings, clock=lambda: time.time() + settings.release_after_s)
    try:
        return tidy(relay)
    finally:
        relay.publisher.close()
