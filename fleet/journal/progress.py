"""CORE. How a batch joins on to what the book has of its ledger, and what the cabinet is told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum

from fleet.journal.batch import Batch, Entry
from fleet.journal.chain import BEGINNING


@dataclass(frozen=True)
class Progress:
    """The book has all of a ledger from `first` up to `seq`, whose sum is `sum`."""

    ledger: str
    first: int
    seq: int
    sum: str


NOTHING = Progress("", 0, 0, BEGINNING)


class Fit(Enum):
    """How a batch joins on."""

    NEW = "new"  # all of it, or its end, is to be written down
    KNOWN = "known"  # nothing of it is new
    GAP = "gap"  # something between is missing
    FORK = "fork"  # what is before it is not what the book has: another history under the same name


@dataclass(frozen=True)
class Joined:
    """What of a batch is new, and how far the book has its ledger once that is written."""

    fit: Fit
    new: tuple[Entry, ...]
    after: Progress


def join(batch: Batch, known: Progress | None) -> Joined:
    """How `batch` joins on to what is `known` of its ledger; None if nothing is."""
    if known is None:
        return _begin(batch)
    if not batch.entries:
        return Joined(Fit.KNOWN, (), known)
    seq_before = batch.entries[0].seq - 1
    if seq_before > known.seq:
        # What was pruned before the book saw it is gone for good: the rest is written all the same.
        if batch.first == batch.entries[0].seq:
            return _grown(batch, known, batch.entries)
        return Joined(Fit.GAP, (), known)
    sums = {seq_before: batch.before} | {entry.seq: entry.sum for entry in batch.entries}
    if known.seq not in sums:
        return Joined(Fit.KNOWN, (), known)
    if sums[known.seq] != known.sum:
        return Joined(Fit.FORK, (), known)
    new = tuple(entry for entry in batch.entries if entry.seq > known.seq)
    return _grown(batch, known, new) if new else Joined(Fit.KNOWN, (), known)


def _begin(batch: Batch) -> Joined:
    if not batch.entries:
        return Joined(Fit.KNOWN, (), NOTHING)
    if batch.entries[0].seq != batch.first:
        return Joined(Fit.GAP, (), Progress(batch.ledger, 0, 0, BEGINNING))
    return _grown(batch, Progress(batch.ledger, batch.first, 0, BEGINNING), batch.entries)


def _grown(batch: Batch, known: Progress, new: tuple[Entry, ...]) -> Joined:
    last = new[-1]
    return Joined(Fit.NEW, new, Progress(batch.ledger, known.first, last.seq, last.sum))


def seen_payload(progress: Progress, fleet_id: str) -> bytes:
    """The retained `journal/seen` that says how far the book is."""
    said = {"ledger": progress.ledger, "seq": progress.seq, "sum": progress.sum, "fleet": fleet_id}
    return json.dumps(said, separators=(",", ":")).encode()
