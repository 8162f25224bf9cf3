"""EDGE. Tells each event once: a line in the log, and a figure more for whoever asks for figures."""

from __future__ import annotations

import logging
import time

from cloud_relay.memory.tally import Spreads, Tally
from cloud_relay.rules.log_events import EventName, LogEvent, Publishing

# Of a PUBACK: a broker near by takes milliseconds, and one that is away is noticed within seconds.
_PUBACK_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Since Stripe's own time, in whole seconds; the credit window is three minutes.
_PAID_S = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 180.0)
_REQUEST_S = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

log = logging.getLogger(__name__)


class Teller:
    """What happened in this process; called with an event it tells it. For threads."""

    def __init__(self) -> None:
        self.requests = Tally()
        self.request_s = Spreads(_REQUEST_S)
        self.payments = Tally()
        self.puback_s = Spreads(_PUBACK_S)
        self.paid_s = Spreads(_PAID_S)
        self.tidied = Tally()
        self.retries = Tally()

    def __call__(self, event: LogEvent) -> None:
        """Log it, and count it."""
        log.log(event.level, "%s", event.words, extra={"event": event})
        if event.name is EventName.REQUEST:
            self._count_request(event)
        elif event.name is EventName.TIDIED:
            self.tidied.count(str(event.fields["list"]), str(event.fields["outcome"]))
        else:
            self._count_payment(event)

    def _count_request(self, event: LogEvent) -> None:
        method, route = str(event.fields["method"]), str(event.fields["route"])
        self.requests.count(method, route, str(event.fields["status"]))
        self.request_s.add(_seconds(event), route)

    def _count_payment(self, event: LogEvent) -> None:
        outcome = str(event.fields["outcome"])
        self.payments.count(event.name, outcome)
        if event.name is EventName.PUBLISHED and outcome != Publishing.FREE:
            self.paid_s.add(float(event.fields["since_paid_s"]), outcome)
            if outcome == Publishing.FIRST:
                self.puback_s.add(_seconds(event))


def ms_since(began_s: float) -> int:
    """Whole milliseconds since then, by the monotonic clock."""
    return round((time.monotonic() - began_s) * 1000)


def _seconds(event: LogEvent) -> float:
    return int(event.fields["ms"]) / 1000
