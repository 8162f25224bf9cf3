"""CORE. What a technician reads while test credits are fired, from the lines of the control socket."""

from __future__ import annotations

from collections.abc import Iterator

from controller.formats.control_lines import Line
from controller.rules.technician import TEST_WINDOW_S

# The loop answers at once, or refuses what it could not get to in half that time.
ANSWER_WITHIN_S = 10.0
# The first pulse leaves within the test's window, or the test has ended by then; each later one in a moment.
PULSE_WITHIN_S = TEST_WINDOW_S + 15.0
FATES = {
    "fired": "fired",
    "confirmed": "counted by the coin meter",
    "uncounted": "not counted by the coin meter",
    "ambiguous": "in doubt: the board may not take such a pulse for a coin",
}


class PulseReport:
    """Takes each line in turn. `status` is 0 once every credit was delivered."""

    def __init__(self, credits: int) -> None:
        self.status = 1
        self.done = False
        self._credits = credits
        self._payment: str | None = None
        self._pulses = 0
        self._reported = 0
        self._widths_ms: dict[int, float] = {}

    @property
    def waiting_for(self) -> str:
        """What has not come yet."""
        if self._payment is None:
            return "the controller's answer"
        if self._reported == self._pulses:
            return f"the end of {self._payment}"
        return f"pulse {self._reported + 1} of {self._pulses} of {self._payment}"

    @property
    def patience_s(self) -> float:
        """How long that may take."""
        return ANSWER_WITHIN_S if self._payment is None else PULSE_WITHIN_S

    def take(self, line: Line) -> Iterator[str]:
        """What is to be said of a line; nothing of lines that are about something else."""
        match line:
            case {"answer": "accepted", "payment": str(payment), "pulses": int(pulses)}:
                self._payment, self._pulses = payment, pulses
                yield f"{payment}: {_counted(self._credits, 'test credit')}, {_counted(pulses, 'pulse')}"
            case {"answer": "refused", "reason": reason}:
                self.done = True
                yield f"refused: {reason}"
            case {"error": reason}:
                self.done = True
                yield f"{self._payment or 'not asked'}: {reason}"
            case {"payment": payment} if payment == self._payment:
                yield from self._take_ours(line)

    def _take_ours(self, line: Line) -> Iterator[str]:
        match line:
            case {"saw": "pulse", "number": int(number), "width_ms": width_ms}:
                self._widths_ms[number] = width_ms
            case {"saw": "fate", "number": int(number), "fate": fate}:
                self._reported = number
                width = f"{self._widths_ms[number]:.1f} ms, " if number in self._widths_ms else ""
                yield f"pulse {number} of {self._pulses}: {width}{FATES.get(fate, fate)}"
            case {"saw": "end", "outcome": outcome, "credits_delivered": delivered, "reason": reason}:
                self.done = True
                self.status = 0 if outcome == "delivered" else 1
                why = f" ({reason})" if self.status else ""
                yield f"{self._payment}: {outcome}, {delivered} of {self._credits} credits{why}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
