"""CORE. When each fault of a schedule strikes and ends: it waits for a payment that it can hit."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from simulator.chaos.rules.schedule import KINDS, Fault


class Breaks(Protocol):
    """Who carries the faults out."""

    def begin(self, kind: str) -> bool:
        """Break something; False if it is not there to be broken just now."""

    def end(self, target: str) -> None:
        """Mend what is broken there, if anything is."""


class Strikes:
    """Deals out the faults of a schedule; `somebody_has_paid` says whether a payment is under way."""

    def __init__(
        self, faults: Sequence[Fault], breaks: Breaks, somebody_has_paid: Callable[[], bool]
    ) -> None:
        self._to_come = list(faults)
        self._waiting: list[Fault] = []
        self._aimed: list[tuple[float, Fault]] = []
        self._ends_s: dict[str, float] = {}
        self._breaks = breaks
        self._somebody_has_paid = somebody_has_paid

    @property
    def over(self) -> bool:
        """Whether every fault has struck and ended."""
        return not (self._to_come or self._waiting or self._aimed or self._ends_s)

    def step(self, at_s: float) -> None:
        """Do what is due `at_s` seconds after the beginning."""
        self._wait_for_payments(at_s)
        self._aim(at_s)
        self._strike(at_s)
        self._end(at_s)

    def _wait_for_payments(self, at_s: float) -> None:
        while self._to_come and self._to_come[0].at_s <= at_s:
            self._waiting.append(self._to_come.pop(0))

    def _aim(self, at_s: float) -> None:
        paid = bool(self._waiting) and self._somebody_has_paid()
        for fault in list(self._waiting):
            if paid or not self._is_early(fault, at_s):
                self._waiting.remove(fault)
                heapq.heappush(self._aimed, (at_s + fault.behind_s, fault))

    @staticmethod
    def _is_early(fault: Fault, at_s: float) -> bool:
        """Where nobody pays, a fault strikes all the same in the end."""
        return at_s < fault.at_s + KINDS[fault.kind].waits_s

    def _strike(self, at_s: float) -> None:
        while self._aimed and self._aimed[0][0] <= at_s:
            _, fault = heapq.heappop(self._aimed)
            if self._can_hit(fault, at_s) and self._breaks.begin(fault.kind):
                self._ends_s[KINDS[fault.kind].target] = at_s + fault.lasts_s
            elif self._is_early(fault, at_s):
                # The payment was settled meanwhile, say: sooner after the next one.
                self._waiting.append(replace(fault, behind_s=fault.behind_s / 2))

    def _can_hit(self, fault: Fault, at_s: float) -> bool:
        return not self._is_early(fault, at_s) or self._somebody_has_paid()

    def _end(self, at_s: float) -> None:
        for target in [target for target, end_s in self._ends_s.items() if end_s <= at_s]:
            del self._ends_s[target]
            self._breaks.end(target)
