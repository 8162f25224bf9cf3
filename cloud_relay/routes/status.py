"""GET /status: that the relay is up, whether the broker is there, and when tidy last ran."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from cloud_relay import __version__
from cloud_relay.relay import Relay
from cloud_relay.rules.messages import iso_utc

_CLOCKS_DIFFER_S = 60.0


def status_of(relay: Relay) -> ResponseReturnValue:
    """What is known already: whoever asks waits for nobody, and costs nobody anything."""
    seen = relay.watch.seen()
    tidied_s = last_tidied_s(relay, seen.tidied_s)
    return {
        "status": "up",
        "message": "API is running",
        "version": __version__,
        "broker": seen.broker,
        "tidyLastRan": None if tidied_s is None else iso_utc(tidied_s),
    }


def last_tidied_s(relay: Relay, noted_s: float | None) -> float | None:
    """When tidy last ran, in this process or in the one that left a note; None where neither is known."""
    latest_s = relay.clock() + _CLOCKS_DIFFER_S  # what is later was written by a clock that is wrong
    known = (each for each in (relay.tidied.ran_s, noted_s) if each is not None and each <= latest_s)
    return max(known, default=None)
