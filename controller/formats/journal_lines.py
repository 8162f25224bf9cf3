"""CORE. The journal's entries, as text: each is summed up with all before it, so none can be exchanged."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from controller.model.journal import Entry, Excerpt

# Of a batch of entries, and of a fleet's answer.
MOST_BYTES, MOST_SEEN_BYTES = 8192, 1024
# No ledger counts so far, and every program can.
MOST_SEQ = 2**53


def body_of(entry: Entry, seq: int, wall: str, known: dict[str, Any]) -> str:
    """The entry as JSON in its one form, with its number, the time of day, and what else is `known`."""
    told = {"seq": seq, "kind": entry.kind, "boot": entry.boot_id, "s": round(entry.at_s, 3), "wall": wall}
    # An error's text may hold half of a character pair, which neither the ledger nor a message can carry.
    return canonical({**entry.fields, **known, **told}).encode("utf-8", "replace").decode()


def canonical(fields: dict[str, Any]) -> str:
    """JSON in the one form that everybody sums up alike."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sum_of(before: str, body: str) -> str:
    """The sum of an entry, behind one whose sum is `before` ("" for the first)."""
    return hashlib.sha256((before + body).encode()).hexdigest()[:16]


def batch_payload(machine_id: str, boot_id: str, sent_s: float, excerpt: Excerpt) -> tuple[bytes, int]:
    """The message that tells as many entries of an excerpt as it holds, and the number of the last one."""
    head = {
        "machineId": machine_id,
        "ledger": excerpt.ledger,
        "first": excerpt.first,
        "bootId": boot_id,
        "sentS": round(sent_s, 3),
        "prev": excerpt.prev,
    }
    start, end = f'{canonical(head)[:-1]},"entries":['.encode(), b"]}"
    room = MOST_BYTES - len(start) - len(end)
    bodies: list[bytes] = []
    for body in map(str.encode, excerpt.bodies):
        room -= len(body) + 1
        if room < 0:
            break
        bodies.append(body)
    return start + b",".join(bodies) + end, excerpt.after + len(bodies)


@dataclass(frozen=True)
class Seen:
    """What a fleet says that it has: of `ledger` all up to `seq`, whose sum is `sum`; empty if nothing."""

    ledger: str
    seq: int
    sum: str


def read_seen(payload: bytes) -> Seen | None:
    """What a fleet says; None for what no fleet would."""
    if len(payload) > MOST_SEEN_BYTES:
        return None
    try:
        fields = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    ledger, seq, summed = (fields.get(name) for name in ("ledger", "seq", "sum"))
    if not isinstance(ledger, str) or not isinstance(summed, str):
        return None
    if type(seq) is not int or not 0 <= seq <= MOST_SEQ:
        return None
    return Seen(ledger, seq, summed)
