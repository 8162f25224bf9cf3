"""CORE. The rules for a coin pulse that another token has signed: ours is wrong, or somebody forges them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from controller.model.cabinet import Cabinet
from controller.rules import catch_up
from controller.rules.turn import Turn

# Whoever forges coin pulses must not keep the relay busy.
CHECKED_EVERY_S = 60.0


def signed_by_another(turn: Turn) -> None:
    """Close the door, and ask the relay which payments are open.

    If it takes our token, all is well, and it names what the message was about; else the door stays closed.
    """
    trust = turn.cabinet.trust
    if turn.cabinet.rules.has_relay and trust.check_due_s is None:
        due_s = max(turn.now_s, trust.checked_s + CHECKED_EVERY_S)
        turn.change(trust=replace(trust, signed_by_another=True, check_due_s=due_s))


def check_token_if_due(turn: Turn) -> None:
    """Ask, unless an answer is awaited already, from before the message."""
    due_s = turn.cabinet.trust.check_due_s
    if due_s is not None and turn.now_s >= due_s and turn.cabinet.catch_up is None:
        turn.change(trust=replace(turn.cabinet.trust, check_due_s=None, checked_s=turn.now_s))
        catch_up.ask(turn, "a coin pulse was signed with another token")


def wakes_s(cabinet: Cabinet) -> Iterator[float]:
    """When the relay is to be asked about a wrong signature."""
    if cabinet.trust.check_due_s is not None and cabinet.catch_up is None:
        yield cabinet.trust.check_due_s
