"""The MQTT link, against a real broker with TLS, passwords and the shipped access rules."""

from __future__ import annotations

import logging
import queue
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
import trustme
from conftest import PASSWORDS, wait_until
from hurried_link import hurried
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from controller.cloud.broker import SHORT_LIVES, Broker, Published, SideTopic
from controller.config.keys import BrokerConfig
from controller.formats.wire import CoinPulseMessage
from controller.model.events import BrokerConnected, BrokerLost, Delivery
from simulator.chain.broker import RELAY_USERNAME
from simulator.chain.broker import Broker as Mosquitto
from simulator.chain.ports import free_port

MACHINE = "galaga-01"
TOPIC = f"arcade/machine/{MACHINE}/coinpulse"
STATUS = f"arcade/machine/{MACHINE}/status"
GAME_OVER = f"arcade/machine/{MACHINE}/gameover"
SIDE_TOPIC = f"arcade/machine/{MACHINE}/journal/seen"
WILL, FAREWELL = b"the last will", b"the farewell"

DOOMED = """
import sys, time
from pathlib import Path
from controller.cloud.broker import Broker
from controller.config.keys import BrokerConfig

broker = Broker(
    BrokerConfig("localhost", int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])),
    "galaga-01",
    coinpulse_topic="arcade/machine/galaga-01/coinpulse",
    will=("arcade/machine/galaga-01/status", b"the last will"),
    on_coinpulse=print,
    on_link=lambda event: print(event, flush=True),
    on_published=print,
)
broker.start()
time.sleep(60)
"""


class Cabinet:
    """A cabinet's link, and queues of what it told."""

    def __init__(self, config: BrokerConfig) -> None:
        self.messages: queue.SimpleQueue[tuple[CoinPulseMessage, Delivery]] = queue.SimpleQueue()
        self.published: queue.SimpleQueue[Published] = queue.SimpleQueue()
        self.links: queue.SimpleQueue[BrokerConnected | BrokerLost] = queue.SimpleQueue()
        link = Broker(
            config,
            MACHINE,
            coinpulse_topic=TOPIC,
            will=(STATUS, WILL),
            on_coinpulse=lambda message, delivery: self.messages.put((message, delivery)),
            on_link=self.links.put,
            on_published=self.published.put,
            side_topic=SideTopic(SIDE_TOPIC, print),
        )
        self.broker = hurried(link)

    def message(self) -> tuple[CoinPulseMessage, Delivery]:
        """The next message."""
        return self.messages.get(timeout=60)

    def link(self) -> BrokerConnected | BrokerLost:
        """The next word about the link."""
        return self.links.get(timeout=60)


def config_of(broker: Mosquitto) -> BrokerConfig:
    """What a technician would write."""
    return BrokerConfig("localhost", broker.port, PASSWORDS[MACHINE], broker.ca_file)


@contextmanager
def cabinet_at(broker: Mosquitto, **changes: Any) -> Iterator[Cabinet]:
    """A cabinet that connects, and is stopped at the end."""
    cabinet = Cabinet(replace(config_of(broker), **changes))
    cabinet.broker.start()
    try:
        yield cabinet
    finally:
        cabinet.broker.stop((STATUS, FAREWELL))


@contextmanager
def connected_cabinet(broker: Mosquitto, *, session_present: bool = False) -> Iterator[Cabinet]:
    """A cabinet that the broker has accepted."""
    with cabinet_at(broker) as cabinet:
        assert cabinet.link() == BrokerConnected(session_present)
        yield cabinet


class Relay:
    """The relay's end: publishes coin pulses, and hears what cabinets say."""

    def __init__(self, broker: Mosquitto) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._connected = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "relay", protocol=mqtt.MQTTv5)
        self._client.username_pw_set(RELAY_USERNAME, PASSWORDS[RELAY_USERNAME])
        self._client.tls_set(str(broker.ca_file))
        self._client.on_subscribe = lambda *_: self._connected.set()
        self._client.on_message = lambda _, __, m: self.heard.append((m.topic, bytes(m.payload), m.retain))
        self._client.connect("localhost", broker.services_port)
        self._client.subscribe(STATUS, qos=1)
        self._client.loop_start()
        assert self._connected.wait(60)

    def publish(self, payload: bytes, *, expiry_s: int | None = None, sig: str | None = None) -> None:
        """Send a coin pulse, and wait until the broker has it."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if expiry_s is not None:
            properties.MessageExpiryInterval = expiry_s
        if sig is not None:
            properties.UserProperty = [("other", "x"), ("sig", sig)]
        self._client.publish(TOPIC, payload, qos=1, properties=properties).wait_for_publish(10)

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def relay_at(broker: Mosquitto) -> Iterator[Relay]:
    """A relay that listens to the cabinet's status."""
    relay = Relay(broker)
    try:
        yield relay
    finally:
        relay.close()


def wait_until_told(cabinet: Cabinet, wanted: BrokerConnected | str) -> None:
    """Wait for such a word about the link, which may have others before it."""

    def is_told() -> bool:
        told = cabinet.links.get(timeout=60)
        return (
            wanted in told.reason
            if isinstance(told, BrokerLost) and isinstance(wanted, str)
            else told == wanted
        )

    wait_until(is_told, f"{wanted}", within_s=60)


def send(broker: Mosquitto, *payloads: bytes, **how: Any) -> None:
    """Have the relay send coin pulses."""
    with relay_at(broker) as relay:
        for payload in payloads:
            relay.publish(payload, **how)


@contextmanager
def talking_broker(real: Mosquitto, last_word: bytes, granted: bytes = b"\1") -> Iterator[BrokerConfig]:
    """A broker that accepts a cabinet, answers its subscription, says `last_word`, and hangs up.

    Its certificate is the real one's.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(real.ca_file.parent / "server.crt", real.ca_file.parent / "server.key")

    def serve(listener: socket.socket) -> None:
        with context.wrap_socket(listener.accept()[0], server_side=True) as link:
            link.recv(4096)
            link.sendall(bytes([0x20, 3, 0, 0, 0]))
            number = link.recv(4096)[2:4]
            link.sendall(bytes([0x90, 3 + len(granted), *number, 0, *granted]) + last_word)
            link.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield replace(config_of(real), port=listener.getsockname()[1])
        thread.join(60)


# Messages


def test_a_coin_pulse_arrives_with_all_that_the_rules_need(broker: Mosquitto) -> None:
    """Payload, time left, signature, and the handle to acknowledge it by."""
    with connected_cabinet(broker) as cabinet:
        send(broker, b"{}", expiry_s=150, sig="ab12")

        assert cabinet.message() == (
            CoinPulseMessage(b"{}", retained=False, expiry_s=150, signature="ab12"),
            Delivery(connection=1, message_id=1, qos=1),
        )


def test_what_a_message_does_not_say_is_none(broker: Mosquitto) -> None:
    """An older relay sets neither expiry nor signature."""
    with connected_cabinet(broker) as cabinet:
        send(broker, b"{}")

        assert cabinet.message()[0] == CoinPulseMessage(b"{}", False, expiry_s=None, signature=None)


def test_a_message_that_was_not_acknowledged_comes_again_on_the_next_connection(
    broker: Mosquitto,
) -> None:
    """PUBACK says that it is on our disk, and nothing else may say it."""
    with connected_cabinet(broker) as cabinet:
        send(broker, b"one")
        message, first = cabinet.message()
    with connected_cabinet(broker, session_present=True) as cabinet:
        again, second = cabinet.message()

    assert (again, first.connection, second.connection) == (message, 1, 1)


def test_an_acknowledged_message_does_not_come_again(broker: Mosquitto) -> None:
    """Of two, only the other one does."""
    with connected_cabinet(broker) as cabinet:
        send(broker, b"one", b"two")
        cabinet.broker.acknowledge(cabinet.message()[1])
        assert cabinet.message()[0].payload == b"two"
    with connected_cabinet(broker, session_present=True) as cabinet:
        send(broker, b"three")

        assert [cabinet.message()[0].payload for _ in range(2)] == [b"two", b"three"]


def test_an_acknowledgement_of_an_old_connection_is_not_sent(broker: Mosquitto) -> None:
    """Message ids begin anew: it would acknowledge another message."""
    with connected_cabinet(broker) as cabinet:
        send(broker, b"one")
        _, old = cabinet.message()
        broker.restart()
        _, new = cabinet.message()
        cabinet.broker.acknowledge(old)
    with connected_cabinet(broker, session_present=True) as cabinet:
        assert (old.connection, new.connection) == (1, 2)
        assert cabinet.message()[0].payload == b"one"


def test_what_was_sent_while_we_were_away_is_delivered(broker: Mosquitto) -> None:
    """The broker keeps our session, and reduces the time left by the wait."""
    with connected_cabinet(broker):
        pass
    send(broker, b"one", expiry_s=150)

    with connected_cabinet(broker, session_present=True) as cabinet:
        message, _ = cabinet.message()

    assert message.payload == b"one"
    assert message.expiry_s is not None
    assert 0 < message.expiry_s <= 150


def test_a_callback_that_raises_is_logged_and_the_link_goes_on(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    """In paho an exception ends the thread without a word."""
    with cabinet_at(broker) as cabinet:
        put: Callable[..., None] = cabinet.messages.put

        def raise_once(message: CoinPulseMessage, delivery: Delivery) -> None:
            if message.payload == b"bad":
                raise RuntimeError("cannot be told")
            put((message, delivery))

        cabinet.broker._on_coinpulse = raise_once
        assert cabinet.link() == BrokerConnected(session_present=False)
        send(broker, b"bad", b"good")

        assert (cabinet.message()[0].payload, cabinet.broker.alive) == (b"good", True)
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        "MQTT callback failed"
    ]


# The link


def test_a_restarted_broker_is_found_again(broker: Mosquitto) -> None:
    """By itself, with the session of before."""
    with connected_cabinet(broker) as cabinet:
        broker.restart()
        words = [cabinet.link()]
        while not isinstance(words[-1], BrokerConnected):
            words.append(cabinet.link())

    assert isinstance(words[0], BrokerLost)
    assert words[-1] == BrokerConnected(session_present=True)


def test_a_wrong_password_is_told_as_such_each_time(broker: Mosquitto) -> None:
    """Not as the protocol error that follows it."""
    with cabinet_at(broker, password="wrong") as cabinet:
        told = [cabinet.link() for _ in range(2)]

    assert told == [BrokerLost("refused us: Not authorized")] * 2


def test_a_broker_with_another_authority_is_not_trusted(broker: Mosquitto, tmp_path: Path) -> None:
    """The technician hears that it is the certificate."""
    ca_file = tmp_path / "other.crt"
    trustme.CA().cert_pem.write_to_path(str(ca_file))
    with cabinet_at(broker, ca_file=ca_file) as cabinet:
        told = cabinet.link()

    assert isinstance(told, BrokerLost)
    assert told.reason.startswith(f"localhost:{broker.port} cannot be reached: ")
    assert "certificate verify failed" in told.reason


def test_a_new_authority_holds_from_the_next_connection_on(broker: Mosquitto, tmp_path: Path) -> None:
    """The file is replaced while the cabinet runs; broken on the way there, it is named."""
    ca_file = tmp_path / "ca.crt"
    shutil.copy(broker.ca_file, ca_file)
    with cabinet_at(broker, ca_file=ca_file) as cabinet:
        assert cabinet.link() == BrokerConnected(session_present=False)
        broker.stop()
        for made in ("ca.crt", "server.crt", "server.key"):
            (broker.folder / made).unlink()
        broker.start()  # with an authority and a certificate of its own, made anew
        wait_until_told(cabinet, "certificate verify failed")
        ca_file.write_text("half a file")
        wait_until_told(cabinet, f"broker.ca_file {ca_file} cannot be used: ")
        ca_file.unlink()
        wait_until_told(cabinet, f"broker.ca_file {ca_file} cannot be used: No such file or directory")
        shutil.copy(broker.ca_file, ca_file)

        wait_until_told(cabinet, BrokerConnected(session_present=True))


def test_a_broker_that_is_not_there_is_named_and_tried_again(broker: Mosquitto) -> None:
    """With its address."""
    broker.stop()
    with cabinet_at(broker) as cabinet:
        assert cabinet.link() == BrokerLost(
            f"localhost:{broker.port} cannot be reached: [Errno 111] Connection refused"
        )
        broker.start()
        while (told := cabinet.link()) != BrokerConnected(session_present=False):
            assert isinstance(told, BrokerLost)


def attempts_at(nowhere: BrokerConfig, ending: Executor, stopping: ExitStack) -> list[float]:
    """When a cabinet tries to connect to a broker that is not there: a list that grows."""
    times: list[float] = []
    broker = Broker(
        nowhere,
        MACHINE,
        coinpulse_topic=TOPIC,
        will=(STATUS, WILL),
        on_coinpulse=print,
        on_link=lambda _: times.append(time.monotonic()),
        on_published=print,
    )
    stopping.callback(ending.submit, broker.stop, (STATUS, FAREWELL))
    broker.start()
    return times


def test_cabinets_that_lost_a_broker_together_come_back_one_after_the_other() -> None:
    """A thousand at once, again and again, are too many for a broker that has just begun."""
    nowhere = BrokerConfig("localhost", free_port(), "secret", None)
    # Each takes a second or two to leave its wait: all at once.
    with ThreadPoolExecutor(8) as ending, ExitStack() as stopping:
        attempts = [attempts_at(nowhere, ending, stopping) for _ in range(8)]
        wait_until(lambda: all(len(times) >= 2 for times in attempts), "each to have tried again")
    waits_s = [times[1] - times[0] for times in attempts]
    assert max(waits_s) - min(waits_s) > 0.2


def test_another_client_with_our_name_is_recognised_without_a_word(broker: Mosquitto) -> None:
    """Mosquitto 2.0 only hangs up, and the two throw each other out for ever."""
    with connected_cabinet(broker) as one, connected_cabinet(broker, session_present=True) as other:
        told: list[BrokerConnected | BrokerLost] = []

        def is_told() -> bool:
            for cabinet in (one, other):
                while not cabinet.links.empty():
                    told.append(cabinet.link())
            return any(isinstance(word, BrokerLost) and word.taken_over for word in told)

        wait_until(is_told, "the take-over to be recognised", within_s=60)

    early = [word for word in told if isinstance(word, BrokerLost)][: SHORT_LIVES - 1]
    assert [word.taken_over for word in early] == [False] * (SHORT_LIVES - 1)


@pytest.mark.parametrize(
    ("reason", "taken_over"), [(142, True), (139, False)], ids=["taken over", "shut down"]
)
def test_a_broker_that_says_why_it_hangs_up_is_believed(
    reason: int, taken_over: bool, broker: Mosquitto
) -> None:
    """EMQX does, at the first time."""
    with talking_broker(broker, bytes([0xE0, 1, reason])) as config:
        cabinet = Cabinet(config)
        cabinet.broker.start()
        assert cabinet.link() == BrokerConnected(session_present=False)
        lost = cabinet.link()
        cabinet.broker.stop((STATUS, FAREWELL))

    assert isinstance(lost, BrokerLost)
    assert lost.taken_over is taken_over


@pytest.mark.parametrize(
    ("granted", "told"),
    [
        (bytes([1, 135]), BrokerConnected(session_present=False)),
        (bytes([135, 0]), BrokerLost("refused our subscription: Not authorized")),
    ],
    ids=["journal refused", "coin pulses refused"],
)
def test_a_broker_may_refuse_the_side_topic_and_nothing_else(
    granted: bytes, told: BrokerConnected | BrokerLost, broker: Mosquitto
) -> None:
    """Its rules may be older than the journal; without coin pulses the cabinet cannot sell."""
    with talking_broker(broker, b"", granted) as config:
        cabinet = Cabinet(config)
        cabinet.broker.start()
        assert cabinet.link() == told
        cabinet.broker.stop((STATUS, FAREWELL))


def test_a_restarted_broker_is_no_take_over(broker: Mosquitto) -> None:
    """Not even one that is restarted again and again."""
    with connected_cabinet(broker) as cabinet:
        words: list[BrokerConnected | BrokerLost] = []
        for _ in range(2):
            broker.restart()
            words.append(cabinet.link())
            while not isinstance(words[-1], BrokerConnected):
                words.append(cabinet.link())

    lost = [word for word in words if isinstance(word, BrokerLost)]
    assert lost
    assert not any(word.taken_over for word in lost)


def test_a_stopped_link_has_no_thread_and_tells_of_no_loss(broker: Mosquitto) -> None:
    """What was asked for is no trouble."""
    with connected_cabinet(broker) as cabinet:
        thread = cabinet.broker._client._thread
        assert thread is not None

    assert (thread.is_alive(), cabinet.broker.alive, cabinet.links.empty()) == (False, True, True)


# What we say


def test_a_stopped_cabinet_says_a_farewell_that_stays(broker: Mosquitto) -> None:
    """A clean goodbye keeps the last will back."""
    with connected_cabinet(broker) as cabinet:
        cabinet.broker.publish(STATUS, b"at home", retain=True)

    with relay_at(broker) as relay:
        wait_until(lambda: relay.heard, "the retained status")
        assert relay.heard == [(STATUS, FAREWELL, True)]


def test_a_killed_cabinet_leaves_its_last_will(broker: Mosquitto) -> None:
    """Retained: who asks later hears it too."""
    config = config_of(broker)
    arguments = [str(config.port), config.password, str(config.ca_file)]
    doomed = subprocess.Popen([sys.executable, "-c", DOOMED, *arguments], stdout=subprocess.PIPE, text=True)
    assert doomed.stdout is not None
    assert doomed.stdout.readline() == "BrokerConnected(session_present=False)\n"
    with relay_at(broker) as relay:
        doomed.kill()
        doomed.communicate()
        wait_until(lambda: relay.heard == [(STATUS, WILL, False)], "the last will")

    with relay_at(broker) as relay:
        wait_until(lambda: relay.heard == [(STATUS, WILL, True)], "the retained last will")


def test_what_is_published_offline_is_sent_on_the_next_connection(broker: Mosquitto) -> None:
    """A game over is not lost with the network."""
    cabinet = Cabinet(config_of(broker))
    cabinet.broker.publish(STATUS, b"said before", retain=True)
    cabinet.broker.start()
    try:
        with relay_at(broker) as relay:
            wait_until(lambda: relay.heard, "what was said before")
            assert relay.heard[0][:2] == (STATUS, b"said before")
    finally:
        cabinet.broker.stop((STATUS, FAREWELL))
