"""CORE. The rules for a broker that ends our connection again and again: a second cabinet may have our id.

Two clients with one id throw each other out for ever, each getting the other's messages. A broker that keeps
crashing looks the same. So it is a guess: we stay away for a while, and come back; the door opens once the
connection has lasted for longer than a second cabinet, by these rules, would have stayed away.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

from controller.model.cabinet import Cabinet, Twin
from controller.model.effects import ConnectBroker, DisconnectBroker
from controller.rules.turn import Turn

TAKE_OVERS, TAKE_OVER_WITHIN_S = 2, 600.0
AWAY_S = 120.0
# More than a second cabinet stays away, with the longest wait between two of its attempts.
UNDISTURBED_S = 180.0


def connected(turn: Turn) -> None:
    """From now on it may show whether somebody else is there."""
    if turn.cabinet.twin:
        turn.change(twin=Twin(undisturbed_s=turn.now_s + UNDISTURBED_S))


def connection_ended(turn: Turn, *, taken_over: bool) -> None:
    """The second take-over in ten minutes is suspicious; from then on each lost connection is."""
    twin = turn.cabinet.twin
    if twin is None:
        if taken_over:
            _count(turn)
    elif twin.undisturbed_s is not None:
        _stay_away(turn)


def come_back_if_due(turn: Turn) -> None:
    """Look again, and sell again once nobody has disturbed us."""
    cabinet, twin = turn.cabinet, turn.cabinet.twin
    if twin is None or cabinet.stopping or cabinet.ledger_trouble:
        return
    if twin.back_s is not None and turn.now_s >= twin.back_s:
        turn.change(twin=Twin())
        turn.act(ConnectBroker())
    elif twin.undisturbed_s is not None and turn.now_s >= twin.undisturbed_s:
        turn.change(twin=None, thrown_out_s=())
        turn.note(f"undisturbed at the broker for {UNDISTURBED_S:.0f} s: selling again")


def _count(turn: Turn) -> None:
    recent = tuple(at_s for at_s in turn.cabinet.thrown_out_s if at_s > turn.now_s - TAKE_OVER_WITHIN_S)
    turn.change(thrown_out_s=(*recent, turn.now_s))
    if len(turn.cabinet.thrown_out_s) >= TAKE_OVERS:
        _stay_away(turn)
        turn.note(
            f"stopped selling: another cabinet seems to be called {turn.cabinet.rules.machine_id} too, or "
            f"the broker keeps restarting: left it, and back in {AWAY_S:.0f} s",
            logging.ERROR,
        )


def _stay_away(turn: Turn) -> None:
    turn.change(twin=Twin(back_s=turn.now_s + AWAY_S), broker_up=False, broker_trouble=None)
    turn.act(DisconnectBroker())


def leave_for_the_disk(turn: Turn) -> None:
    """We hang up ourselves: that shows nothing of another cabinet."""
    if turn.cabinet.twin:
        turn.change(twin=replace(turn.cabinet.twin, undisturbed_s=None))


def wakes_s(cabinet: Cabinet) -> Iterator[float]:
    """When to come back, and when nobody has disturbed us for long enough."""
    if cabinet.twin and not cabinet.stopping:
        yield from (at_s for at_s in (cabinet.twin.back_s, cabinet.twin.undisturbed_s) if at_s is not None)
