"""The Lambda handler, given the events of API Gateway (HTTP API, format 2.0) and of a function URL."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe
from conftest import PASSWORDS
from relay_parts import WEBHOOK_SECRET, Cabinet, RelayUnderTest, environment, relay_under_test

from cloud_relay import __version__
from simulator.chain.broker import Broker

ROOT = Path(__file__).parent.parent
Event = dict[str, Any]

# What AWS runs: one process that answers event after event.
FUNCTION = """
import json, sys
from cloud_relay.lambda_handler import handler

for line in sys.stdin:
    print(json.dumps(handler(json.loads(line), None)), flush=True)
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("lambda"), PASSWORDS) as running:
        yield running


@pytest.fixture(scope="module")
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay whose webhooks come by Lambda events only."""
    with relay_under_test(broker) as running:
        running.stripe.webhooks.url = None
        yield running


@pytest.fixture(scope="module")
def handle(relay: RelayUnderTest) -> Iterator[Callable[[Event], Event]]:
    """Answers one event, as the deployed function does: by its handler, set up by its environment alone."""
    with subprocess.Popen(
        [sys.executable, "-c", FUNCTION],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | relay.variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as function:
        yield lambda event: answer_of(function, event)


def answer_of(function: subprocess.Popen[str], event: Event) -> Event:
    """Hand one event over, and take its answer."""
    assert function.stdin is not None
    assert function.stdout is not None
    print(json.dumps(event), file=function.stdin, flush=True)
    answer: Event = json.loads(function.stdout.readline())
    return answer


@pytest.fixture
def cabinet(broker: Broker) -> Iterator[Cabinet]:
    """A cabinet that accepts payments."""
    with Cabinet("galaga-01", broker) as connected:
        connected.say()
        yield connected


def api_gateway(method: str, path: str, headers: dict[str, str], body: str | None, coded: bool) -> Event:
    """An event of an HTTP API, as AWS documents it."""
    event: Event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "abc123.execute-api.eu-central-1.amazonaws.com"} | headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": "abc123.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "abc123",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "Stripe/1.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "22/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1795348800000,
        },
        "isBase64Encoded": coded,
    }
    return event if body is None else event | {"body": body}


def function_url(method: str, path: str, headers: dict[str, str], body: str | None, coded: bool) -> Event:
    """The same for a function URL: its own host, an anonymous caller, and the trace header."""
    event = api_gateway(method, path, headers, body, coded)
    host = "abc123.lambda-url.eu-central-1.on.aws"
    event["headers"] |= {"host": host, "x-amzn-trace-id": "Root=1-5e66d96f-7491f09xmpl79d18acf3d050"}
    event["requestContext"] |= {"domainName": host, "authentication": None, "authorizer": None}
    return event


SHAPES = pytest.mark.parametrize("shape", [api_gateway, function_url])


def webhook(shape: Callable[..., Event], *, coded: bool, signed_indent: int = 2) -> Event:
    """A signed webhook, with its body plain or in base 64; what is sent has an indent of two spaces."""
    intent = {
        "object": "payment_intent",
        "id": "pi_Lambda",
        "created": int(time.time()),
        "status": "requires_capture",
        "amount_capturable": 100,
        "currency": "usd",
        "metadata": {"machine_id": "galaga-01", "quantity": "1", "amount": "100", "currency": "usd"},
        "description": "Zürich ☃",
    }
    event = {
        "object": "event",
        "type": "payment_intent.amount_capturable_updated",
        "livemode": False,
        "created": int(time.time()),
        "data": {"object": intent},
    }
    body = json.dumps(event, ensure_ascii=False, indent=2)
    signed_body = json.dumps(event, ensure_ascii=False, indent=signed_indent)
    header = stripe.WebhookSignature.generate_signature_header(signed_body, WEBHOOK_SECRET)
    sent = base64.b64encode(body.encode()).decode() if coded else body
    headers = {"stripe-signature": header, "content-type": "application/json; charset=utf-8"}
    return shape("POST", "/addCredit", headers, sent, coded)


@SHAPES
@pytest.mark.parametrize("coded", [False, True])
def test_a_webhook_is_verified_on_its_raw_bytes(
    handle: Callable[[Event], Event], cabinet: Cabinet, shape: Callable[..., Event], coded: bool
) -> None:
    """However Lambda wrapped them, and whatever letters are in them."""
    answer = handle(webhook(shape, coded=coded))
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, False)
    assert json.loads(answer["body"]) == {"published": True, "paymentId": "pi_Lambda"}
    assert cabinet.payload()["paymentId"] == "pi_Lambda"


@SHAPES
@pytest.mark.parametrize("coded", [False, True])
def test_a_webhook_signed_for_other_bytes_is_refused(
    handle: Callable[[Event], Event], cabinet: Cabinet, shape: Callable[..., Event], coded: bool
) -> None:
    """The same JSON with other spaces is another message."""
    answer = handle(webhook(shape, coded=coded, signed_indent=3))
    assert (answer["statusCode"], cabinet.heard) == (400, [])
    assert re.fullmatch(
        r"the signature is not Stripe's for these [0-9]+ bytes and this STRIPE_WEBHOOK_SECRET",
        json.loads(answer["body"])["error"],
    )


@SHAPES
def test_the_door_is_readable_html(
    handle: Callable[[Event], Event], cabinet: Cabinet, shape: Callable[..., Event]
) -> None:
    """Not base 64, and without cookies."""
    answer = handle(shape("GET", "/p/galaga-01", {}, None, False))
    assert answer["statusCode"] == 200
    assert (answer["headers"]["content-type"], answer["cookies"]) == ("text/html; charset=utf-8", [])
    assert (answer["isBase64Encoded"], "3 credits" in answer["body"]) == (False, True)


@SHAPES
def test_a_button_of_the_door_redirects_to_stripe(
    handle: Callable[[Event], Event],
    cabinet: Cabinet,
    relay: RelayUnderTest,
    shape: Callable[..., Event],
) -> None:
    """Function URLs hand a form's body over in base 64."""
    form = base64.b64encode(b"offer=3-250-usd").decode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = handle(shape("POST", "/p/galaga-01", headers, form, True))
    assert answer["statusCode"] == 303
    assert [cookie.partition("=")[0] for cookie in answer["cookies"]] == ["checkout"]
    assert answer["headers"]["location"].startswith(relay.stripe.checkout_url)


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        (
            environment(),
            '{"broker":"unknown","message":"API is running","status":"up","tidyLastRan":null,'
            f'"version":"{__version__}"}}',
        ),
        ({"PRICE_ID": "price_1"}, "STRIPE_API_KEY: is not set"),
    ],
)
def test_the_handler_builds_its_app_from_the_environment(variables: dict[str, str], says: str) -> None:
    """At its first event; an unusable environment is named in the function's log."""
    event = json.dumps(api_gateway("GET", "/status", {}, None, False))
    code = (
        "import json, sys; from cloud_relay.lambda_handler import handler; "
        "print(handler(json.loads(sys.argv[1]), None)['body'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, event],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert says in done.stdout + done.stderr
