"""AWS Lambda's way in: an event of API Gateway or a function URL is a request, a schedule's is one tidy."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from apig_wsgi import make_lambda_handler

from cloud_relay.app import app_for
from cloud_relay.aws.environment import StoredEnvironment
from cloud_relay.aws.functions import invoke_this_function
from cloud_relay.aws.gateway import behind_a_gateway
from cloud_relay.json_log import make_log_json
from cloud_relay.plain_output import make_log_plain
from cloud_relay.relay import Relay, relay_from
from cloud_relay.setting_reader import SettingsError
from cloud_relay.settings import read_settings
from cloud_relay.settling.lambda_retries import Invoke, SelfInvocation, is_retry, try_until_done
from cloud_relay.settling.tidy import LongTidy, summary, tidy_recent

# What EventBridge rules and EventBridge schedules call themselves. An HTTP request cannot: its body and
# headers never become the event's own keys.
_SCHEDULES = frozenset({"aws.events", "aws.scheduler"})

# What a schedule with a constant input of its own is to send.
TIDY = {"tidy": True}

# Of the function's 60 s: the long list goes on a minute later where it was left.
LONG_TIDY_S = 20.0

# A dead connection to the broker is noticed, replaced and used within 10 s; the last try may take 15.
LEAST_TIMEOUT_S = 30.0

# One of these is in every request that API Gateway, a function URL or a load balancer hands over.
_OF_A_REQUEST = ("rawPath", "httpMethod")

Event = dict[str, Any]
Handler = Callable[[Any, Any], dict[str, Any]]

log = logging.getLogger(__name__)


def handler(event: Event, context: Any) -> dict[str, Any]:
    """Answer one event; one of another shape, as warmers send them, is said and left alone.

    Raises:
        ParametersUnreadable: the settings could not be read; the next event tries again.
        SettingsError: the settings are not usable; Lambda logs the message.
        StripeUnavailable: a scheduled tidy got no list from Stripe; Lambda counts it as an error.
    """
    return _handler()(event, context)


def handler_for(relay: Relay, invoke: Invoke | None = None) -> Handler:
    """What answers the events of one relay; `invoke`, by default AWS, sends the function an event."""
    retries = SelfInvocation(invoke or partial(invoke_this_function, os.environ))
    long = LongTidy(relay)
    app = app_for(relay, retries, is_one_of_many=True)
    answer_http: Handler = make_lambda_handler(behind_a_gateway(app, relay.settings.root))

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


class Function:
    """The relay of one process of AWS's: made at its first event, and anew when its settings have changed.

    Kept from call to call, and with it the connections to the broker and to Stripe. Settings that cannot be
    used end the call that wanted them, and leave those in force that a relay was made of before.
    """

    def __init__(self, environment: StoredEnvironment) -> None:
        self._environment = environment
        self._known: Mapping[str, str] | None = None
        self._relay: Relay | None = None
        self._answer: Handler | None = None

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer one event."""
        if self._answer is None:
            _look_at_timeout(context)
        return self._current()(event, context)

    def _current(self) -> Handler:
        values = self._environment.now()
        if self._answer is None or values != self._known:
            self._answer = self._renewed(values)
            self._known = values
        return self._answer

    def _renewed(self, values: Mapping[str, str]) -> Handler:
        try:
            settings = read_settings(values)
        except SettingsError as why:
            if self._answer is None:
                self._environment.forget()
                raise SettingsError(self._environment.explained(str(why))) from None
            log.error("Went on with the settings known before. %s", self._environment.explained(str(why)))
            return self._answer
        if self._relay is not None:
            log.warning("The settings have changed: the relay goes on with the new ones")
            self._relay.publisher.close()
        self._relay = relay_from(settings)
        return handler_for(self._relay)


def _is_schedule(event: Event) -> bool:
    from_schedule = str(event.get("source")) in _SCHEDULES and event.get("detail-type") == "Scheduled Event"
    return from_schedule or event == TIDY


def _left_alone(event: object) -> dict[str, Any]:
    # What raises AWS would send twice more.
    log.warning("Left an event alone that is no request and no schedule's: %.200r", event)
    return {"ignored": "neither a request nor a schedule's event: see Tidy in cloud_relay/README.md"}


def _look_at_timeout(context: Any) -> None:
    left_s = context.get_remaining_time_in_millis() / 1000 if context else LEAST_TIMEOUT_S
    if left_s < LEAST_TIMEOUT_S - 1:
        log.error("The function's timeout is about %.0f s: a dead broker takes longer; give it 60", left_s)


@cache
def _handler() -> Function:
    make_log_plain()
    if os.environ.get("LOG_FORMAT") != "text":  # metric filters, and with them the alarms, read its lines
        make_log_json()
    logging.getLogger("cloud_relay").setLevel(logging.INFO)
    return Function(StoredEnvironment(os.environ, time.time))
