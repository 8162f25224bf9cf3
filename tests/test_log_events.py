"""What the relay tells of itself, in words of its own: events, lines, doors, calls. Alarms go by them."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_relay.formats.log_lines import MOST_OF_A_FIELD, MOST_OF_A_MESSAGE, LogLine, json_line
from cloud_relay.rules.door_states import DOOR_STATES, door_state
from cloud_relay.rules.log_events import (
    FIELDS,
    OF_MONEY,
    OUTCOMES,
    EventName,
    LogEvent,
    TidyList,
    money_event,
    request_answered,
    tidied,
)
from cloud_relay.rules.messages import MachineStatus
from cloud_relay.rules.stripe_calls import answer_class, call_of

ANY_FIELD = st.one_of(st.text(max_size=3000), st.integers())


def test_the_names_of_events_are_the_contract() -> None:
    """Alarms and dashboards go by them: who changes one changes these too."""
    assert {name.value: fields for name, fields in FIELDS.items()} == {
        "request": ("method", "route", "status", "ms"),
        "published": ("payment", "machine", "outcome", "ms", "credits", "since_paid_s"),
        "publish_failed": ("payment", "machine", "outcome", "ms"),
        "settled": ("payment", "machine", "outcome", "ms", "answer"),
        "released": ("payment", "machine", "outcome", "ms"),
        "refunded": ("payment", "machine", "outcome", "ms"),
        "conflict": ("payment", "machine", "outcome", "ms"),
        "held": ("payment", "machine", "outcome", "ms"),
        "tidied": ("list", "outcome", "republished", "released", "waiting", "failed", "ms"),
    }
    assert set(FIELDS) == set(EventName) == {*OUTCOMES, EventName.REQUEST}


def test_a_request_is_one_line() -> None:
    """By its route, for its address may hold anything."""
    assert request_answered("GET", "/p/<machine_id>", 200, 12) == LogEvent(
        EventName.REQUEST,
        "GET /p/<machine_id>: 200 in 12 ms",
        {"method": "GET", "route": "/p/<machine_id>", "status": 200, "ms": 12},
        logging.INFO,
    )


@pytest.mark.parametrize(
    ("payment_id", "machine_id", "named"),
    [
        ("pi_3Abc", "galaga-01", ("pi_3Abc", "galaga-01")),
        (
            "free_2_" + "a" * 32 + "_" + "0" * 32,
            "galaga-01",
            ("free_2_" + "a" * 32 + "_" + "0" * 32, "galaga-01"),
        ),
        ("free_me@example.test", "galaga-01", ("", "galaga-01")),
        ("pi_3Abc\nforged", "galaga-01\x1b[2J", ("", "")),
        ("cs_test_1", "me@example.test", ("", "")),
        ("pi_" + "a" * 5000, "a" * 65, ("", "")),
    ],
)
def test_only_ids_are_named(payment_id: str, machine_id: str, named: tuple[str, str]) -> None:
    """What stands in a payment's metadata may be anybody's."""
    event = money_event(EventName.HELD, payment_id, machine_id, "no_receipt", 3, "words", logging.ERROR)
    assert tuple(event.fields) == OF_MONEY
    assert (event.fields["payment"], event.fields["machine"]) == named


def test_tidy_counts_each_outcome() -> None:
    """Those that did not happen are 0, so that a sum over lines is always there."""
    event = tidied(TidyList.RECENT, "done", {"released": 2}, 40, "Tidied")
    assert event.fields == {
        "list": "recent",
        "outcome": "done",
        "republished": 0,
        "released": 2,
        "waiting": 0,
        "failed": 0,
        "ms": 40,
    }
    assert tuple(event.fields) == FIELDS[EventName.TIDIED]


@given(
    message=st.text(max_size=5000),
    logger=st.text(max_size=500),
    fields=st.dictionaries(st.text(max_size=20), ANY_FIELD, max_size=5),
    trace=st.text(max_size=20_000),
)
def test_whatever_is_logged_is_one_line_with_its_own_fields(
    message: str, logger: str, fields: dict[str, str | int], trace: str
) -> None:
    """Of printable ASCII and not endless; no text of others' becomes a field or a line."""
    event = LogEvent(EventName.HELD, message, fields)
    line = json_line(LogLine(1_700_000_000.5, "ERROR", logger, message, event, trace))
    assert line.isascii()
    assert line.isprintable()
    assert len(line) < 100_000
    found = json.loads(line)
    own = {"time": "2023-11-14T22:13:20.500Z", "level": "ERROR", "message": message[:MOST_OF_A_MESSAGE]}
    assert {key: found[key] for key in own} == own
    assert set(found) - set(fields) <= {"event", "time", "level", "logger", "message", "trace"}
    texts = [value for key, value in found.items() if key in fields and key not in {*own, "logger", "trace"}]
    assert [text for text in texts if isinstance(text, str) and len(text) > MOST_OF_A_FIELD] == []


def test_an_event_is_its_name_and_its_fields() -> None:
    """Beside when it was, how bad it is, and the words for people."""
    event = money_event(
        EventName.CONFLICT, "pi_3Abc", "galaga-01", "delivered", 12, "Conflict", logging.ERROR
    )
    assert json.loads(json_line(LogLine(0, "ERROR", "cloud_relay", event.words, event))) == {
        "time": "1970-01-01T00:00:00.000Z",
        "level": "ERROR",
        "logger": "cloud_relay",
        "message": "Conflict",
        "event": "conflict",
        "payment": "pi_3Abc",
        "machine": "galaga-01",
        "outcome": "delivered",
        "ms": 12,
    }


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (None, "not_heard_of"),
        (MachineStatus(online=True, accepting=True, state="attract"), "open"),
        (MachineStatus(online=True, accepting=False, state="playing"), "playing"),
        (MachineStatus(online=False, accepting=False, state="attract"), "offline"),
        (MachineStatus(online=True, accepting=False, state="open"), "other"),
    ],
)
def test_a_door_has_one_of_few_states(status: MachineStatus | None, state: str) -> None:
    """Whatever the cabinet calls it."""
    assert door_state(status) == state
    assert state in DOOR_STATES


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("get", "/v1/payment_intents", ("read", "payment_intents")),
        ("post", "/v1/payment_intents/pi_1/capture", ("write", "payment_intents")),
        ("post", "/v1/checkout/sessions", ("write", "checkout")),
        ("get", "/v2/core/event_destinations", ("read", "event_destinations")),
        ("delete", "/v1/made_up/we_1", ("write", "other")),
    ],
)
def test_a_call_has_one_of_few_names(method: str, path: str, call: tuple[str, str]) -> None:
    """Ids in its path are no part of it."""
    assert call_of(method, path, is_probe=False) == call
    assert call_of(method, path, is_probe=True) == ("probe", call[1])


def test_answers_are_told_apart_by_class() -> None:
    """And the one that says that we ask too often."""
    assert [answer_class(status) for status in (200, 303, 402, 429, 503, 0)] == [
        *("2xx", "3xx", "4xx", "429", "5xx", "other")
    ]
