"""The shipped access rules, asked of a real Mosquitto: who may say and hear what."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from access_matrix import FLEET_USERNAME, IDENTITIES, MAY_HEAR, MAY_PUBLISH, TOPICS, WILDCARDS
from conftest import PASSWORDS, wait_until
from paho.mqtt.client import Client
from relay_parts import mqtt_client, publish_reason

from simulator.chain.broker import RELAY_USERNAME, Broker

OBSERVER = "test.observer"
REFUSED = 135  # MQTT 5's "not authorized"
# Mosquitto's password file takes a line that begins so for a comment.
LOGINS = [name for name in IDENTITIES if not name.startswith("#")]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker with the shipped rules, and an observer who may say and hear everything."""
    everything = f"user {OBSERVER}\ntopic readwrite #\ntopic read $SYS/#\n"
    passwords = {name: f"password of {name}" for name in (*LOGINS, OBSERVER)}
    with Broker(tmp_path_factory.mktemp("rules"), passwords, extra_rules=everything) as running:
        yield running


@pytest.fixture(scope="module")
def observer(broker: Broker) -> Iterator[Client]:
    """Somebody whom no rule binds."""
    yield from _connected(broker, OBSERVER)


@pytest.fixture(params=LOGINS, scope="module")
def identity(request: pytest.FixtureRequest) -> str:
    """The services, cabinets, and logins with a wildcard in them."""
    return str(request.param)


@pytest.fixture(scope="module")
def client(broker: Broker, identity: str) -> Iterator[Client]:
    """A client that logged in as `identity`."""
    yield from _connected(broker, identity)


def test_who_may_publish(client: Client, identity: str) -> None:
    """The PUBACK says whether the broker took the message."""
    taken = {topic for topic in TOPICS if publish_reason(client, topic, b"said") != REFUSED}
    assert taken == MAY_PUBLISH[identity]


def test_who_hears_what(observer: Client, client: Client, identity: str) -> None:
    """Of all topics that a client subscribes to, only its own are delivered."""
    heard = _listen(client, ["$SYS/#", *WILDCARDS, *TOPICS])
    for topic in TOPICS:
        publish_reason(observer, topic, b"first")
    # What was allowed comes in order: once the last was heard again, nothing is on its way.
    if MAY_HEAR[identity]:
        last = sorted(MAY_HEAR[identity])[-1]
        publish_reason(observer, last, b"last")
        wait_until(lambda: (last, b"last") in heard, "the last message")
    else:
        _listen(client, ["elsewhere"])  # its SUBACK comes after whatever was on its way
    assert {topic for topic, _ in heard} == MAY_HEAR[identity]


@pytest.mark.parametrize(
    ("reader", "leaf"),
    [(RELAY_USERNAME, "status"), (FLEET_USERNAME, "status"), ("galaga-01", "journal/seen")],
)
def test_what_is_retained_is_heard_by_who_comes_later(
    observer: Client, broker: Broker, reader: str, leaf: str
) -> None:
    """The door asks for a status that was said before it subscribed; a cabinet for what the fleet has."""
    topic = f"arcade/machine/galaga-01/{leaf}"
    publish_reason(observer, topic, b"retained", retain=True)
    for later in _connected(broker, reader):
        heard = _listen(later, [topic])
        wait_until(lambda: heard, "the retained message")  # noqa: B023
        assert heard == [(topic, b"retained")]


@pytest.mark.parametrize(
    ("username", "password"),
    [
        (None, None),
        ("galaga-01", "wrong-password"),
        ("galaga-01", PASSWORDS["pacman-02"]),
        (RELAY_USERNAME, ""),
        ("nobody", "nothing"),
    ],
)
def test_nobody_gets_in_without_a_password_of_their_own(
    broker: Broker, username: str | None, password: str | None
) -> None:
    """Anonymous, wrong and borrowed passwords are refused at CONNECT."""
    with pytest.raises(PermissionError, match="Not authorized"):
        mqtt_client(broker, username, password)


def _connected(broker: Broker, username: str) -> Iterator[Client]:
    client = mqtt_client(broker, username, broker.passwords[username])
    yield client
    client.disconnect()
    client.loop_stop()


def _listen(client: Client, topics: list[str]) -> list[tuple[str, bytes]]:
    heard: list[tuple[str, bytes]] = []
    granted: list[int] = []
    client.on_message = lambda _c, _u, message: heard.append((message.topic, message.payload))
    client.on_subscribe = lambda _c, _u, mid, _r, _p: granted.append(mid)
    for topic in topics:
        client.subscribe(topic, qos=1)
    wait_until(lambda: len(granted) == len(topics), "every SUBACK")
    return heard
