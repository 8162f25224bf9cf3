"""GET /metrics: what this process has counted, for its operator's Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort

from cloud_relay import __version__
from cloud_relay.relay import Relay
from cloud_relay.routes.callers import require_operator
from cloud_relay.routes.status import last_tidied_s
from cloud_relay.rules.log_events import OUTCOMES, EventName, TidyList
from cloud_relay.watching.broker_watch import BrokerState
from cloud_relay.watching.doors import DoorsWatch

if TYPE_CHECKING:
    from cloud_relay.memory.tally import Key
    from cloud_relay.watching.exposition import Figure

# What has not happened yet is 0: an alert sees the first one only as a change.
_NO_PAYMENTS: dict[Key, int] = {
    (event, outcome): 0
    for event, outcomes in OUTCOMES.items()
    if event is not EventName.TIDIED
    for outcome in outcomes
}
_NO_RUNS: dict[Key, int] = {
    (which, outcome): 0 for which in TidyList for outcome in OUTCOMES[EventName.TIDIED]
}


def metrics(relay: Relay, *, is_one_of_many: bool) -> Blueprint:
    """The route that takes the operator's key.

    Of a process that `is_one_of_many`, as on AWS Lambda, the figures would be those of whichever is asked.
    """
    routes = Blueprint("metrics", __name__)
    doors = DoorsWatch(relay.publisher, relay.settings.offers.machines)

    @routes.get("/metrics")
    def show() -> Response:
        require_operator(relay.settings)
        if is_one_of_many:
            abort(404, "Each process counts for itself, and there are many: watch the log's events instead")
        from cloud_relay.watching.exposition import CONTENT_TYPE, exposition

        return Response(exposition(_figures(relay, doors)), content_type=CONTENT_TYPE)

    return routes


def _figures(relay: Relay, doors: DoorsWatch) -> Iterator[Figure]:
    from cloud_relay.watching.exposition import Counts, Gauge, Times

    tell, fitness = relay.tell, relay.fitness
    yield Gauge("info", "Which relay this is.", ("version",), {(__version__,): 1})
    requests = tell.requests.counts()
    yield Counts("requests", "Requests by route.", ("method", "route", "status"), requests)
    yield Times("request_seconds", "From a request to its answer.", ("route",), tell.request_s)
    payments = _NO_PAYMENTS | tell.payments.counts()
    yield Counts("payments", "What became of payments.", ("event", "outcome"), payments)
    yield Times("event_to_puback_seconds", "From a webhook to the broker's PUBACK.", (), tell.puback_s)
    words = "From a payment, by Stripe's clock, to the broker's PUBACK."
    yield Times("paid_to_puback_seconds", words, ("outcome",), tell.paid_s)
    retries = {("publish",): 0, ("stripe",): 0} | tell.retries.counts() | fitness.retries.counts()
    yield Counts("retries", "What was tried once more.", ("what",), retries)
    labels = ("kind", "resource", "answer")
    yield Counts("stripe_calls", "Calls of Stripe's; reads are rationed.", labels, fitness.calls.counts())
    runs = _NO_RUNS | tell.tidied.counts()
    yield Counts("tidy_runs", "Runs of tidy that were told.", ("list", "outcome"), runs)
    yield from _as_it_is(relay, doors)


def _as_it_is(relay: Relay, doors: DoorsWatch) -> Iterator[Figure]:
    from cloud_relay.watching.exposition import Gauge

    seen = relay.watch.seen()
    tidied_s = last_tidied_s(relay, seen.tidied_s)
    words = "When tidy last ran in any process of this relay, in Unix seconds; 0 if that is not known."
    yield Gauge("tidy_last_run_timestamp_seconds", words, (), {(): tidied_s or 0.0})
    known = seen.broker is not BrokerState.UNKNOWN
    up: dict[Key, float] = {(): float(seen.broker is BrokerState.UP)} if known else {}
    yield Gauge("broker_up", "Whether the broker answers.", (), up)
    sells: dict[Key, float] = {(): float(not relay.fitness.troubles)}
    yield Gauge("sells", "Whether the relay could settle what it sells: its key and its clock.", (), sells)
    counted: dict[Key, float] = {(state,): count for state, count in (doors.seen() or {}).items()}
    yield Gauge("doors", "Machines by what their doors say.", ("state",), counted)
