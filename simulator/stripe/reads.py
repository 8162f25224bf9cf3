"""EDGE. Counts what is read, against the ration."""

from __future__ import annotations

import threading
from collections import Counter

from simulator.stripe.model.reads import Counts, ReadKind, reads_in_words


class Reads:
    """What was read so far, by kind and resource; for threads."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[ReadKind, str]] = Counter()
        self._lock = threading.Lock()

    def note(self, kind: ReadKind, resource: str) -> None:
        """Count one request; a page of a list is one, and so is a refused or failed one."""
        with self._lock:
            self._counts[kind, resource] += 1

    @property
    def counts(self) -> Counts:
        """How often each kind of read was asked of each resource."""
        with self._lock:
            return dict(self._counts)

    @property
    def total(self) -> int:
        """All reads together."""
        return sum(self.counts.values())

    @property
    def words(self) -> str:
        """The counts as one line."""
        return reads_in_words(self.counts)
