"""AWS Lambda's way in: an event of API Gateway or a function URL is a request, a schedule's is one tidy."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from apig_wsgi import make_lambda_handler

from cloud_relay.app import app_for
from cloud_relay.json_log import make_log_json
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

# What a schedule with a constant input of its own is to send.
TIDY = {"tidy": True}

# Of the function's 60 s: the long list goes on a minute later where it was left.
LONG_TIDY_S = 20.0

# One of these is in every request that API Gateway, a function URL or a load balancer hands over.
_OF_A_REQUEST = ("rawPath", "httpMethod")

Event = dict[str, Any]
Handler = Callable[[Any, object], dict[str, Any]]

log = logging.getLogger(__name__)


def handler(event: Event, context: object) -> dict[str, Any]:
    """Answer one event; one of another shape, as warmers send them, is said and left alone.

    Raises:
        SettingsError: the function's environment is not usable; Lambda logs the message.
        StripeUnavailable: a scheduled tidy got no list from Stripe; Lambda counts it as an error.
    """
    return _handler()(event, context)


def handler_for(relay: Relay, invoke: Invoke = invoke_this_function) -> Handler:
    """What answers the events of one relay; `invoke` sends this function an event of its own."""
    retries, long = SelfInvocation(invoke), LongTidy(relay)
    app = app_for(relay, retries, is_one_of_many=True)
    answer_http: Handler = make_lambda_handler(_with_the_gateways_word(app))

    def answer(event: Any, context: Any) -> dict[str, Any]:
        if not isinstance(event, dict):
            return _left_alone(event)
        if is_retry(event):
            left_s = context.get_remaining_time_in_millis() / 1000
            return {"published": try_until_done(relay, retries, event, left_s)}
        if _is_schedule(event):
            relay.fitness.look_if_due()
            return dict(summary([*tidy_recent(relay), *long.go_on(LONG_TIDY_S)]))
        if not any(key in event for key in _OF_A_REQUEST):
            return _left_alone(event)
        return answer_http(event, context)

    return answer


def _is_schedule(event: Event) -> bool:
    from_schedule = str(event.get("source")) in _SCHEDULES and event.get("detail-type") == "Scheduled Event"
    return from_schedule or event == TIDY


def _left_alone(event: object) -> dict[str, Any]:
    # What raises AWS would send twice more.
    log.warning("Left an event alone that is no request and no schedule's: %.200r", event)
    return {"ignored": "neither a request nor a schedule's event: see Tidy in cloud_relay/README.md"}


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
    if os.environ.get("LOG_FORMAT") != "text":  # metric filters, and with them the alarms, read its lines
        make_log_json()
    logging.getLogger("cloud_relay").setLevel(logging.INFO)
    return handler_for(relay_from(read_settings(os.environ)))
