"""CORE. What a cabinet's `journal` message says, read with care: it may be anybody's."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from fleet.journal.chain import SUM_CHARS, canonical, next_sum

MACHINE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LEDGER = re.compile(r"[0-9a-f]{32}")
_SUM = re.compile(rf"(?:[0-9a-f]{{{SUM_CHARS}}})?")
_BOOT = re.compile(r"[A-Za-z0-9 _-]{1,64}")
_KIND = re.compile(r"[a-z_]{1,24}")
MOST_BYTES, MOST_ENTRY_BYTES = 8192, 2048
# Seconds of a hundred years; a Pi that runs longer is none.
_MOST_S = 100 * 365.25 * 86400
_MOST_SEQ = 2**53


class BadBatch(ValueError):
    """A message that is no batch of this machine's entries; the text says why."""


@dataclass(frozen=True)
class Entry:
    """One fact of a cabinet; `fields` are all that it says, `text` is them as the book keeps them.

    `boot` and `boot_s` are when it was, on the cabinet's own clock; `wall` is its opinion of the time of day.
    """

    seq: int
    sum: str
    kind: str
    boot: str
    boot_s: float
    wall: str
    text: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Batch:
    """A run of entries without a gap, after one whose sum is `before`.

    `first` is the oldest that the ledger still has. `boot` and `sent_s` are when it was sent.
    """

    machine_id: str
    ledger: str
    first: int
    boot: str
    sent_s: float
    before: str
    entries: tuple[Entry, ...]


def read_batch(payload: bytes, machine_id: str) -> Batch:
    """The batch in a message on the topic of `machine_id`.

    Raises:
        BadBatch: it is none.
    """
    if len(payload) > MOST_BYTES:
        raise BadBatch(f"it has {len(payload)} bytes, more than {MOST_BYTES}")
    try:
        fields = json.loads(payload, parse_constant=_no_number)
    except (ValueError, RecursionError) as why:
        raise BadBatch(f"it is not JSON: {type(why).__name__}") from why
    if not isinstance(fields, dict):
        raise BadBatch(f"it is a JSON {type(fields).__name__}, not an object")
    if fields.get("machineId") != machine_id:
        raise BadBatch(f"its machineId is {fields.get('machineId')!r:.80}, on the topic of {machine_id}")
    before, given = _text(fields, "prev", _SUM), fields.get("entries")
    if not isinstance(given, list):
        raise BadBatch("its entries are no list")
    entries = _entries(given, before)
    first = _whole(fields, "first", 1)
    if entries and first > entries[0].seq:
        raise BadBatch(f"its first entry is {entries[0].seq}, and the ledger begins at {first}")
    return Batch(
        machine_id,
        _text(fields, "ledger", _LEDGER),
        first,
        _text(fields, "bootId", _BOOT),
        _seconds(fields, "sentS"),
        before,
        entries,
    )


def _no_number(text: str) -> float:
    raise ValueError(text)


def _entries(given: list[Any], before: str) -> tuple[Entry, ...]:
    entries = []
    for fields in given:
        entry = _entry(fields, before)
        entries.append(entry)
        before = entry.sum
    if any(later.seq != earlier.seq + 1 for earlier, later in pairwise(entries)):
        raise BadBatch("its entries are not numbered one after the other")
    return tuple(entries)


def _entry(fields: Any, before: str) -> Entry:
    if not isinstance(fields, dict):
        raise BadBatch("an entry is no object")
    try:
        text = canonical(fields)
    except (ValueError, RecursionError) as why:
        raise BadBatch(f"an entry cannot be written: {type(why).__name__}") from why
    if len(text.encode("utf-8", "surrogatepass")) > MOST_ENTRY_BYTES:
        raise BadBatch(f"an entry has more than {MOST_ENTRY_BYTES} bytes")
    wall = fields.get("wall")
    return Entry(
        seq=_whole(fields, "seq", 1),
        sum=next_sum(before, text),
        kind=_text(fields, "kind", _KIND),
        boot=_text(fields, "boot", _BOOT),
        boot_s=_seconds(fields, "s"),
        wall=wall if isinstance(wall, str) else "",
        text=text,
        fields=fields,
    )


def _text(fields: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BadBatch(f"{name} is {value!r:.80}")
    return value


def _whole(fields: Mapping[str, Any], name: str, least: int) -> int:
    value = fields.get(name)
    if type(value) is not int or not least <= value <= _MOST_SEQ:
        raise BadBatch(f"{name} is {value!r:.80}")
    return value


def _seconds(fields: Mapping[str, Any], name: str) -> float:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadBatch(f"{name} is {value!r:.80}")
    if not (math.isfinite(value) and 0 <= value <= _MOST_S):
        raise BadBatch(f"{name} is {value!r:.80}")
    return float(value)
