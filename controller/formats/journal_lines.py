"""CORE. The journal's entries, as text: each is summed up with all before it, so none can be exchanged."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from controller.model.journal import Entry


def body_of(entry: Entry, seq: int, wall: str, known: dict[str, Any]) -> str:
    """The entry as JSON in its one form, with its number, the time of day, and what else is `known`."""
    told = {"seq": seq, "kind": entry.kind, "boot": entry.boot_id, "s": round(entry.at_s, 3), "wall": wall}
    return canonical({**entry.fields, **known, **told})


def canonical(fields: dict[str, Any]) -> str:
    """JSON in the one form that everybody sums up alike."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sum_of(before: str, body: str) -> str:
    """The sum of an entry, behind one whose sum is `before` ("" for the first)."""
    return hashlib.sha256((before + body).encode()).hexdigest()[:16]
