"""CORE. The technician's view of the lines to and from the board: a table, or a line of text an edge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from controller.formats.control_lines import Line
from controller.pages.line_statistics import Burst, WatchedLine
from controller.pages.pulse_report import FATES

COIN_LINE = "coin line"
LABELS = (
    "",
    "pin",
    "now",
    "edges",
    "last edge",
    "last width",
    "shortest active",
    "longest active",
    "shortest inactive",
    "longest inactive",
    "worst bounce",
)


class LineWatch:
    """Takes each line of the control socket in turn; the coin line is there too, by its pulses and gaps."""

    def __init__(self) -> None:
        self._pins: dict[str, int] = {}
        self._lines: dict[str, WatchedLine] = {}
        self._news = ""

    def take(self, line: Line) -> Iterator[str]:
        """What is to be said of it, a line each."""
        match line:
            case {"saw": "hello", "coin_pin": int(coin_pin), "inputs": inputs}:
                yield from self._begin(coin_pin, inputs)
            case {"saw": "edge", "line": name, "active": bool(active), "at_s": at_s} if name in self._lines:
                yield self._edge(name, active, at_s, line.get("edges", 1))
            case {"saw": "pulse", "rose_s": rose_s, "fell_s": fell_s}:
                yield self._pulse(line, rose_s, fell_s)
            case {"saw": "fate", "payment": payment, "number": number, "fate": fate}:
                yield self._new(f"pulse {number} of {payment}: {FATES.get(fate, fate)}")
            case {"saw": "end", "payment": payment, "outcome": outcome, "credits_delivered": delivered}:
                yield self._new(f"{payment}: {outcome}, credits delivered: {delivered}")

    def table(self, now_s: float) -> list[str]:
        """A column for each line, as it is now, and what came of the newest pulse."""
        columns = [LABELS, *(self._column(name, line, now_s) for name, line in self._lines.items())]
        widths = [max(map(len, column)) for column in columns]
        rows = zip(*columns, strict=True)
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return [*lines, "", self._news]

    def _begin(self, coin_pin: int, inputs: Sequence[Line]) -> Iterator[str]:
        self._pins, self._lines = {COIN_LINE: coin_pin}, {COIN_LINE: WatchedLine(active=False)}
        for each in inputs:
            name, active = each["line"], each["active"]
            self._pins[name], self._lines[name] = each["pin"], WatchedLine(active)
            yield f"{'at start':>12}  {name:<10}  {_level(name, active=active)}"

    def _edge(self, name: str, active: bool, at_s: float, edges: int) -> str:
        watched = self._lines[name] = self._lines[name].edge(active, at_s, edges)
        after = "" if watched.last_ms is None else f"  after {width_text(watched.last_ms)}"
        bounce = "" if watched.burst.edges == 1 else f"  bounce: {burst_text(watched.burst)}"
        return f"{at_s:12.6f}  {name:<10}  {_level(name, active=active):<8}{after}{bounce}".rstrip()

    def _pulse(self, line: Line, rose_s: float, fell_s: float) -> str:
        risen = self._lines[COIN_LINE].edge(True, rose_s)
        self._lines[COIN_LINE] = risen.edge(False, fell_s)
        gap = "" if risen.last_ms is None else f", {width_text(risen.last_ms)} after the last"
        width = width_text((fell_s - rose_s) * 1000)
        self._news = f"pulse {line['number']} of {line['payment']}: {width}{gap}"
        return f"{rose_s:12.6f}  {COIN_LINE:<10}  {self._news}"

    def _new(self, news: str) -> str:
        self._news = news
        return f"{'':12}  {COIN_LINE:<10}  {news}"

    def _column(self, name: str, line: WatchedLine, now_s: float) -> tuple[str, ...]:
        return (
            name,
            f"GPIO {self._pins[name]}",
            _level(name, active=line.active),
            str(line.edges),
            "-" if line.last_edge_s is None else f"{max(0.0, now_s - line.last_edge_s):.0f} s ago",
            width_text(line.last_ms),
            width_text(line.while_active.shortest_ms),
            width_text(line.while_active.longest_ms),
            width_text(line.while_inactive.shortest_ms),
            width_text(line.while_inactive.longest_ms),
            burst_text(line.worst) if line.worst.edges > 1 else "-",
        )


def width_text(width_ms: float | None) -> str:
    """Milliseconds as they are read at a machine: from ten seconds on, seconds."""
    if width_ms is None:
        return "-"
    if width_ms >= 10_000:
        return f"{width_ms / 1000:.0f} s"
    return f"{width_ms:.1f} ms" if width_ms >= 1 else f"{width_ms:.2f} ms"


def burst_text(burst: Burst) -> str:
    """Edges that came too fast to be meant."""
    return f"{burst.edges} edges in {width_text(burst.span_ms)}"


def _level(name: str, *, active: bool) -> str:
    if name == COIN_LINE:
        return "pulse" if active else "at rest"
    return "active" if active else "inactive"
