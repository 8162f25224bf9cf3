"""AWS Lambda's way in: an event of API Gateway or a function URL is a request, a schedule's is one tidy."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import cache
from typing import Any

from apig_wsgi import make_lambda_handler

from cloud_relay.app import app_for
from cloud_relay.relay import Relay, relay_from
from cloud_relay.settings import read_settings
from cloud_relay.settling.tidy import summary, tidy

# What EventBridge rules and EventBridge schedules call themselves. An HTTP request cannot: its body and
# headers never become the event's own keys.
_SCHEDULES = frozenset({"aws.events", "aws.scheduler"})

Event = dict[str, Any]
Handler = Callable[[Event, object], dict[str, Any]]


def handler(event: Event, context: object) -> dict[str, Any]:
    """Answer one event.

    Raises:
        SettingsError: the function's environment is not usable; Lambda logs the message.
        StripeUnavailable: a scheduled tidy got no list from Stripe; Lambda counts it as an error.
    """
    return _handler()(event, context)


def handler_for(relay: Relay) -> Handler:
    """What answers the events of one relay."""
    answer_http: Handler = make_lambda_handler(app_for(relay))

    def answer(event: Event, context: object) -> dict[str, Any]:
        if event.get("source") in _SCHEDULES and event.get("detail-type") == "Scheduled Event":
            return dict(summary(tidy(relay)))
        return answer_http(event, context)

    return answer


@cache
def _handler() -> Handler:
    # Kept from call to call, and with it the connections to the broker and to Stripe.
    logging.getLogger("cloud_relay").setLevel(logging.INFO)
    return handler_for(relay_from(read_settings(os.environ)))
