"""Many readers of one connection: each has an answer of its own, whoever it shared a packet with."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from conftest import wait_until
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from cloud_relay.broker.subscriptions import Subscriptions
from cloud_relay.errors import BrokerUnavailable, PublishRefused

GRANTED = ReasonCode(PacketTypes.SUBACK, "Granted QoS 0")
REFUSED = ReasonCode(PacketTypes.SUBACK, "Not authorized")


@dataclass
class Packets:
    """What would be sent to a broker, that answers when the test does."""

    subscribed: list[list[str]] = field(default_factory=list)
    unsubscribed: list[list[str]] = field(default_factory=list)

    def subscribe(self, topics: list[tuple[str, Any]]) -> tuple[int, int]:
        self.subscribed.append([topic for topic, _ in topics])
        return 0, len(self.subscribed)

    def unsubscribe(self, topics: list[str]) -> tuple[int, int]:
        self.unsubscribed.append(topics)
        return 0, 1000 + len(self.unsubscribed)


@pytest.fixture
def packets() -> Packets:
    """What was sent so far."""
    return Packets()


@pytest.fixture
def subscriptions(packets: Packets) -> Subscriptions:
    """Those of a connection that sends nothing."""
    return Subscriptions(cast(Client, packets))


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Enough for all readers."""
    with ThreadPoolExecutor(4) as pool:
        yield pool


def ask(
    subscriptions: Subscriptions, threads: ThreadPoolExecutor, topic: str, within_s: float = 20.0
) -> Future[None]:
    """Begin to read, and leave once that was granted."""

    def read() -> None:
        with subscriptions.reading(topic, within_s):
            pass

    return threads.submit(read)


def three_at_once(
    subscriptions: Subscriptions, packets: Packets, threads: ThreadPoolExecutor
) -> list[Future[None]]:
    """One that is on its way, and two that go together after it."""
    asking = [ask(subscriptions, threads, "a")]
    wait_until(lambda: packets.subscribed == [["a"]], "the first packet")
    for count, topic in enumerate(("b", "c"), 1):
        asking.append(ask(subscriptions, threads, topic))
        wait_until(lambda count=count: len(subscriptions._waiting) == count, "the next in line")
    return asking


def test_each_of_those_that_share_a_packet_has_its_own_answer(
    subscriptions: Subscriptions, packets: Packets, threads: ThreadPoolExecutor
) -> None:
    """One topic that the rules forbid is no hindrance to the others."""
    first, second, third = three_at_once(subscriptions, packets, threads)
    subscriptions.answer(1, [GRANTED])
    assert first.result(60) is None
    subscriptions.answer(2, [REFUSED, GRANTED])
    assert third.result(60) is None
    with pytest.raises(PublishRefused, match="the broker refused a subscription to b: Not authorized"):
        second.result(60)
    assert packets.subscribed == [["a"], ["b", "c"]]


def test_a_topic_that_somebody_reads_again_is_not_given_up(
    subscriptions: Subscriptions, packets: Packets, threads: ThreadPoolExecutor
) -> None:
    """The broker is told of the others before it is asked anew."""
    for mid, topic in enumerate(("a", "b", "a"), 1):
        asking = ask(subscriptions, threads, topic)
        wait_until(lambda mid=mid: len(packets.subscribed) == mid, "the packet")
        subscriptions.answer(mid, [GRANTED])
        asking.result(60)
    assert packets.unsubscribed == [["a"], ["b"]]
    again = ask(subscriptions, threads, "a")
    wait_until(lambda: len(packets.subscribed) == 4, "the packet")
    subscriptions.answer(4, [GRANTED])
    again.result(60)
    assert packets.unsubscribed == [["a"], ["b"]]


def test_the_end_of_a_connection_is_told_to_all_who_wait(
    subscriptions: Subscriptions, packets: Packets, threads: ThreadPoolExecutor
) -> None:
    """Those on their way, those in line, and whoever comes later."""
    asking = three_at_once(subscriptions, packets, threads)
    subscriptions.end("the broker fell")
    asking.append(ask(subscriptions, threads, "d"))
    assert [str(each.exception(20)) for each in asking] == ["the broker fell"] * 4
    assert packets.subscribed == [["a"]]


def test_an_answer_that_does_not_come_is_an_error(
    subscriptions: Subscriptions, threads: ThreadPoolExecutor
) -> None:
    """It names what was asked."""
    with pytest.raises(BrokerUnavailable, match=r"no SUBACK for a within 0\.1 s"):
        ask(subscriptions, threads, "a", within_s=0.1).result(60)


@pytest.mark.parametrize(
    ("topic_filter", "topics"),
    [
        ("arcade/machine/+/status", ["arcade/machine/m/status"]),
        ("arcade/machine/m/status", ["arcade/machine/m/status"]),
        ("arcade/+/m/+", ["arcade/machine/m/status", "arcade/machine/m/coinpulse"]),
    ],
)
def test_a_message_goes_to_the_readers_of_its_topic(
    subscriptions: Subscriptions,
    packets: Packets,
    threads: ThreadPoolExecutor,
    topic_filter: str,
    topics: list[str],
) -> None:
    """And a plus sign stands for one level, neither for none nor for two."""
    every = [f"arcade/machine/{rest}" for rest in ("m/status", "m/coinpulse", "status", "m/n/status")]

    def read() -> list[str]:
        with subscriptions.reading(topic_filter, 20) as inbox:
            for topic in every:
                subscriptions.deliver(MQTTMessage(topic=topic.encode()))
            return [inbox.get().topic for _ in range(inbox.qsize())]

    reading = threads.submit(read)
    wait_until(lambda: packets.subscribed, "the packet")
    subscriptions.answer(1, [GRANTED])
    assert reading.result(60) == topics
