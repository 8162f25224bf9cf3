"""EDGE. What each cabinet may still send and write, kept in memory."""

from __future__ import annotations

from fleet.rules.rates import ENTRIES, MESSAGES, Allowance, Rate, grown, spend, whole_allowance


class Limits:
    """Two allowances of each machine: of messages, and of what they have the book write.

    What comes again costs a message and no entry, for the book has it: nothing is written.
    """

    def __init__(self, entries: Rate = ENTRIES, messages: Rate = MESSAGES) -> None:
        self._entries, self._messages = _Spent(entries), _Spent(messages)

    def takes(self, machine_id: str, now_s: float) -> bool:
        """Whether one more message of this machine is read; it is paid by that."""
        if not self._messages.has_any(machine_id, now_s):
            return False
        self._messages.spend(machine_id, 1, now_s)
        return self._entries.has_any(machine_id, now_s)

    def wrote(self, machine_id: str, work: int, now_s: float) -> None:
        """A message of this machine had the book write so much."""
        self._entries.spend(machine_id, work, now_s)


class _Spent:
    """One rate, and what each machine has left of it; nothing is kept of one that has all of it."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._left: dict[str, Allowance] = {}

    def has_any(self, machine_id: str, now_s: float) -> bool:
        allowance = self._left.get(machine_id)
        return allowance is None or grown(allowance, self._rate, now_s).left >= 1

    def spend(self, machine_id: str, count: int, now_s: float) -> None:
        if count:
            before = self._left.get(machine_id) or whole_allowance(self._rate, now_s)
            self._left[machine_id] = spend(before, self._rate, count, now_s)
