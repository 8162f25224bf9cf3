"""The relay run as AWS runs it: by AWS's own client, frozen between events, killed and begun again."""

from __future__ import annotations

import base64
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe
from conftest import PASSWORDS, wait_until
from relay_parts import WEBHOOK_SECRET, Cabinet, RelayUnderTest, relay_under_test

from simulator.aws.function import AwsFunction
from simulator.aws.parameter_store import StandInAws, stand_in_aws
from simulator.aws.runtime_api import LARGEST_PAYLOAD_BYTES
from simulator.chain.broker import Broker
from simulator.chain.proxy import Link

pytestmark = pytest.mark.cloud
Event = dict[str, Any]
PATH = "/cloud-relay"
OURS = {"machine_id": "galaga-01", "quantity": "3", "amount": "250", "currency": "usd"}
HOST = "abc123.execute-api.eu-central-1.amazonaws.com"
SCHEDULED = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-11-28T12:00:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:events:eu-central-1:123456789012:rule/relay-RelayTidy-1A2B3C"],
    "detail": {},
}
NOTHING_TO_TIDY: Event = {"republished": 0, "released": 0, "waiting": 0, "failed": 0}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("function"), PASSWORDS) as running:
        yield running


@pytest.fixture(scope="module")
def link(broker: Broker) -> Iterator[Link]:
    """The function's way to the broker."""
    with Link(broker.services_port) as running:
        yield running


@pytest.fixture(scope="module")
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """Stripe's stand-in, and the relay that made what was sold; its webhooks go nowhere by themselves."""
    with relay_under_test(broker, RELAY_URL=f"https://{HOST}") as running:
        running.stripe.webhooks.url = None
        yield running


@pytest.fixture
def aws(relay: RelayUnderTest, link: Link) -> Iterator[StandInAws]:
    """Parameter Store with every setting of the relay."""
    with stand_in_aws() as running:
        variables = relay.variables | {"MQTT_PORT": str(link.port)}
        running.stored = {f"{PATH}/{name}": value for name, value in variables.items()}
        yield running


@pytest.fixture
def function(aws: StandInAws, tmp_path: Path) -> Iterator[AwsFunction]:
    """The relay's function: nothing but the path of its settings is in its environment."""
    with AwsFunction(aws.environment | {"SETTINGS_PATH": PATH}, tmp_path / "log") as running:
        yield running


@pytest.fixture
def cabinet(broker: Broker) -> Iterator[Cabinet]:
    """A cabinet that accepts payments."""
    with Cabinet("galaga-01", broker) as connected:
        connected.say()
        yield connected


def request(method: str, path: str, stage: str = "$default", **more: Any) -> Event:
    """An HTTP API's event, format 2.0; a named stage stands before its path."""
    raw_path = path if stage == "$default" else f"/{stage}{path}"
    event: Event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": raw_path,
        "rawQueryString": "",
        "headers": {
            "accept": "text/html,application/xhtml+xml",
            "content-length": "0",
            "host": HOST,
            "x-amzn-trace-id": "Root=1-5e66d96f-7491f09xmpl79d18acf3d050",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": HOST,
            "domainPrefix": "abc123",
            "http": {
                "method": method,
                "path": raw_path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "Mozilla/5.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": stage,
            "time": "28/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1795348800000,
        },
        "isBase64Encoded": False,
    }
    event["headers"] |= more.pop("headers", {})
    return event | more


def webhook(payment_id: str, *, coded: bool = False, stage: str = "$default") -> Event:
    """Stripe's word that a payment is reserved."""
    intent = {
        "object": "payment_intent",
        "id": payment_id,
        "created": int(time.time()),
        "status": "requires_capture",
        "amount_capturable": 250,
        "currency": "usd",
        "metadata": OURS,
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
    signature = stripe.WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET)
    headers = {"stripe-signature": signature, "content-type": "application/json; charset=utf-8"}
    sent = base64.b64encode(body.encode()).decode() if coded else body
    return request("POST", "/addCredit", stage, headers=headers, body=sent, isBase64Encoded=coded)


def status_of(function: AwsFunction) -> int:
    """What `GET /status` is answered with."""
    answer = function.invoke(request("GET", "/status"))
    assert answer.error is None, (answer.error, function.log)
    status: int = answer.payload["statusCode"]
    return status


def pressed(form: str, cookies: list[str], stage: str = "$default") -> Event:
    """A tap on a button of the door, as a browser sends it."""
    body = base64.b64encode(form.encode()).decode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    path = "/p/galaga-01"
    return request("POST", path, stage, headers=headers, body=body, isBase64Encoded=True, cookies=cookies)


@pytest.mark.parametrize("coded", [False, True])
def test_a_webhook_is_published_before_its_answer(
    function: AwsFunction, cabinet: Cabinet, coded: bool
) -> None:
    """For then the function is frozen: the cabinet hears of it all the same."""
    answer = function.invoke(webhook("pi_Frozen", coded=coded))
    assert (answer.error, answer.payload["statusCode"]) == (None, 200)
    assert function.is_frozen()
    assert json.loads(answer.payload["body"]) == {"published": True, "paymentId": "pi_Frozen"}
    assert cabinet.payload()["paymentId"] == "pi_Frozen"
    assert function.is_frozen()


def test_a_connection_that_died_while_frozen_is_renewed(
    function: AwsFunction, cabinet: Cabinet, link: Link
) -> None:
    """The broker gave it up after a while without a word."""
    function.invoke(webhook("pi_Before"))
    link.become("cut")
    link.become("whole")
    assert function.is_frozen()
    assert function.invoke(webhook("pi_After")).payload["statusCode"] == 200
    assert [each["paymentId"] for each in cabinet.payloads()] == ["pi_Before", "pi_After"]


def test_a_connection_that_only_seems_alive_is_renewed(
    function: AwsFunction, cabinet: Cabinet, link: Link
) -> None:
    """Nothing says that it is dead: a router has forgotten it."""
    function.invoke(webhook("pi_Before"))
    link.become("held")
    assert function.invoke(webhook("pi_Held")).payload["statusCode"] == 503
    link.become("whole")
    assert function.invoke(webhook("pi_Held")).payload["statusCode"] == 200
    assert {each["paymentId"] for each in cabinet.payloads()} == {"pi_Before", "pi_Held"}


def test_the_schedule_tidies(function: AwsFunction, cabinet: Cabinet, relay: RelayUnderTest) -> None:
    """A payment whose webhook never came is published by the minute's event."""
    relay.clock.ahead_s = -60
    payment_id = relay.pay_in_secret(OURS)
    relay.clock.ahead_s = 0
    answer = function.invoke(SCHEDULED)
    assert (answer.error, answer.payload) == (None, NOTHING_TO_TIDY | {"republished": 1})
    assert cabinet.payload()["paymentId"] == payment_id


# What warmers, other rules and people at the console send.
OTHER_EVENTS: list[Any] = [
    {"warmer": True, "concurrency": 3},
    {"source": "serverless-plugin-warmup"},
    {"Records": [{"eventSource": "aws:s3"}]},
    {"source": "aws.events", "detail-type": "EC2 Instance State-change Notification"},
    {"tidy": False},
    {"key1": "value1"},
    {},
    [],
    "ping",
    None,
    7,
]


def test_events_of_another_shape_do_no_harm(function: AwsFunction) -> None:
    """Each is named in the log, is no error that AWS would repeat, and the next request is answered."""
    answers = [function.invoke(event) for event in OTHER_EVENTS]
    ignored = {"ignored": "neither a request nor a schedule's event: see Tidy in cloud_relay/README.md"}
    assert [(answer.error, answer.payload) for answer in answers] == [(None, ignored)] * len(OTHER_EVENTS)
    named = function.log.count("Left an event alone that is no request and no schedule's")
    assert (named, status_of(function)) == (len(OTHER_EVENTS), 200)


def test_a_rule_with_the_constant_input_tidies(function: AwsFunction) -> None:
    """What the README says to write there."""
    answer = function.invoke({"tidy": True})
    assert (answer.error, sorted(answer.payload)) == (None, sorted(NOTHING_TO_TIDY))
    assert {line["outcome"] for line in told(function, "tidied")} == {"done"}


def told(function: AwsFunction, event: str) -> list[dict[str, Any]]:
    """The lines of the log that CloudWatch's filters count: each is JSON from end to end."""
    lines = [json.loads(line) for line in function.log.splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("event") == event]


def test_what_alarms_and_figures_count_is_a_line_of_its_own(function: AwsFunction, cabinet: Cabinet) -> None:
    """As AWS's runtime client writes it, with the request's name."""
    function.invoke(webhook("pi_Told"))
    [published] = told(function, "published")
    assert (published["payment"], published["machine"]) == ("pi_Told", "galaga-01")
    assert [line["status"] for line in told(function, "request")] == [200]


def test_a_named_stage_is_no_part_of_the_path(
    function: AwsFunction, aws: StandInAws, cabinet: Cabinet
) -> None:
    """Its webhook, its door, its form's address and its cookie."""
    aws.stored[f"{PATH}/RELAY_URL"] = f"https://{HOST}/prod"
    assert function.invoke(webhook("pi_Staged", stage="prod")).payload["statusCode"] == 200
    assert cabinet.payload()["paymentId"] == "pi_Staged"
    door = function.invoke(request("GET", "/p/galaga-01", "prod")).payload
    assert (door["statusCode"], 'action="/prod/p/galaga-01"' in door["body"]) == (200, True)
    bought = function.invoke(pressed("offer=3-250-usd", [], "prod")).payload
    assert (bought["statusCode"], "Path=/prod/p/galaga-01" in bought["cookies"][0]) == (303, True)


def test_a_custom_domain_may_have_a_path_before_the_relay(function: AwsFunction, aws: StandInAws) -> None:
    """An API mapping's key stands before the path, and the stage's name does not."""
    aws.stored[f"{PATH}/RELAY_URL"] = "https://pay.example.com/arcade"
    mapped = request("GET", "/arcade/status")
    assert function.invoke(mapped).payload["statusCode"] == 200
    assert function.invoke(request("GET", "/status")).payload["statusCode"] == 200
    assert function.invoke(request("GET", "/arcades/status")).payload["statusCode"] == 404


def test_cookies_and_repeated_headers_come_through(function: AwsFunction, cabinet: Cabinet) -> None:
    """A second tap with the first one's cookie gets the same payment page."""
    first = function.invoke(pressed("offer=3-250-usd", [])).payload
    [cookie] = first["cookies"]
    cookies = ["theme=dark", cookie.partition(";")[0]]
    second = function.invoke(pressed("offer=3-250-usd", cookies) | {"headers": form_headers()}).payload
    assert second["headers"]["location"] == first["headers"]["location"]


def form_headers() -> dict[str, str]:
    """What HTTP APIs make of a header that was sent twice: one, with commas."""
    return {
        "host": HOST,
        "content-type": "application/x-www-form-urlencoded",
        "accept-language": "de-CH,de;q=0.9,en",
        "x-forwarded-for": "198.51.100.1,203.0.113.7",
    }


def test_a_process_that_was_killed_is_begun_again(function: AwsFunction, cabinet: Cabinet) -> None:
    """While it was frozen: the next webhook finds a new one."""
    function.invoke(webhook("pi_First"))
    before = function.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: function.pid is None, "the process to be gone")
    assert function.invoke(webhook("pi_Second")).payload["statusCode"] == 200
    assert function.pid != before
    assert [each["paymentId"] for each in cabinet.payloads()] == ["pi_First", "pi_Second"]


def test_what_takes_longer_than_the_timeout_is_killed_and_the_next_event_is_answered(
    aws: StandInAws, link: Link, cabinet: Cabinet, tmp_path: Path
) -> None:
    """With Lambda's default of 3 s: the log names the remedy, and nothing is lost that Stripe repeats."""
    with AwsFunction(aws.environment | {"SETTINGS_PATH": PATH}, tmp_path / "log", timeout_s=3.0) as function:
        assert function.invoke(webhook("pi_Before")).payload["statusCode"] == 200
        link.become("held")
        answer = function.invoke(webhook("pi_Late"))
        link.become("whole")
        assert answer.error is not None
        assert answer.error["errorType"] == "Sandbox.Timedout"
        assert "The function's timeout is about 3 s: a dead broker takes longer; give it 60" in function.log
        assert function.invoke(webhook("pi_Late")).payload["statusCode"] == 200
        wait_until(lambda: len(cabinet.heard) >= 2, "the pulse")
        assert {each["paymentId"] for each in cabinet.payloads()} == {"pi_Before", "pi_Late"}


def test_what_the_broker_does_not_take_the_function_tries_again_by_calling_itself(
    function: AwsFunction, aws: StandInAws, link: Link, cabinet: Cabinet
) -> None:
    """By the event that it sent through AWS, in a call of its own."""
    assert status_of(function) == 200
    link.become("cut")
    assert function.invoke(webhook("pi_Kept")).payload["statusCode"] == 503
    [(path, again)] = aws.invoked
    assert path == "/2015-03-31/functions/relay/invocations"
    link.become("whole")
    answer = function.invoke(json.loads(again))
    assert (answer.error, answer.payload) == (None, {"published": True})
    assert cabinet.payload()["paymentId"] == "pi_Kept"


def test_with_a_short_timeout_it_does_not_call_itself_in_a_hurry(
    aws: StandInAws, link: Link, tmp_path: Path
) -> None:
    """Each call waits before it hands on: a broker that refuses at once must not make a thousand calls."""
    with AwsFunction(aws.environment | {"SETTINGS_PATH": PATH}, tmp_path / "log", timeout_s=10.0) as function:
        assert status_of(function) == 200
        link.become("cut")
        function.invoke(webhook("pi_Short"))
        began_s = time.monotonic()
        answer = function.invoke(json.loads(aws.invoked[0][1]))
        link.become("whole")
    assert (answer.error, answer.payload, len(aws.invoked)) == (None, {"published": False}, 2)
    assert time.monotonic() - began_s >= 2.0


def test_a_missing_setting_is_named_with_its_parameter_and_heals(
    function: AwsFunction, aws: StandInAws
) -> None:
    """In the function's log, at each event, until somebody stores it: no new deployment."""
    key = aws.stored.pop(f"{PATH}/PRICE_ID")
    for _ in range(2):
        answer = function.invoke(request("GET", "/status"))
        assert answer.error is not None
        assert (answer.error["errorType"], answer.error["errorMessage"]) == (
            "SettingsError",
            "The relay's environment is not usable:\n  PRICE_ID: is not set\n"
            "Each is a parameter such as /cloud-relay/RELAY_SECRET: "
            "`python -m cloud_relay setup aws` stores them.",
        )
    aws.stored[f"{PATH}/PRICE_ID"] = key
    assert status_of(function) == 200


def test_what_parameter_store_refuses_is_an_error_that_heals(function: AwsFunction, aws: StandInAws) -> None:
    """A role that lacks a right, and gets it."""
    aws.refusals = [("AccessDeniedException", "not authorized")]
    answer = function.invoke(request("GET", "/status"))
    assert answer.error is not None
    assert answer.error["errorType"] == "ParametersUnreadable"
    assert (
        "/cloud-relay in SSM Parameter Store: AccessDeniedException: not authorized: give"
        in (answer.error["errorMessage"])
    )
    assert status_of(function) == 200


def test_an_answer_over_six_megabytes_is_refused_as_aws_refuses_it(tmp_path: Path) -> None:
    """By the stand-in itself, which judges ours."""
    code = f"def handler(event, context): return 'x' * {LARGEST_PAYLOAD_BYTES}\n"
    (tmp_path / "large.py").write_text(code)
    own = {"PYTHONPATH": str(tmp_path)}
    with AwsFunction(own, tmp_path / "log", handler="large.handler") as function:
        answer = function.invoke({})
    assert answer.error is not None
    assert answer.error["errorType"] == "Function.ResponseSizeTooLarge"


def test_a_handler_that_cannot_be_imported_is_an_error_of_its_beginning(tmp_path: Path) -> None:
    """As AWS reports it."""
    with AwsFunction({}, tmp_path / "log", handler="no.such.handler") as function:
        answer = function.invoke({})
    assert answer.error is not None
    assert answer.error["errorType"] == "Runtime.ImportModuleError"


def test_no_secret_is_in_the_function_s_environment_or_log(
    function: AwsFunction, aws: StandInAws, cabinet: Cabinet
) -> None:
    """After a sale, a failure, and a change of settings."""
    function.invoke(webhook("pi_Quiet"))
    names = ("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET", "MQTT_PASSWORD", "RELAY_SECRET", "OPERATOR_KEY")
    secrets = [aws.stored[f"{PATH}/{name}"] for name in names]
    environment = Path(f"/proc/{function.pid}/environ").read_text()
    assert "SETTINGS_PATH=/cloud-relay" in environment
    assert [secret for secret in secrets if secret in environment or secret in function.log] == []
