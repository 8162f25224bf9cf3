"""The relay's MQTT side, against a real broker that goes away, falls silent and comes back."""

from __future__ import annotations

import json
import selectors
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from relay_parts import Cabinet, environment, until

from cloud_relay.broker.publisher import Publisher
from cloud_relay.errors import BrokerUnavailable, NobodySubscribed, PublishRefused
from cloud_relay.rules.messages import UNREADABLE_STATUS, MachineStatus
from cloud_relay.settings import MqttSettings, read_settings
from simulator.chain.broker import Broker

TOPIC = "arcade/machine/galaga-01/coinpulse"
ACCEPTING = MachineStatus(online=True, accepting=True, state="attract")


@pytest.fixture
def mqtt(broker: Broker) -> MqttSettings:
    """How the relay reaches the broker."""
    return read_settings(
        environment(MQTT_PORT=str(broker.services_port), MQTT_CA_FILE=str(broker.ca_file))
    ).mqtt


@pytest.fixture
def publisher(mqtt: MqttSettings) -> Iterator[Publisher]:
    """A publisher that has not connected yet."""
    made = Publisher(mqtt)
    yield made
    made.close()


def test_a_message_arrives_with_its_expiry_and_its_properties(publisher: Publisher, broker: Broker) -> None:
    """Everything that the wire contract asks of a coin pulse."""
    with Cabinet("galaga-01", broker) as cabinet:
        publisher.publish(TOPIC, b'{"a":1}', expiry_s=150, user_properties={"sig": "abc"})
        assert cabinet.payload() == {"a": 1}
        (message,) = cabinet.heard
    assert (message.qos, message.retain) == (1, False)
    assert message.properties.MessageExpiryInterval == 150
    assert message.properties.UserProperty == [("sig", "abc")]


def test_a_message_that_nobody_will_get_is_an_error(publisher: Publisher) -> None:
    """The broker takes it, throws it away, and says so."""
    with pytest.raises(NobodySubscribed, match=f"nobody is subscribed to {TOPIC}"):
        publisher.publish(TOPIC, b"{}")


def test_a_message_that_the_access_rules_forbid_is_an_error(publisher: Publisher) -> None:
    """A PUBACK alone is no success."""
    with pytest.raises(PublishRefused, match="refused a message to elsewhere: Not authorized"):
        publisher.publish("elsewhere", b"{}")


def test_a_wrong_password_is_an_error_that_names_the_broker(mqtt: MqttSettings) -> None:
    """And not an endless attempt."""
    with pytest.raises(BrokerUnavailable, match=f"localhost:{mqtt.port} refused cloud.relay"):
        Publisher(replace(mqtt, password="wrong")).publish(TOPIC, b"{}")


def test_a_broker_whose_authority_we_do_not_trust_is_an_error(mqtt: MqttSettings) -> None:
    """The password is not sent to just anybody."""
    with pytest.raises(BrokerUnavailable, match="certificate verify failed"):
        Publisher(replace(mqtt, ca_file=None)).publish(TOPIC, b"{}")


def test_nothing_is_kept_for_later_while_the_broker_is_away(publisher: Publisher, broker: Broker) -> None:
    """What failed stays unsent: its sender was told so, and will repeat it or not."""
    with Cabinet("galaga-01", broker) as cabinet:
        publisher.publish(TOPIC, b'"before"')
        until(cabinet.payloads, ["before"], "the first message")
    broker.stop()
    with pytest.raises(BrokerUnavailable, match="cannot reach localhost"):
        publisher.publish(TOPIC, b'"while away"')
    broker.start()
    with Cabinet("galaga-01", broker) as cabinet:
        publisher.publish(TOPIC, b'"after"')
        until(cabinet.payloads, ["after"], "only the last message")


def test_a_restarted_broker_is_found_again_by_the_same_call(publisher: Publisher, broker: Broker) -> None:
    """A broken connection costs one more try, not an error."""
    with Cabinet("galaga-01", broker):
        publisher.publish(TOPIC, b"1")
    broker.restart()
    with Cabinet("galaga-01", broker) as cabinet:
        publisher.publish(TOPIC, b"2")
        until(cabinet.payloads, [2], "the second message")


def test_a_connection_that_died_in_silence_is_replaced(mqtt: MqttSettings, broker: Broker) -> None:
    """As after a freeze on Lambda: the socket looks well, and nothing comes back."""
    with SilentProxy(broker.services_port) as proxy, Cabinet("galaga-01", broker) as cabinet:
        publisher = Publisher(replace(mqtt, port=proxy.port))
        publisher.publish(TOPIC, b"1")
        proxy.fall_silent()
        publisher.publish(TOPIC, b"2")
        until(cabinet.payloads, [1, 2], "both messages")
        publisher.close()


def test_many_threads_publish_at_once_and_each_message_arrives_once(
    publisher: Publisher, broker: Broker
) -> None:
    """One connection serves them all, whichever comes first: the PUBACK or publish()'s return."""
    with Cabinet("galaga-01", broker) as cabinet, ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda n: publisher.publish(TOPIC, str(n).encode()), range(300)))
        until(lambda: sorted(cabinet.payloads()), list(range(300)), "all messages")


def test_the_retained_status_is_read_by_many_at_once(publisher: Publisher, broker: Broker) -> None:
    """Every phone at the same door gets an answer."""
    with Cabinet("galaga-01", broker) as cabinet, ThreadPoolExecutor(16) as threads:
        cabinet.say()
        seen = list(threads.map(publisher.retained_status, ["galaga-01"] * 100))
    assert seen == [ACCEPTING] * 100


def packets(broker: Broker, kind: str) -> int:
    """How many packets of a kind the broker took from a relay."""
    return broker.log_file.read_text().count(f"Received {kind} from cloud-relay-")


def test_who_asks_while_a_subscription_is_on_its_way_goes_with_the_next_one(
    publisher: Publisher, broker: Broker
) -> None:
    """It is packets that cost time: sixteen doors at once need few more than one."""
    with Cabinet("galaga-01", broker) as cabinet, ThreadPoolExecutor(16) as threads:
        cabinet.say()
        seen = list(threads.map(publisher.retained_status, ["galaga-01"] * 400))
    assert seen == [ACCEPTING] * 400
    assert packets(broker, "SUBSCRIBE") < 200
    assert packets(broker, "UNSUBSCRIBE") <= packets(broker, "SUBSCRIBE")


def test_what_nobody_reads_any_more_is_given_up_with_the_next_subscription(
    publisher: Publisher, broker: Broker
) -> None:
    """Or a relay would hear all that its machines say, for ever."""
    with Cabinet("galaga-01", broker) as cabinet:
        cabinet.say()
        publisher.retained_status("galaga-01")
        publisher.retained_status("pacman-02", within_s=0.0)
        before = broker.log_file.read_text()
        cabinet.say(state="playing")
        assert publisher.retained_status("galaga-01") == replace(ACCEPTING, state="playing")
    sent = broker.log_file.read_text()[len(before) :].count("Sending PUBLISH to cloud-relay-")
    assert (packets(broker, "UNSUBSCRIBE"), sent) == (2, 1)


def test_the_status_is_the_latest_one(publisher: Publisher, broker: Broker) -> None:
    """A subscription is made anew for every question."""
    with Cabinet("galaga-01", broker) as cabinet:
        cabinet.say()
        publisher.retained_status("galaga-01")
        cabinet.say(accepting=False, state="playing")
        assert publisher.retained_status("galaga-01") == MachineStatus(
            online=True, accepting=False, state="playing"
        )


def test_a_machine_that_never_said_anything_has_no_status(publisher: Publisher) -> None:
    """The broker answers the subscription, and sends nothing."""
    assert publisher.retained_status("galaga-01", within_s=0.2) is None


def test_a_status_of_another_machine_on_this_topic_is_not_believed(
    publisher: Publisher, broker: Broker
) -> None:
    """Topic and payload must name the same machine."""
    with Cabinet("galaga-01", broker) as cabinet:
        cabinet.say_raw(json.dumps({"machineId": "x", "online": True, "accepting": True}).encode())
        assert publisher.retained_status("galaga-01") == UNREADABLE_STATUS


class SilentProxy:
    """Passes bytes between the relay and the broker, until it falls silent on the connections it has."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._other: dict[socket.socket, socket.socket] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._silent = threading.Event()

    def fall_silent(self) -> None:
        """Pass nothing more on the present connections; later ones work."""
        self._wake.send(b"s")
        assert self._silent.wait(60)

    def __enter__(self) -> SilentProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wake.close()
        self._thread.join()
        for one in (self._listener, self._woken, *self._other):
            one.close()

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._woken:
                    if not self._woken.recv(1):
                        return
                    self._forget_all()
                else:
                    self._pass_on(key.fileobj)  # type: ignore[arg-type]

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        far = socket.create_connection(("127.0.0.1", self._broker_port))
        self._other |= {near: far, far: near}
        for one in (near, far):
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, one: socket.socket) -> None:
        with suppress(OSError):
            if data := one.recv(65536):
                self._other[one].sendall(data)
                return
        self._selector.unregister(one)
        with suppress(OSError):
            self._other[one].shutdown(socket.SHUT_WR)

    def _forget_all(self) -> None:
        for one in self._other:
            with suppress(KeyError):
                self._selector.unregister(one)
        self._silent.set()


def test_a_broker_that_is_away_is_a_line_when_it_goes_and_one_when_it_comes(
    publisher: Publisher, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Not one for each look at a door: a crawler would fill the log."""
    publisher.retained_status("galaga-01")
    broker.stop()
    for _ in range(5):
        with pytest.raises(BrokerUnavailable):
            publisher.retained_status("galaga-01")
    broker.start()
    publisher.retained_status("galaga-01")
    where = f"localhost:{broker.services_port}"
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", f"The broker is away: cannot reach {where}: [Errno 111] Connection refused"),
        ("WARNING", "The broker is there again"),
    ]


def test_an_authority_that_was_spoiled_since_the_start_is_named(mqtt: MqttSettings, tmp_path: Path) -> None:
    """It is read for each connection: a new one holds without a restart."""
    spoiled = tmp_path / "ca.crt"
    spoiled.write_text("none")
    publisher = Publisher(replace(mqtt, ca_file=spoiled))
    with pytest.raises(BrokerUnavailable, match=f"^MQTT_CA_FILE {spoiled} cannot be used: "):
        publisher.publish(TOPIC, b"{}")
