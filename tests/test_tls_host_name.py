"""A broker whose certificate our authority signed, but for another host: neither side talks to it."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from conftest import PASSWORDS
from relay_parts import environment

from cloud_relay.broker.publisher import Publisher
from cloud_relay.errors import BrokerUnavailable
from cloud_relay.settings import read_settings
from controller.cloud import broker as cabinet
from controller.config.keys import BrokerConfig
from controller.model.events import BrokerConnected, BrokerLost
from simulator.chain.broker import Broker

MACHINE = "galaga-01"
STATUS = f"arcade/machine/{MACHINE}/status"
REFUSAL = "Hostname mismatch, certificate is not valid for 'localhost'"


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[Broker]:
    """A broker at localhost that can only prove to be broker.example."""
    authority = trustme.CA()
    other = authority.issue_cert("broker.example")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.crt"))
    other.private_key_pem.write_to_path(str(tmp_path / "server.key"))
    (tmp_path / "server.crt").write_bytes(b"".join(part.bytes() for part in other.cert_chain_pems))
    with Broker(tmp_path, PASSWORDS) as running:
        yield running


def test_the_cabinet_refuses_a_broker_of_another_name(impostor: Broker) -> None:
    """Whoever stole one certificate of the authority could read its password, and say what was paid."""
    links: queue.SimpleQueue[BrokerConnected | BrokerLost] = queue.SimpleQueue()
    link = cabinet.Broker(
        BrokerConfig("localhost", impostor.port, PASSWORDS[MACHINE], impostor.ca_file),
        MACHINE,
        coinpulse_topic=f"arcade/machine/{MACHINE}/coinpulse",
        will=(STATUS, b"the last will"),
        on_coinpulse=lambda *_: None,
        on_link=links.put,
        on_published=lambda _: None,
    )
    link.start()
    told = links.get(timeout=60)
    link.stop((STATUS, b"the farewell"))

    assert isinstance(told, BrokerLost)
    assert REFUSAL in told.reason


def test_the_relay_refuses_a_broker_of_another_name(impostor: Broker) -> None:
    """What it publishes is worth money."""
    variables = environment(MQTT_PORT=str(impostor.port), MQTT_CA_FILE=str(impostor.ca_file))

    with pytest.raises(BrokerUnavailable, match=REFUSAL):
        Publisher(read_settings(variables).mqtt).publish(f"arcade/machine/{MACHINE}/coinpulse", b"{}")
