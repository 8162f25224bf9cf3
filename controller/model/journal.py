"""CORE. The journal: what the fleet is told of the cabinet, entry by entry, each written with its fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# Of a text that may be of any length, so much is told.
MOST_TEXT = 200


class EntryKind(StrEnum):
    """What an entry tells; its words go over the wire, and never change their meaning."""

    START = "start"
    """The controller has begun."""
    CONFIGURATION = "configuration"
    """config.yaml was read, at a start or while running."""
    SALE = "sale"
    """A payment has ended on the coin line; what the ledger knows of it is filled in as it is written."""
    SETTLED = "settled"
    """The relay has given its final answer to a receipt."""
    COIN = "coin"
    """The board counted a coin that was not ours."""
    GAME = "game"
    """A game is over."""
    SESSION_END = "session_end"
    """Credits that nobody played were forgotten."""
    FAULT_BEGINS = "fault_begins"
    """Something is wrong, and has been for more than a moment."""
    FAULT_ENDS = "fault_ends"
    """It has not been wrong for a while."""
    TECHNICIAN = "technician"
    """Somebody at the machine had something done."""


@dataclass(frozen=True)
class Entry:
    """One fact at `at_s`, seconds since the boot `boot_id`; its `fields` are those of its kind."""

    kind: EntryKind
    at_s: float
    boot_id: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Excerpt:
    """Entries as they were written, from number `after + 1` on without a gap; `prev` is the sum before them.

    `prev` is empty before number 1; the sum of what was pruned last is still known. The oldest entry that
    there is has the number `first`.
    """

    ledger: str
    first: int
    after: int
    prev: str
    bodies: tuple[str, ...]


def short(text: str) -> str:
    """As much of a text as an entry has room for."""
    return text[:MOST_TEXT]
