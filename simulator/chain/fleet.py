"""The fleet beside the chain: its program as it is installed, on a book of its own."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from cloud_relay.rules.tokens import relay_tag
from simulator.chain.broker import FLEET_USERNAME, Broker
from simulator.chain.chain import Chain
from simulator.chain.part import Part
from simulator.chain.ports import free_port
from simulator.stripe.model.permissions import READ_ONLY


@dataclass(frozen=True)
class RunningFleet:
    """Where its pages and its book are, and what it was told."""

    url: str
    database: str
    part: Part
    environment: Mapping[str, str] = field(repr=False)


def money_settings(chain: Chain) -> dict[str, str]:
    """What lets a fleet read the chain's Stripe, and give money back through its relay."""
    key = f"rk_test_{secrets.token_hex(16)}"
    chain.stripe.api_keys.allow(key, READ_ONLY)
    return {
        "STRIPE_READ_KEY": key,
        "STAND_IN_STRIPE_URL": chain.stripe.api_url,
        "RELAY_TAGS": relay_tag(chain.secrets.relay_secret),
        "RELAY_URL": chain.relay_url,
        "OPERATOR_KEY": chain.secrets.operator_key,
    }


@contextmanager
def running_fleet(
    broker: Broker,
    book: Path,
    port: int = 0,
    *,
    is_waited_for: bool = True,
    settings: Mapping[str, str] | None = None,
    inside: Sequence[str] = (),
) -> Iterator[RunningFleet]:
    """Start `python -m fleet serve` at a broker, with its book in a file of SQLite's, and stop it after.

    `settings` are added to its environment. `inside` is a command that its own is given to, and that becomes
    it: what makes its surroundings.

    Raises:
        PartFailedError: it was waited for, and ended or did not come up.
    """
    port = port or free_port()
    url, database = f"http://127.0.0.1:{port}", f"sqlite:///{book}"
    environment = {
        "FLEET_DATABASE": database,
        "FLEET_URL": url,
        "FLEET_LISTEN": f"127.0.0.1:{port}",
        "FLEET_SECRET": secrets.token_hex(32),
        "MQTT_BROKER": "localhost",
        "MQTT_PORT": str(broker.services_port),
        "MQTT_PASSWORD": broker.passwords[FLEET_USERNAME],
        "MQTT_CA_FILE": str(broker.ca_file),
        **(settings or {}),
    }
    command = [*inside, sys.executable, "-m", "fleet", "serve"]
    part = Part("fleet", command, book.parent / "fleet.log", environment)
    part.start()
    try:
        if is_waited_for:
            part.wait_for_line("broker connected")
            requests.get(f"{url}/health", timeout=10).raise_for_status()
        yield RunningFleet(url, database, part, environment)
    finally:
        part.stop()
