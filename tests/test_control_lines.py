"""What a tool may ask over the control socket, and how what happened is told there."""

from __future__ import annotations

import json

import pytest

from controller.formats.control_lines import (
    EXPECTED,
    BadRequest,
    ClearRequest,
    Line,
    PulseRequest,
    as_bytes,
    read_request,
    seen_in,
)
from controller.model.effects import ClosePayment, IntendPulse, MarkAmbiguous, Record, RecordPulse
from controller.model.events import Event, InputChanged, PulseFired, Tick
from controller.model.payment import Outcome, PulseFate

FIRED = PulseFired("test-1f", 2, rose_s=10.0, fell_s=10.1)


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        (b'{"do": "pulse", "credits": 1}', PulseRequest(1)),
        (b'{"do": "pulse", "credits": 20, "new": "field"}', PulseRequest(20)),
        (b'{"do": "clear"}\r', ClearRequest()),
    ],
)
def test_what_is_asked(line: bytes, request_: PulseRequest | ClearRequest) -> None:
    """Unknown fields are left alone."""
    assert read_request(line) == request_


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", f"no JSON: {EXPECTED}"),
        (b"pulse 3", f"no JSON: {EXPECTED}"),
        (b'{"do": "pulse", "credits": 3', f"no JSON: {EXPECTED}"),
        (b"\xff\xfe\x00", f"no JSON: {EXPECTED}"),
        (b"[" * 100_000, f"no JSON: {EXPECTED}"),
        (b"[]", f"nothing that we do: {EXPECTED}"),
        (b'"clear"', f"nothing that we do: {EXPECTED}"),
        (b'{"do": "stop"}', f"nothing that we do: {EXPECTED}"),
        (b'{"do": "pulse"}', f"nothing that we do: {EXPECTED}"),
        (b'{"do": "pulse", "credits": true}', f"nothing that we do: {EXPECTED}"),
        (b'{"do": "pulse", "credits": "3"}', f"nothing that we do: {EXPECTED}"),
        (b'{"do": "pulse", "credits": 1.0}', f"nothing that we do: {EXPECTED}"),
        (b'{"do": "pulse", "credits": NaN}', f"nothing that we do: {EXPECTED}"),
        (b'{"do": "pulse", "credits": 0}', "credits is 0: 1 to 20 at a time"),
        (b'{"do": "pulse", "credits": 21}', "credits is 21: 1 to 20 at a time"),
        (b'{"do": "pulse", "credits": -1}', "credits is -1: 1 to 20 at a time"),
    ],
)
def test_what_cannot_be_asked(line: bytes, why: str) -> None:
    """Whatever it is, it is refused with what would be right."""
    with pytest.raises(BadRequest) as raised:
        read_request(line)
    assert str(raised.value) == why


@pytest.mark.parametrize(
    ("event", "records", "lines"),
    [
        (Tick(), (), []),
        (Tick(), (IntendPulse("test-1f", 1),), []),
        (
            InputChanged("ready", active=True, at_s=5.25),
            (),
            [{"saw": "edge", "line": "ready", "active": True, "at_s": 5.25}],
        ),
        (
            InputChanged("ready", True, 5.5, began_s=5.25, edges=9, kept=((True, 5.25), (False, 5.26))),
            (),
            [
                {"saw": "edge", "line": "ready", "active": True, "at_s": 5.25},
                {"saw": "edge", "line": "ready", "active": False, "at_s": 5.26},
                {"saw": "edge", "line": "ready", "active": True, "at_s": 5.5, "edges": 7},
            ],
        ),
        (
            FIRED,
            (
                RecordPulse("test-1f", 2, 10.0, 10.1, PulseFate.CONFIRMED),
                ClosePayment("test-1f", Outcome.DELIVERED, 2, "its last pulse was fired", None),
            ),
            [
                {
                    "saw": "pulse",
                    "payment": "test-1f",
                    "number": 2,
                    "rose_s": 10.0,
                    "fell_s": 10.1,
                    "width_ms": 100.0,
                },
                {"saw": "fate", "payment": "test-1f", "number": 2, "fate": "confirmed"},
                {
                    "saw": "end",
                    "payment": "test-1f",
                    "outcome": "delivered",
                    "credits_delivered": 2,
                    "reason": "its last pulse was fired",
                },
            ],
        ),
        (
            Tick(),
            (MarkAmbiguous("pi_1", 1),),
            [{"saw": "fate", "payment": "pi_1", "number": 1, "fate": "ambiguous"}],
        ),
    ],
)
def test_what_is_seen(event: Event, records: tuple[Record, ...], lines: list[Line]) -> None:
    """Edges, pulses, fates and ends, and nothing else; each goes through JSON as it is."""
    seen = list(seen_in(event, records))
    assert seen == lines
    assert [json.loads(as_bytes(line)) for line in seen] == lines
