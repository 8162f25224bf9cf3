"""EDGE. Starts what ended by itself again, as systemd does on a cabinet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simulator.chain.part import Part

RESTART_AFTER_S = 1.0


class Supervisor:
    """Looks after parts that run; `report` gets one line for each end and each new start."""

    def __init__(self, parts: Sequence[Part], report: Callable[[str], None]) -> None:
        self._parts = parts
        self._report = report
        self._start_at_s: dict[str, float] = {}

    def keep_off(self, part: Part, until_s: float) -> None:
        """End a part at once, and start it again only then, on the clock of `look`."""
        self._start_at_s[part.name] = until_s
        part.kill()

    def look(self, now_s: float) -> None:
        """See who ended, and start again who ended a second ago; `now_s` is on the monotonic clock."""
        for part in self._parts:
            if part.exit_status is not None:
                self._bring_back(part, now_s)

    def _bring_back(self, part: Part, now_s: float) -> None:
        if part.name not in self._start_at_s:
            self._start_at_s[part.name] = now_s + RESTART_AFTER_S
            self._report(f"{part.name} ended with status {part.exit_status}")
        elif now_s >= self._start_at_s[part.name]:
            del self._start_at_s[part.name]
            part.start()
            self._report(f"{part.name} was started again")
