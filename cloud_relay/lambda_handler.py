"""AWS Lambda's way in: one event of API Gateway (HTTP API) or of a function URL is one request."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import cache
from typing import Any

from apig_wsgi import make_lambda_handler

from cloud_relay.app import create_app
from cloud_relay.settings import read_settings

Event = dict[str, Any]


def handler(event: Event, context: object) -> dict[str, Any]:
    """Answer one event.

    Raises:
        SettingsError: the function's environment is not usable; Lambda logs the message.
    """
    return _app_handler()(event, context)


@cache
def _app_handler() -> Callable[[Event, object], dict[str, Any]]:
    # Kept from call to call, and with it the connections to the broker and to Stripe.
    logging.getLogger("cloud_relay").setLevel(logging.INFO)
    handle: Callable[[Event, object], dict[str, Any]] = make_lambda_handler(
        create_app(read_settings(os.environ))
    )
    return handle
