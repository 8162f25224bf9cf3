"""A thief with another cabinet's password: nobody's session can be had for the asking."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from broker_links import Link
from conftest import PASSWORDS, wait_until
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from relay_parts import mqtt_client, publish_reason

from controller.config.keys import BrokerConfig
from controller.formats.client_id import mqtt_client_id
from controller.model.events import BrokerConnected
from simulator.chain.broker import RELAY_USERNAME, Broker
from simulator.chain.mosquitto_conf import ONE_ID_A_LOGIN

VICTIM, THIEF = "galaga-01", "pacman-02"
COINPULSE = f"arcade/machine/{VICTIM}/coinpulse"
# What is in the QR, on other cabinets and in this repository.
PUBLIC_NAMES = [VICTIM, f"{VICTIM}-check", mqtt_client_id(VICTIM, PASSWORDS[THIEF])]
TRUE_NAME = mqtt_client_id(VICTIM, PASSWORDS[VICTIM])
# With the shipped settings even the true name is of no use to another login.
WAYS = [((), [*PUBLIC_NAMES, TRUE_NAME]), ((ONE_ID_A_LOGIN,), PUBLIC_NAMES)]
AT_BROKERS = pytest.mark.parametrize(("without", "names"), WAYS, ids=["shipped", "settings closed to us"])


def session_at(broker: Broker, username: str, client_id: str, *, clean: bool) -> bool:
    """Connect once as a program of one's own may; whether there was a session of that name."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5)
    client.username_pw_set(username, PASSWORDS[username])
    client.tls_set_context(ssl.create_default_context(cafile=str(broker.ca_file)))
    found: list[bool] = []
    client.on_connect = lambda _c, _u, flags, _r, _p: found.append(flags.session_present)
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 3600
    client.connect("localhost", broker.port, clean_start=clean, properties=properties)
    client.loop_start()
    wait_until(lambda: found, "CONNACK")
    client.subscribe(COINPULSE, qos=1)
    client.disconnect()
    client.loop_stop()
    return found[0]


def steal(broker: Broker, names: list[str]) -> None:
    """Ask for the session under every name, as a new client and as one that comes back."""
    for name in names:
        for clean in (False, True):
            session_at(broker, THIEF, name, clean=clean)


def victim(broker: Broker) -> Link:
    return Link(BrokerConfig("localhost", broker.port, PASSWORDS[VICTIM], broker.ca_file), VICTIM)


@contextmanager
def coins_from(broker: Broker) -> Iterator[Callable[[bytes], int]]:
    """The relay's end: sends a coin pulse, and gives the PUBACK's reason."""
    relay = mqtt_client(broker, RELAY_USERNAME, PASSWORDS[RELAY_USERNAME])
    yield lambda payload: publish_reason(relay, COINPULSE, payload)
    relay.disconnect()
    relay.loop_stop()


@AT_BROKERS
def test_a_thief_does_not_throw_a_cabinet_out(
    tmp_path: Path, without: tuple[str, ...], names: list[str]
) -> None:
    """Its connection does not end, and the next coin comes to it."""
    with Broker(tmp_path / "broker", PASSWORDS, without=without) as broker, coins_from(broker) as send:
        cabinet = victim(broker)
        assert cabinet.begin() == BrokerConnected(session_present=False)
        steal(broker, names)
        assert send(b"after the theft") == 0
        wait_until(lambda: cabinet.heard, "the coin")
        cabinet.leave()

    assert (cabinet.heard, cabinet.events.empty()) == ([b"after the theft"], True)


@AT_BROKERS
def test_a_thief_does_not_get_the_coins_that_wait(
    tmp_path: Path, without: tuple[str, ...], names: list[str]
) -> None:
    """They are there when the cabinet comes back."""
    with Broker(tmp_path / "broker", PASSWORDS, without=without) as broker, coins_from(broker) as send:
        cabinet = victim(broker)
        cabinet.begin()
        cabinet.leave()
        assert send(b"waits") == 0
        steal(broker, names)
        assert cabinet.begin() == BrokerConnected(session_present=True)
        wait_until(lambda: cabinet.heard, "the coin that waited")
        cabinet.leave()

    assert cabinet.heard == [b"waits"]


def test_where_an_older_release_kept_its_session_the_new_name_asks_the_relay(tmp_path: Path) -> None:
    """It was called like the machine: the new session is an empty one, for which open payments are asked."""
    with (
        Broker(tmp_path / "broker", PASSWORDS, without=(ONE_ID_A_LOGIN,)) as broker,
        coins_from(broker) as send,
    ):
        session_at(broker, VICTIM, VICTIM, clean=False)
        assert send(b"waits under the old name") == 0
        cabinet = victim(broker)
        assert cabinet.begin() == BrokerConnected(session_present=False)
        cabinet.leave()


def test_with_the_shipped_settings_an_older_release_s_session_goes_on(tmp_path: Path) -> None:
    """There a session is called like the login, whatever its client says."""
    with Broker(tmp_path / "broker", PASSWORDS) as broker, coins_from(broker) as send:
        session_at(broker, VICTIM, VICTIM, clean=False)
        assert send(b"waits") == 0
        cabinet = victim(broker)
        assert cabinet.begin() == BrokerConnected(session_present=True)
        wait_until(lambda: cabinet.heard, "the coin that waited")
        cabinet.leave()

    assert cabinet.heard == [b"waits"]


def test_a_cabinet_s_login_is_unknown_where_the_relays_come_in(broker: Broker) -> None:
    """There client ids are free, so that only services have a password."""
    with pytest.raises(PermissionError, match="Not authorized"):
        mqtt_client(replace(broker, port=broker.services_port), THIEF, PASSWORDS[THIEF])
