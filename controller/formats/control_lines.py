"""CORE. The lines of the control socket, by which a technician's tool asks the daemon and sees what it does.

Each line is a JSON object. A tool asks once, or never, and then listens: first it is told how the inputs
stand, then each edge of an input, each coin pulse with its fate, and how each payment ended. Times are
seconds since boot.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from controller.model.effects import ClosePayment, MarkAmbiguous, Record, RecordPulse
from controller.model.events import Event, InputChanged, PulseFired

Line = dict[str, Any]

LONGEST_REQUEST = 256
"""In bytes, its end included."""
MOST_CREDITS = 20
EXPECTED = 'expected {"do": "pulse", "credits": 3}, {"do": "clear"} or {"do": "screen", "page": "technician"}'
TECHNICIAN, PLAYER = "technician", "player"
"""The pages that `screen` asks for."""


@dataclass(frozen=True)
class Greeting:
    """A tool has come, and wants to know how the lines stand."""


@dataclass(frozen=True)
class PulseRequest:
    """So many test credits are wanted on the board."""

    credits: int


@dataclass(frozen=True)
class ClearRequest:
    """What was wrong has been seen to."""


@dataclass(frozen=True)
class ScreenRequest:
    """The screen is to show a page: that of the technician, or that of the player."""

    page: str


Request = Greeting | PulseRequest | ClearRequest | ScreenRequest


@dataclass(frozen=True)
class ToolRequest:
    """What tool number `client` wants, since `at_s` (seconds since boot)."""

    client: int
    wanted: Request
    at_s: float


class BadRequest(ValueError):
    """A line that asks for nothing we do; the message says what would be right."""


def read_request(line: bytes) -> PulseRequest | ClearRequest | ScreenRequest:
    """What a tool asks.

    Raises:
        BadRequest: it is no such line.
    """
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        raise BadRequest(f"no JSON: {EXPECTED}") from None
    match fields:
        case {"do": "clear"}:
            return ClearRequest()
        case {"do": "screen", "page": str(page)} if page in (TECHNICIAN, PLAYER):
            return ScreenRequest(page)
        case {"do": "pulse", "credits": int(credits)} if type(credits) is int:  # true is an int too
            if not 1 <= credits <= MOST_CREDITS:
                raise BadRequest(f"credits is {credits}: 1 to {MOST_CREDITS} at a time")
            return PulseRequest(credits)
    raise BadRequest(f"nothing that we do: {EXPECTED}")


def as_bytes(line: Line) -> bytes:
    """The line as it is sent."""
    return json.dumps(line).encode() + b"\n"


# Answers


def accepted(payment_id: str, pulses: int) -> Line:
    """The test credits are written down, as so many pulses."""
    return {"answer": "accepted", "payment": payment_id, "pulses": pulses}


def cleared(faults: Sequence[str]) -> Line:
    """What was wrong until now."""
    return {"answer": "cleared", "faults": list(faults)}


def shown(page: str, for_s: float | None) -> Line:
    """The screen shows the page, for so long; None: until something else is asked for."""
    return {"answer": "shown", "page": page, "for_s": for_s}


def refused(reason: str) -> Line:
    """What was wanted is not done, and will not be."""
    return {"answer": "refused", "reason": reason}


def error(reason: str) -> Line:
    """The last line of a connection."""
    return {"error": reason}


# What is seen


def hello(version: str, coin_pin: int, inputs: Sequence[Line]) -> Line:
    """The first line that a tool is told; `inputs` are made by `standing`."""
    return {"saw": "hello", "version": version, "coin_pin": coin_pin, "inputs": list(inputs)}


def standing(name: str, pin: int, *, active: bool) -> Line:
    """How an input stands, in the board's sense."""
    return {"line": name, "pin": pin, "active": active}


def seen_in(event: Event, records: Sequence[Record]) -> Iterator[Line]:
    """What there is to see in something that happened, and in what was written because of it."""
    if isinstance(event, InputChanged):
        yield from _edges_in(event)
    elif isinstance(event, PulseFired):
        yield {
            "saw": "pulse",
            "payment": event.payment_id,
            "number": event.number,
            "rose_s": event.rose_s,
            "fell_s": event.fell_s,
            "width_ms": event.width_ms,
        }
    for record in records:
        yield from _seen_in_record(record)


def _edges_in(event: InputChanged) -> Iterator[Line]:
    """Each edge a line; of a storm the last one stands for so many `edges`."""
    for active, at_s in event.kept:
        yield {"saw": "edge", "line": event.line, "active": active, "at_s": at_s}
    line = {"saw": "edge", "line": event.line, "active": event.active, "at_s": event.at_s}
    edges = event.edges - len(event.kept)
    yield line if edges == 1 else {**line, "edges": edges}


def _seen_in_record(record: Record) -> Iterator[Line]:
    match record:
        case RecordPulse(payment_id, number, fate=fate):
            yield {"saw": "fate", "payment": payment_id, "number": number, "fate": fate}
        case MarkAmbiguous(payment_id, number):
            yield {"saw": "fate", "payment": payment_id, "number": number, "fate": "ambiguous"}
        case ClosePayment(payment_id, outcome, delivered, reason):
            yield {
                "saw": "end",
                "payment": payment_id,
                "outcome": outcome,
                "credits_delivered": delivered,
                "reason": reason,
            }
