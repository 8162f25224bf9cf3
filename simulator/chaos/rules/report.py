"""CORE. The table that a run ends with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.chaos.rules.verdict import WORKING_FOR_S, Verdict


@dataclass(frozen=True)
class Crowd:
    """How many players came, and how many of them left without having paid."""

    came: int
    left: int


def table(verdict: Verdict, crowd: Crowd) -> str:
    """The verdict in lines: what came of the payments, and how many each kind of fault hit."""
    rows = [
        ("players", f"{crowd.came}  ({crowd.left} could not pay)"),
        ("payments", str(verdict.payments)),
        ("credited", f"{verdict.credited}  {_rate(verdict)}"),
        ("partial", str(verdict.partial)),
        ("released", str(verdict.released)),
        ("captured, in the smallest unit", _money(verdict.captured)),
        ("pulses that the board counted", str(verdict.coins)),
        ("lost", _names(verdict.lost)),
        ("doubled", _names(verdict.doubled) if verdict.doubled else str(verdict.stray)),
        ("charged for nothing", _names(verdict.charged_for_nothing)),
        ("conflicts", _names(verdict.conflicts)),
        ("ambiguous pulses", f"{verdict.ambiguous}  ({verdict.killed} kills of the cabinet)"),
        (f"had all working for their last {WORKING_FOR_S:.0f} s", str(verdict.covered)),
        ("of these not credited", _names(verdict.uncredited)),
        ("of these held for over a minute more", _names(verdict.held)),
        ("paid in the hall next door", str(verdict.paid_next_door)),
        ("of these lost", _names(verdict.lost_next_door)),
        ("credited in the wrong hall", _names(verdict.stolen)),
        ("doors left open with a token refused", str(verdict.doors_left_open)),
        ("otherwise in the fleet's book", _names(verdict.misbooked)),
        ("entries amiss in the fleet's book", str(verdict.entries_amiss)),
    ]
    hits = [
        (f"hit by: {kind}", f"{hit}  (struck {_times(verdict.struck[kind])})")
        for kind, hit in verdict.hits.items()
    ]
    return "\n".join(f"  {name:<44}{value}" for name, value in (*rows, *hits))


def _rate(verdict: Verdict) -> str:
    return f"({verdict.credited / verdict.payments:.1%})" if verdict.payments else ""


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _money(captured: dict[str, int]) -> str:
    return ", ".join(f"{amount} {currency}" for currency, amount in captured.items()) or "0"


def _names(payments: Sequence[str]) -> str:
    return "  ".join([str(len(payments)), *payments])
