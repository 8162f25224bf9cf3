"""The shipped access rules, asked of a real Mosquitto: who may say and hear what."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import PASSWORDS, wait_until
from paho.mqtt.client import Client
from relay_parts import mqtt_client, publish_reason

from simulator.chain.broker import RELAY_USERNAME, Broker

OBSERVER = "observer"
REFUSED = 135  # MQTT 5's "not authorized"
TOPICS = [
    f"arcade/machine/{machine_id}/{leaf}"
    for machine_id in ("galaga-01", "pacman-02")
    for leaf in ("coinpulse", "gameover", "status")
] + ["arcade/machine/galaga-01/config", "arcade/machine/coinpulse", "elsewhere", "$SYS/broker/uptime"]
MAY_PUBLISH = {
    RELAY_USERNAME: {
        f"arcade/machine/{machine_id}/{leaf}"
        for machine_id in ("galaga-01", "pacman-02")
        for leaf in ("coinpulse", "gameover")
    },
    "galaga-01": {"arcade/machine/galaga-01/gameover", "arcade/machine/galaga-01/status"},
    "pacman-02": {"arcade/machine/pacman-02/gameover", "arcade/machine/pacman-02/status"},
}
MAY_HEAR = {
    RELAY_USERNAME: {"arcade/machine/galaga-01/status", "arcade/machine/pacman-02/status"},
    "galaga-01": {"arcade/machine/galaga-01/coinpulse"},
    "pacman-02": {"arcade/machine/pacman-02/coinpulse"},
}
WRITABLE_TOPICS = [topic for topic in TOPICS if not topic.startswith("$")]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker with the shipped rules, and an observer who may say and hear everything."""
    everything = f"user {OBSERVER}\ntopic readwrite #\ntopic read $SYS/#\n"
    passwords = PASSWORDS | {OBSERVER: "observer-password"}
    with Broker(tmp_path_factory.mktemp("rules"), passwords, extra_rules=everything) as running:
        yield running


@pytest.fixture(scope="module")
def observer(broker: Broker) -> Iterator[Client]:
    """Somebody whom no rule binds."""
    yield from _connected(broker, OBSERVER, "observer-password")


@pytest.fixture(params=sorted(PASSWORDS), scope="module")
def identity(request: pytest.FixtureRequest) -> str:
    """The relay, and two cabinets."""
    return str(request.param)


@pytest.fixture(scope="module")
def client(broker: Broker, identity: str) -> Iterator[Client]:
    """A client that logged in as `identity`."""
    yield from _connected(broker, identity, PASSWORDS[identity])


@pytest.mark.parametrize("topic", WRITABLE_TOPICS)
def test_who_may_publish(client: Client, identity: str, topic: str) -> None:
    """The PUBACK says whether the broker took the message."""
    reason = publish_reason(client, topic, b"said")
    assert (reason != REFUSED) == (topic in MAY_PUBLISH[identity])


def test_who_hears_what(observer: Client, client: Client, identity: str) -> None:
    """Of all topics that a client subscribes to, only its own are delivered."""
    heard = _listen(client, ["#", "$SYS/#", *TOPICS])
    for topic in WRITABLE_TOPICS:
        publish_reason(observer, topic, b"first")
    # What was allowed comes in order: once the last allowed topic was heard again, nothing is on its way.
    last = sorted(MAY_HEAR[identity])[-1]
    publish_reason(observer, last, b"last")
    wait_until(lambda: (last, b"last") in heard, "the last message")
    assert {topic for topic, _ in heard} == MAY_HEAR[identity]


def test_a_relay_hears_the_retained_status_of_every_machine(observer: Client, broker: Broker) -> None:
    """The door asks for a status that was said before it subscribed."""
    publish_reason(observer, "arcade/machine/galaga-01/status", b"retained", retain=True)
    for relay in _connected(broker, RELAY_USERNAME, PASSWORDS[RELAY_USERNAME]):
        heard = _listen(relay, ["arcade/machine/galaga-01/status"])
        wait_until(lambda: heard, "the retained status")  # noqa: B023
        assert heard == [("arcade/machine/galaga-01/status", b"retained")]


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


def _connected(broker: Broker, username: str, password: str) -> Iterator[Client]:
    client = mqtt_client(broker, username, password)
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
