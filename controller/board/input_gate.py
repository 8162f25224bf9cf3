"""EDGE. Between the board's lines and the loop: edges wait here, and not in the loop's queue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controller.model.burst import Waiting
from controller.model.events import InputChanged, InputLine


@dataclass(frozen=True)
class InputsMoved:
    """A line of the board that was at rest has moved: look at the gate."""


class InputGate:
    """Keeps what the lines told until the loop takes it; `holds_s` are their debounce times.

    A line that goes on moving wakes nobody: the loop looks again by itself once it may have come to rest. So
    a storm on a wire costs the loop some looks a second, and nothing else has to wait behind it.
    """

    def __init__(self, holds_s: Mapping[InputLine, float], wake: Callable[[InputsMoved], None]) -> None:
        self._waiting = {line: Waiting(hold_s) for line, hold_s in holds_s.items()}
        self._wake = wake
        self._is_awake = False
        self._lock = threading.Lock()

    def hear(self, edge: InputChanged) -> None:
        """A line moved, or tells its level at start; called from the thread that watches it."""
        with self._lock:
            moves = self._waiting[edge.line].add(edge)
            wakes, self._is_awake = moves and not self._is_awake, moves or self._is_awake
        if wakes:
            self._wake(InputsMoved())

    def take_of(self, line: InputLine) -> list[InputChanged]:
        """Every edge of one line that was heard since; those of the others stay."""
        with self._lock:
            return self._waiting[line].take() if line in self._waiting else []

    def take(self) -> list[InputChanged]:
        """Every edge that was heard since, in the order of their times."""
        with self._lock:
            self._is_awake = False
            taken = [edge for waiting in self._waiting.values() for edge in waiting.take()]
        return sorted(taken, key=lambda edge: edge.known_until_s)

    def reconfigure(self, holds_s: Mapping[InputLine, float]) -> None:
        """From now on these are the debounce times of the lines that are wired."""
        with self._lock:
            for line, hold_s in holds_s.items():
                if line in self._waiting:
                    self._waiting[line].hold_s = hold_s
