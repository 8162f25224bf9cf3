"""The relay as AWS Lambda runs it, beside its ancestor's way: beginning, memory, and time for a webhook."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import stripe

from bench.idle import cpu_s
from bench.measure.spread import Spread, spread
from simulator.aws.function import HANDLER, AwsFunction
from simulator.aws.listener import listening
from simulator.aws.parameter_store import stand_in_aws
from simulator.chain.broker import RELAY_USERNAME, Broker

PATH = "/cloud-relay"
MACHINE_ID, _SECRET = "bench-01", "whsec_bench"
_PASSWORDS = {RELAY_USERNAME: "relay-password", MACHINE_ID: "bench-password"}
_OFFERS = {"currency": "usd", "offers": [{"credits": 1, "amount": 100}]}


@dataclass(frozen=True)
class Way:
    """A handler, and what its environment holds."""

    handler: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Figures:
    """What one way takes.

    `begin` is from the process's first moment to its first answer, `begin_cpu` of it the processor's time,
    which other programs do not change.
    """

    begin: Spread
    begin_cpu: Spread
    webhook: Spread
    per_cpu_s: float
    memory_mb: float


@contextmanager
def ways() -> Iterator[dict[str, Way]]:
    """The relay, which reads its settings from Parameter Store, and its ancestor, at one broker."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        Broker(Path(folder), _PASSWORDS) as broker,
        stand_in_aws() as aws,
        listening(broker, MACHINE_ID),
    ):
        settings = _settings(broker)
        aws.stored = {f"{PATH}/{name}": value for name, value in settings.items()}
        yield {
            "the relay": Way(HANDLER, aws.environment | {"SETTINGS_PATH": PATH}),
            "its ancestor": Way("bench.world.ancestor.handler", settings),
        }


def measure(way: Way, begins: int, webhooks: int) -> Figures:
    """Begin it so many times, and give the last one so many webhooks."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        function = AwsFunction(way.environment, Path(folder) / "log", handler=way.handler)
        with function:
            begun = [_begin_ms(function) for _ in range(begins)]
            begin, begin_cpu = (spread(each) for each in zip(*begun, strict=True))
            _answered(function, _webhook())  # its first connection
            began_s = cpu_s([function.pid or 0])
            each = spread([_timed_ms(function, _webhook()) for _ in range(webhooks)])
            per_cpu_s = webhooks / (cpu_s([function.pid or 0]) - began_s)
            return Figures(begin, begin_cpu, each, per_cpu_s, _peak_mb(function.pid or 0))


def _begin_ms(function: AwsFunction) -> tuple[float, float]:
    function.end()
    taken_ms = _timed_ms(function, _request("GET", "/status"))
    return taken_ms, cpu_s([function.pid or 0]) * 1000


def _timed_ms(function: AwsFunction, event: dict[str, Any]) -> float:
    began_s = time.perf_counter()
    answered_s = _answered(function, event)
    return (answered_s - began_s) * 1000


def _answered(function: AwsFunction, event: dict[str, Any]) -> float:
    """When it had answered; being frozen afterwards is not counted."""
    answer = function.invoke(event)
    if answer.error or answer.payload["statusCode"] != 200:
        raise RuntimeError(f"{function.handler} answered {answer}: {function.log}")
    return function.answered_at_s


def _peak_mb(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _webhook() -> dict[str, Any]:
    """One payment's, again and again: within its window each is verified and published anew."""
    metadata = {"machine_id": MACHINE_ID, "quantity": "1", "amount": "100", "currency": "usd"}
    intent = {
        "object": "payment_intent",
        "id": "pi_Bench",
        "created": int(time.time()),
        "status": "requires_capture",
        "amount_capturable": 100,
        "currency": "usd",
        "metadata": metadata,
        "description": "x" * 3000,  # as long as Stripe's own
    }
    body = json.dumps(
        {
            "object": "event",
            "type": "payment_intent.amount_capturable_updated",
            "livemode": False,
            "created": int(time.time()),
            "data": {"object": intent},
        }
    )
    signature = stripe.WebhookSignature.generate_signature_header(body, _SECRET)
    headers = {"stripe-signature": signature, "content-type": "application/json"}
    return _request("POST", "/addCredit") | {"body": body, "headers": {"host": "bench"} | headers}


def _request(method: str, path: str) -> dict[str, Any]:
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "b"}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "bench"},
        "requestContext": {"http": http, "domainName": "bench", "stage": "$default"},
        "isBase64Encoded": False,
    }


def _settings(broker: Broker) -> dict[str, str]:
    return {
        "STRIPE_API_KEY": "sk_test_bench",
        "STRIPE_WEBHOOK_SECRET": _SECRET,
        "PRICE_ID": "price_1Bench",
        "MQTT_BROKER": "localhost",
        "MQTT_PORT": str(broker.services_port),
        "MQTT_USERNAME": RELAY_USERNAME,
        "MQTT_PASSWORD": _PASSWORDS[RELAY_USERNAME],
        "MQTT_CA_FILE": str(broker.ca_file),
        "RELAY_SECRET": "a-secret-of-the-benchmark-of-32-characters",
        "RELAY_URL": "https://bench.example.com",
        "OFFERS": json.dumps(_OFFERS),
    }
