"""The lines that the relay tells of itself: their names and fields are a contract with alarms."""

from __future__ import annotations

import logging

import pytest

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
