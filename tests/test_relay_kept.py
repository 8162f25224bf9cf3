"""What a broker keeps is told apart from what is said meanwhile, and the reading of it ends."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field
from itertools import count

import pytest
from paho.mqtt.client import MQTTMessage

from cloud_relay.broker.kept import Ask, Inbox, Kept, gather

QUIET_S = 0.1


def message(topic: str, payload: bytes, *, kept: bool) -> MQTTMessage:
    """A message as paho gives it, from the broker's store or live."""
    made = MQTTMessage(topic=topic.encode())
    made.payload, made.retain = payload, kept
    return made


def answered(deadline_s: float, *, send_kept: bool) -> bool:
    """A broker that answers, and has nothing more in line."""
    return True


def silent(deadline_s: float, *, send_kept: bool) -> bool:
    """A broker that does not answer."""
    return False


def gathered(*messages: MQTTMessage, ask: Ask = answered) -> Kept:
    """What is read of messages that have all come."""
    inbox: Inbox = queue.SimpleQueue()
    for each in messages:
        inbox.put(each)
    return gather(inbox, QUIET_S, time.monotonic() + 10, ask)


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

    def with_the_answer(deadline_s: float, *, send_kept: bool) -> bool:
        for each in late:
            inbox.put(each)
            break
        return True

    kept = gather(inbox, QUIET_S, time.monotonic() + 10, with_the_answer)
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
    found = gather(inbox, QUIET_S, began_s + 20, answered)
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
    found = gather(inbox, QUIET_S, time.monotonic() + QUIET_S * 5, answered)
    done.set()
    flooding.join()
    assert (found.complete, found.by_topic["topic-0"]) == (False, b"1")


def test_a_broker_that_answers_no_more_in_time_makes_it_incomplete() -> None:
    """And what it sent until then is given."""
    found = gathered(message("a", b"1", kept=True), ask=silent)
    assert found == Kept({"a": b"1"}, complete=False)


@dataclass
class DroppingBroker:
    """Keeps so many messages, and sends of them, each time that it is asked, so many as `rounds` says."""

    keeps: int
    rounds: list[int]
    inbox: Inbox = field(default_factory=queue.SimpleQueue)

    def __call__(self, deadline_s: float, *, send_kept: bool) -> bool:
        if send_kept:
            for number in range(self.rounds.pop(0) if self.rounds else self.keeps):
                self.inbox.put(message(f"topic-{number}", b"1", kept=True))
        return True

    def read(self, within_s: float) -> tuple[int, bool]:
        """How many topics were found, and whether that is said to be all."""
        deadline_s = time.monotonic() + within_s
        self(deadline_s, send_kept=True)
        found = gather(self.inbox, QUIET_S, deadline_s, self)
        return len(found.by_topic), found.complete


@pytest.mark.parametrize("rounds", [[1000], [400], [400, 700], [1000, 400], [300, 1000, 300]])
def test_what_a_broker_dropped_is_asked_for_again(rounds: list[int]) -> None:
    """Mosquitto does so, without a word, with all that is more than it holds in line for one client."""
    assert DroppingBroker(1000, rounds).read(within_s=20) == (1000, True)


def test_a_broker_that_drops_something_each_time_makes_the_list_incomplete() -> None:
    """It is not said that all are there, nor asked for ever."""
    ever_less = list(range(1000, 0, -1))
    assert DroppingBroker(1000, ever_less).read(within_s=QUIET_S * 8) == (1000, False)


def test_of_a_few_machines_all_is_there_at_once() -> None:
    """What fits into any broker's line is not asked for twice."""
    broker = DroppingBroker(100, [100, 0])
    assert (broker.read(within_s=20), broker.rounds) == ((100, True), [0])


def test_a_broker_that_leaves_out_a_machine_that_spoke_makes_the_list_incomplete() -> None:
    """It cuts the list at the same place each time, so that twice the same proves nothing."""
    broker = DroppingBroker(1000, [800] * 9)
    broker.inbox.put(message("topic-900", b"2", kept=False))
    assert broker.read(within_s=20) == (801, False)
