from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import wait_until

from simulator.board_wire import Edge
from simulator.demo.journal import Entry, Journal, brief
from simulator.demo.supervisor import Supervisor
from simulator.demo.trace import Change, Lane, changes, recent
from simulator.observer import Message
from simulator.part import Part
from simulator.stripe.webhooks import Delivery

LANES = {17: Lane("coin", active_level=1), 22: Lane("ready", active_level=0)}


def test_changes_are_named_by_line_and_activity() -> None:
    """A low level of a contact to ground is active; a pin without a lane is not drawn."""
    edges = [Edge(17, 1, 1.0), Edge(22, 0, 2.0), Edge(5, 1, 3.0)]
    assert changes(edges, LANES) == [Change("coin", True, 1.0), Change("ready", True, 2.0)]


def test_a_window_begins_with_the_last_change_before_it() -> None:
    """Who begins to look at 100 s learns how each line stood at 90 s, and what came after."""
    rested = Change("coin", False, 20.0)
    opened = Change("ready", False, 30.0)
    pulse = Change("coin", True, 95.0)
    assert recent([Change("coin", True, 19.9), rested, opened, pulse], 100.0) == [rested, opened, pulse]


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ('{"machineId":"a","credits":3,"amount":250,"timestamp":"x"}', "credits 3 · amount 250"),
        ('{"online":true,"accepting":false,"faults":[]}', "online yes · accepting no"),
        ('{"faults":["broker"]}', 'faults ["broker"]'),
        ("[1]", "[1]"),
        ("not JSON " + "x" * 300, "not JSON " + "x" * 191),
    ],
)
def test_a_payload_is_told_in_short(payload: str, told: str) -> None:
    """What every message has is left out; what is no JSON object stays as it is, cut."""
    assert brief(payload) == told


def test_the_journal_tells_each_thing_once_and_in_order() -> None:
    """Messages and webhooks are merged by time; an index already given never changes its meaning."""
    messages = [Message(1.0, "arcade/machine/a/coinpulse", '{"credits":1}', retained=False)]
    deliveries = [Delivery("evt_1", "payment_intent.canceled", 2, 503, None, 0.1, 0.4, 0.5)]
    journal = Journal(lambda: messages, lambda: deliveries)
    assert journal.since(0) == [
        Entry(0.5, "webhook", "payment_intent.canceled", "answered 503, attempt 2", good=False),
        Entry(1.0, "mqtt", "coinpulse", "credits 1"),
    ]
    messages.append(Message(0.1, "arcade/machine/a/status", "{}", retained=False))
    assert journal.since(2) == [Entry(0.1, "mqtt", "status", "")]


def test_a_part_that_ended_is_started_again_after_a_second(tmp_path: Path) -> None:
    """Not before, once only, and both are told."""
    told: list[str] = []
    part = Part("clerk", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "clerk.log")
    supervisor = Supervisor([part], told.append)
    part.start()
    first = part.pid
    wait_until(lambda: part.exit_status is not None, "the clerk to end")
    for now_s in (10.0, 10.5, 10.99):
        supervisor.look(now_s)
    assert (told, part.pid) == (["clerk ended with status 3"], first)
    supervisor.look(11.0)
    assert (told, part.pid == first) == (["clerk ended with status 3", "clerk was started again"], False)
    part.stop()


def test_a_failure_carries_the_last_words_and_the_log_file(tmp_path: Path) -> None:
    """Whoever reads it needs no second look to know why the part ended."""
    log_file = tmp_path / "clerk.log"
    part = Part("clerk", [sys.executable, "-c", "print('no ink'); raise SystemExit(3)"], log_file)
    part.start()
    wait_until(lambda: part.exit_status is not None, "the clerk to end")
    assert str(part.failure("gave up")) == (f"clerk gave up; its last lines (all in {log_file}):\n  no ink")
