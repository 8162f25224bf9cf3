"""EDGE. The journal's table: entries without a gap in their numbers, each summed up with all before it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

from controller.formats.journal_lines import body_of, sum_of
from controller.model.journal import Entry, EntryKind, Excerpt

# A cabinet that no fleet listens to keeps so many entries; older ones are no news.
MOST_ENTRIES = 100_000
# As many as a message could ever hold.
_MOST_AT_ONCE = 128
_ID, _TOLD_FAULTS, _PRUNED = "journal_id", "told_faults", "journal_pruned"

_SALE = """
    SELECT credits, amount, currency, received_at, has_receipt, test,
      count(*) FILTER (WHERE state = 'fired'), count(*) FILTER (WHERE state = 'confirmed'),
      count(*) FILTER (WHERE state = 'uncounted'), count(*) FILTER (WHERE state = 'ambiguous')
    FROM payments LEFT JOIN pulses ON payment_id = id WHERE id = ? GROUP BY id
"""
_SALE_FIELDS = (
    *("credits", "amount", "currency", "receivedAt", "hasReceipt", "test"),
    *("fired", "confirmed", "uncounted", "ambiguous"),
)


class Journal:
    """Reads and adds entries, in a transaction of the ledger's; nothing ever changes one."""

    def __init__(self, db: sqlite3.Connection, wall_time: Callable[[], str]) -> None:
        self._db = db
        self._wall_time = wall_time

    @property
    def identity(self) -> str:
        """What the fleet calls this ledger: 32 hex digits, which no other one has."""
        return str(self._remembered(_ID))

    def last(self) -> int:
        """The number of the newest entry; 0 while there is none."""
        return self._last()[0]

    def sum_at(self, seq: int) -> str | None:
        """The sum of an entry; None where there is none of that number, or more than it has been pruned."""
        row = self._db.execute("SELECT sum FROM journal WHERE seq = ?", (seq,)).fetchone()
        if row is None:
            pruned, summed = self._remembered(_PRUNED) or (0, "")
            return summed if seq == pruned else None
        return str(row[0])

    def read(self, after: int) -> Excerpt:
        """The next entries behind number `after`, or behind what was pruned: more than a message holds."""
        first = self._db.execute("SELECT coalesce(min(seq), 1) FROM journal").fetchone()[0]
        after = max(after, first - 1)
        rows = self._db.execute(
            "SELECT body FROM journal WHERE seq > ? ORDER BY seq LIMIT ?", (after, _MOST_AT_ONCE)
        )
        bodies = tuple(body for (body,) in rows)
        return Excerpt(self.identity, first, after, self.sum_at(after) or "", bodies)

    def add(self, entries: Iterable[Entry]) -> None:
        """Add entries behind the last one, with what only the ledger knows of their facts."""
        seq, before = self._last()
        for entry in entries:
            seq += 1
            body = body_of(entry, seq, self._wall_time(), self._known(entry))
            before = sum_of(before, body)
            self._db.execute("INSERT INTO journal VALUES (?, ?, ?)", (seq, before, body))
            self._keep_told(entry)

    def take_new_identity(self) -> None:
        """Be another ledger from now on, with all that is in it: for an old image that was put back."""
        self._db.execute(
            "UPDATE memory SET value = json_quote(lower(hex(randomblob(16)))) WHERE key = ?", (_ID,)
        )

    def prune(self, seen: int, before_day: str | None, most: int = MOST_ENTRIES) -> None:
        """Drop what the fleet has `seen` and is of before that day, and all but the `most` last entries."""
        last = self.last()
        until = max(last - most, self._old(min(seen, last - 1), before_day))
        if (summed := self.sum_at(until)) is not None:
            self._remember(_PRUNED, [until, summed])
            self._db.execute("DELETE FROM journal WHERE seq <= ?", (until,))

    def _old(self, seen: int, before_day: str | None) -> int:
        """The number up to which all is of before that day, and `seen`.

        It ends with the first that is not old: a clock that leaped costs space, and never an entry.
        """
        if before_day is None:
            return 0
        row = self._db.execute(
            "SELECT seq FROM journal WHERE json_extract(body, '$.wall') >= ? ORDER BY seq LIMIT 1",
            (before_day,),
        ).fetchone()
        return min(seen, row[0] - 1) if row else seen

    def told_faults(self) -> tuple[str, ...]:
        """The kinds of faults of which the journal says that they began, and not that they ended."""
        return tuple(self._remembered(_TOLD_FAULTS) or ())

    def _last(self) -> tuple[int, str]:
        row = self._db.execute("SELECT seq, sum FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        return (int(row[0]), str(row[1])) if row else (0, "")

    def _known(self, entry: Entry) -> dict[str, Any]:
        if entry.kind is not EntryKind.SALE:
            return {}
        row = self._db.execute(_SALE, (entry.fields["paymentId"],)).fetchone()
        known = dict(zip(_SALE_FIELDS, row, strict=True))
        return known | {name: bool(known[name]) for name in ("hasReceipt", "test")}

    def _keep_told(self, entry: Entry) -> None:
        if entry.kind not in (EntryKind.FAULT_BEGINS, EntryKind.FAULT_ENDS):
            return
        others = [kind for kind in self.told_faults() if kind != entry.fields["fault"]]
        told = [*others, entry.fields["fault"]] if entry.kind is EntryKind.FAULT_BEGINS else others
        self._remember(_TOLD_FAULTS, told)

    def _remember(self, key: str, value: list[Any]) -> None:
        self._db.execute("REPLACE INTO memory VALUES (?, ?)", (key, json.dumps(value)))

    def _remembered(self, key: str) -> Any:
        row = self._db.execute("SELECT value FROM memory WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None
