"""The relay does what its description says, whatever it is sent: made-up requests by schemathesis."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import stripe
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from relay_parts import API_KEY, OPERATOR_KEY, RELAY_SECRET, WEBHOOK_SECRET, environment
from schemathesis.checks import CheckFunction
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cloud_relay import __version__, app
from cloud_relay.app import app_for
from cloud_relay.broker.publisher import Publisher
from cloud_relay.errors import BrokerUnavailable, NobodySubscribed, PublishRefused
from cloud_relay.relay import relay_from
from cloud_relay.rules.messages import MachineStatus
from cloud_relay.rules.phones.limits import PhoneLimits
from cloud_relay.rules.phones.rates import Rate
from cloud_relay.settings import read_settings
from simulator.stripe.pace import QUICK
from simulator.stripe.server import stand_in_stripe

METHODS, WITHOUT_QUESTION = ("get", "post"), ("/status", "/metrics", "/openapi.json")
OPERATORS = ("/metrics", "/refunds")
MACHINE, OFFER = "galaga-01", "3-250-usd"
CHECKS: list[CheckFunction] = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DESCRIBED = json.loads((Path(app.__file__).parent / "openapi.json").read_bytes())["paths"]
OPERATIONS = [
    (path, method, mode)
    for path in DESCRIBED
    for method in DESCRIBED[path]
    for mode in GenerationMode
    if method in METHODS and (mode.is_positive or path not in WITHOUT_QUESTION)
]
EXAMPLES = 20  # of each: half a minute at most for all of them
UNLIMITED = PhoneLimits(*[Rate(10**6, 10**9)] * len(fields(PhoneLimits)))


class Mailbox(Publisher):
    """A broker that knows one machine and answers at once, sometimes with a failure."""

    def __init__(self) -> None:
        self._published = 0

    def retained_status(self, machine_id: str, *_: Any, **__: Any) -> MachineStatus | None:
        """The machine sells; no other is heard of."""
        return MachineStatus(online=True, accepting=True, state="attract") if machine_id == MACHINE else None

    def kept(self, topic: str) -> bytes | None:
        """Nothing."""
        return None

    def publish(self, topic: str, payload: bytes, **_: Any) -> None:
        """Each way in which it can end, in turn."""
        self._published += 1
        failures = (None, NobodySubscribed("nobody"), BrokerUnavailable("away"), PublishRefused("no"))
        if failure := failures[self._published % len(failures)]:
            raise failure

    def close(self) -> None:
        """Nothing was opened."""


class NoRetries:
    """Nothing is tried again."""

    def keep(self, paid: object) -> None:
        """Forget it."""


@dataclass
class Api:
    """The relay as the fuzzer sees it, and what it must never say."""

    app: Flask
    token: str
    session_id: str
    payment_id: str
    secrets: tuple[str, ...]


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """A relay that phones may ask as often as they like, so that more is found than the limits."""
    with stand_in_stripe(
        api_key=API_KEY, webhook_url=None, webhook_secret=WEBHOOK_SECRET, pace=QUICK
    ) as stand_in:
        wired = read_settings(environment(STAND_IN_STRIPE_URL=stand_in.api_url))
        relay = relay_from(wired, publisher=Mailbox())
        app = app_for(relay, NoRetries(), UNLIMITED)
        app.test_client().post(f"/p/{MACHINE}", data={"offer": OFFER})
        (session_id,) = stand_in.keeper.turn(lambda book, _: list(book.sessions))
        payment_id = stand_in.pay(session_id)
        token = wired.tokens.issue(MACHINE)
        never_said = (API_KEY, OPERATOR_KEY, RELAY_SECRET, WEBHOOK_SECRET, token, "relay-password")
        yield Api(app, token, session_id, payment_id, never_said)


@pytest.fixture(scope="module")
def description(api: Api) -> Any:
    """The description, as the relay serves it."""
    return schemathesis.openapi.from_wsgi("/openapi.json", api.app)


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
def test_no_answer_is_undocumented_and_none_tells_a_secret(
    api: Api, description: Any, path: str, method: str, mode: GenerationMode
) -> None:
    """To strangers and to the machine itself, of what is made up and of what exists."""
    operation = description[path][method]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(mode), st.booleans(), st.booleans())
    def answers_as_described(case: schemathesis.Case, exists: bool, is_machine: bool) -> None:
        if exists:
            fill_in_what_exists(case, api)
        known = OPERATOR_KEY if path in OPERATORS else api.token
        response = case.call(headers={"Authorization": f"Bearer {known}"} if is_machine else None)
        case.validate_response(response, checks=CHECKS)
        said = f"{response.headers}{response.content.decode()}"
        assert response.status_code != 500
        assert [word for word in ("Traceback", 'File "', *api.secrets) if word in said] == []

    answers_as_described()


def fill_in_what_exists(case: schemathesis.Case, api: Api) -> None:
    """The machine, its session and its payment, or chance would never find them."""
    if "machine_id" in case.path_parameters:
        case.path_parameters["machine_id"] = MACHINE
    if "s" in case.query:
        case.query["s"] = api.session_id
    if isinstance(case.body, dict):
        exists = {
            "machine_id": MACHINE,
            "paymentId": api.payment_id,
            "payment_id": api.payment_id,
            "offer": OFFER,
        }
        case.body.update({name: value for name, value in exists.items() if name in case.body})


def test_signed_webhooks_are_answered_as_documented_whatever_is_in_them(api: Api) -> None:
    """What no stranger can send: the event is Stripe's, and its fields are not what they should be."""
    documented = json.loads((api.app.test_client().get("/openapi.json")).data)
    statuses = set(documented["paths"]["/addCredit"]["post"]["responses"])
    client = api.app.test_client()
    for event in ([], {}, {"type": 1}, {"object": "event", "type": "ping", "livemode": False}, None, "x"):
        body = json.dumps(event)
        signature = stripe.WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET)
        answer = client.post("/addCredit", data=body, headers={"Stripe-Signature": signature})
        assert str(answer.status_code) in statuses, body


def test_every_address_is_described_and_nothing_else(api: Api) -> None:
    """Paths and methods, as the application has them; the version is the relay's."""
    described: Mapping[str, Any] = json.loads(api.app.test_client().get("/openapi.json").data)
    methods = {
        (path, method.upper())
        for path, operations in described["paths"].items()
        for method in operations
        if method != "parameters"
    }
    routed = {
        (rule.rule.replace("<", "{").replace(">", "}"), method)
        for rule in api.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
    }
    assert (methods, described["info"]["version"]) == (routed, __version__)


def test_being_limited_is_documented_too(api: Api) -> None:
    """With the seconds after which it may work."""
    nothing = PhoneLimits(*[Rate(1, 0.001)] * 11)
    wired = read_settings(environment())
    client = app_for(relay_from(wired, publisher=Mailbox()), NoRetries(), nothing).test_client()
    described = json.loads(client.get("/openapi.json").data)["paths"]
    for path, method in (
        ("/p/{machine_id}", "get"),
        ("/p/{machine_id}", "post"),
        ("/thanks", "get"),
        ("/thanks/state", "get"),
    ):
        asked = path.format(machine_id=secrets.token_hex(4))
        for _ in range(3):
            answer = client.open(asked, method=method.upper())
        assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)
        assert "429" in described[path][method]["responses"]
