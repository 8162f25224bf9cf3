"""What a broker keeps is told apart from what is said meanwhile, and the reading of it ends."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from itertools import count

import pytest
from paho.mqtt.client import MQTTMessage

from cloud_relay.broker.kept import Inbox, Kept, gather

QUIET_S = 0.1


def message(topic: str, payload: bytes, *, kept: bool) -> MQTTMessage:
    """A message as paho gives it, from the broker's store or live."""
    made = MQTTMessage(topic=topic.encode())
    made.payload, made.retain = payload, kept
    return made


def gathered(*messages: MQTTMessage, round_trip: Callable[[float], bool] = lambda _: True) -> Kept:
    """What is read of messages that have all come."""
    inbox: Inbox = queue.SimpleQueue()
    for each in messages:
        inbox.put(each)
    return gather(inbox, QUIET_S, time.monotonic() + 10, round_trip)


@pytest.mark.parametrize(
    ("messages", "latest"),
    [
        ([message("a", b"1", kept=True), message("b", b"2", kept=True)], {"a": b"1", "b": b"2"}),
        ([message("a", b"old", kept=True), message("a", b"new", kept=False)], {"a": b"new"}),
        ([message("a", b"new", kept=False), message("a", b"old", kept=True)], {"a": b"new"}),
        ([message("a", b"old", kept=True), message("a", b"", kept=False)], {}),
    ],
)
def test_the_latest_of_each_topic_is_given(messages: list[MQTTMessage], latest: dict[str, bytes]) -> None:
    """A broker may send what it keeps after something newer; an empty message takes the topic away."""
    assert gathered(*messages) == Kept(latest, complete=True)


def test_what_was_kept_and_comes_only_with_the_answer_to_a_packet_is_read() -> None:
    """A flood of other messages can hold back the rest for longer than the silence that is waited for."""
    late = iter([message("b", b"2", kept=True), message("c", b"3", kept=True)])
    inbox: Inbox = queue.SimpleQueue()
    inbox.put(message("a", b"1", kept=True))

    def round_trip(_: float) -> bool:
        for each in late:
            inbox.put(each)
            break
        return True

    kept = gather(inbox, QUIET_S, time.monotonic() + 10, round_trip)
    assert kept == Kept({"a": b"1", "b": b"2", "c": b"3"}, complete=True)


@pytest.mark.parametrize("kept", [True, False])
def test_one_topic_alone_cannot_make_the_wait_longer(*, kept: bool) -> None:
    """Whether a broker marks each message of a subscriber as kept, or none."""
    inbox: Inbox = queue.SimpleQueue()
    done = threading.Event()

    def flood() -> None:
        while not done.wait(QUIET_S / 20):
            inbox.put(message("a", b"1", kept=kept))

    flooding = threading.Thread(target=flood)
    flooding.start()
    began_s = time.monotonic()
    found = gather(inbox, QUIET_S, began_s + 20, lambda _: True)
    took_s = time.monotonic() - began_s
    done.set()
    flooding.join()
    assert (found, took_s < 10) == (Kept({"a": b"1"}, complete=True), True)


def test_what_never_ends_is_cut_off_and_said_to_be_incomplete() -> None:
    """Ever new topics, on a broker without rules, say."""
    inbox: Inbox = queue.SimpleQueue()
    done = threading.Event()

    def flood() -> None:
        for number in count():
            if done.wait(QUIET_S / 20):
                return
            inbox.put(message(f"topic-{number}", b"1", kept=True))

    flooding = threading.Thread(target=flood)
    flooding.start()
    found = gather(inbox, QUIET_S, time.monotonic() + QUIET_S * 5, lambda _: True)
    done.set()
    flooding.join()
    assert (found.complete, found.by_topic["topic-0"]) == (False, b"1")


def test_a_broker_that_answers_no_more_in_time_makes_it_incomplete() -> None:
    """And what it sent until then is given."""
    found = gathered(message("a", b"1", kept=True), round_trip=lambda _: False)
    assert found == Kept({"a": b"1"}, complete=False)
