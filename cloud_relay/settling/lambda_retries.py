"""EDGE. On Lambda the function calls itself: once it has answered it is frozen, and no thread would run."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from cloud_relay.relay import Relay
from cloud_relay.rules.orders import Order
from cloud_relay.settling.pulses import PaidOrder
from cloud_relay.settling.unpublished import AGAIN_EVERY_S, published

SOURCE = "cloud_relay.unpublished"
# Less than the function's time-out by what the last try and the pause after it may take: a dead connection is
# noticed within 10 s.
LAST_TRY_S = 15.0

log = logging.getLogger(__name__)
Invoke = Callable[[bytes], None]


class SelfInvocation:
    """Has another call of this function try again; `invoke` sends it an event and waits for nothing."""

    def __init__(self, invoke: Invoke) -> None:
        self._invoke = invoke

    def keep(self, paid: PaidOrder) -> None:
        """Have it tried again. Where that is not possible Stripe repeats its webhook, minutes later."""
        try:
            self._invoke(json.dumps({"source": SOURCE, "paid": asdict(paid)}).encode())
        except Exception:
            log.exception("Cannot try again to publish %s: may the function invoke itself?", paid.payment_id)


def is_retry(event: Mapping[str, Any]) -> bool:
    """Whether an event comes from `SelfInvocation`; no HTTP request can have this source."""
    return event.get("source") == SOURCE


def try_until_done(relay: Relay, retries: SelfInvocation, event: Mapping[str, Any], left_s: float) -> bool:
    """Try until it is published, or too late for it; when `left_s` is nearly over, another call goes on."""
    fields = dict(event["paid"])
    paid = PaidOrder(**fields | {"order": Order(**fields["order"])})
    until_s = time.monotonic() + left_s - LAST_TRY_S
    while not (done := published(relay, paid)):
        # Before it hands on too: a function with a short timeout would else call itself without a pause.
        time.sleep(AGAIN_EVERY_S)
        if time.monotonic() >= until_s:
            retries.keep(paid)
            break
    return done
