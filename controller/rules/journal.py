"""CORE. The journal's rules that no other rule has: each start, and faults that last.

A fault that comes and goes with every packet is no news: it begins once it has lasted, and ends once it has
been gone. A line that flickers all day has its share of an hour's entries, and no more.
"""

from __future__ import annotations

from dataclasses import replace

from controller.model.cabinet import FaultWatch
from controller.model.events import Started
from controller.model.journal import EntryKind, short
from controller.rules.mood import faults
from controller.rules.turn import Turn

BEGINS_AFTER_S, ENDS_AFTER_S = 3.0, 30.0
MOST_AN_HOUR, HOUR_S = 60, 3600.0


def started(turn: Turn, event: Started) -> None:
    """The controller begins, with the faults of which the journal says that they last."""
    upgraded = {} if event.upgraded_from is None else {"schemaBefore": event.upgraded_from}
    turn.enter(EntryKind.START, version=event.version, board=short(turn.cabinet.board), **upgraded)
    turn.enter(EntryKind.CONFIGURATION, name=event.machine_name, keys=[])
    watch = FaultWatch(told=event.told_faults, moved_s=dict.fromkeys(event.told_faults, turn.now_s))
    turn.change(fault_watch=watch)


def mind_faults(turn: Turn) -> None:
    """Enter each fault that has lasted, and each end of one that has been gone."""
    cabinet = turn.cabinet
    if not cabinet.started:
        return
    present = {fault.kind.value: fault.text for fault in reversed(faults(cabinet, turn.now_s))}
    watch = cabinet.fault_watch
    # What is not as it was told, and since when.
    odd = sorted(present.keys() ^ set(watch.told))
    moved_s = {kind: watch.moved_s.get(kind, turn.now_s) for kind in odd}
    if moved_s != watch.moved_s:
        turn.change(fault_watch=replace(watch, moved_s=moved_s))
    for kind, since_s in moved_s.items():
        _flip_if_held(turn, kind, since_s, present.get(kind))


def _flip_if_held(turn: Turn, kind: str, since_s: float, text: str | None) -> None:
    watch = turn.cabinet.fault_watch
    recent_s = tuple(at_s for at_s in watch.entered_s if at_s > turn.now_s - HOUR_S)
    held_s = ENDS_AFTER_S if text is None else BEGINS_AFTER_S
    if turn.now_s < since_s + held_s or len(recent_s) >= MOST_AN_HOUR:
        return
    others = tuple(each for each in watch.told if each != kind)
    if text is None:
        turn.enter(EntryKind.FAULT_ENDS, at_s=since_s, fault=kind, text="")
    else:
        turn.enter(EntryKind.FAULT_BEGINS, at_s=since_s, fault=kind, text=short(text))
    turn.change(
        fault_watch=FaultWatch(
            told=others if text is None else (*others, kind),
            moved_s={each: at_s for each, at_s in watch.moved_s.items() if each != kind},
            entered_s=(*recent_s, turn.now_s),
        )
    )
