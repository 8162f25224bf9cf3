"""AWS Lambda's way in: an event of API Gateway or a function URL is a request, a schedule's is one tidy."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from apig_wsgi import make_lambda_handler

from cloud_relay.app import app_for
from cloud_relay.plain_output import make_log_plain
from cloud_relay.relay import Relay, relay_from
from cloud_relay.settings import read_settings
from cloud_relay.settling.lambda_retries import (
    Invoke,
    SelfInvocation,
    invoke_this_function,
    is_retry,
    try_until_done,
)
from cloud_relay.settling.tidy import LongTidy, summary, tidy_recent

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# What EventBridge rules and EventBridge schedules call themselves. An HTTP request cannot: its body and
# headers never become the event's own keys.
_SCHEDULES = frozenset({"aws.events", "aws.scheduler"})

# Of the function's 60 s: the long list goes on a minute later where it was left.
LONG_TIDY_S = 20.0

Event = dict[str, Any]
Handler = Callable[[Event, object], dict[str, Any]]


def handler(event: Event, context: object) -> dict[str, Any]:
    """Answer one event.

    Raises:
        SettingsError: the function's environment is not usable; Lambda logs the message.
        StripeUnavailable: a scheduled tidy got no list from Stripe; Lambda counts it as an error.
    """
    return _handler()(event, context)


def handler_for(relay: Relay, invoke: Invoke = invoke_this_function) -> Handler:
    """What answers the events of one relay; `invoke` sends this function an event of its own."""
    retries, long = SelfInvocation(invoke), LongTidy(relay)
    answer_http: Handler = make_lambda_handler(_with_the_gateways_word(app_for(relay, retries)))

    def answer(event: Event, context: Any) -> dict[str, Any]:
        if is_retry(event):
            left_s = context.get_remaining_time_in_millis() / 1000
            return {"published": try_until_done(relay, retries, event, left_s)}
        if event.get("source") in _SCHEDULES and event.get("detail-type") == "Scheduled Event":
            relay.fitness.look_if_due()
            return dict(summary([*tidy_recent(relay), *long.go_on(LONG_TIDY_S)]))
        return answer_http(event, context)

    return answer


def _with_the_gateways_word(app: WSGIApplication) -> WSGIApplication:
    """The app, told who called by what the gateway saw.

    For a REST API's events and a load balancer's, apig-wsgi takes the first address in X-Forwarded-For,
    which is whatever the caller wrote there.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        context = environ.get("apig_wsgi.request_context") or {}
        seen = context.get("http") or context.get("identity") or {}
        return app({**environ, "REMOTE_ADDR": str(seen.get("sourceIp", ""))}, start_response)

    return answer


@cache
def _handler() -> Handler:
    # Kept from call to call, and with it the connections to the broker and to Stripe.
    make_log_plain()
    logging.getLogger("cloud_relay").setLevel(logging.INFO)
    return handler_for(relay_from(read_settings(os.environ)))
