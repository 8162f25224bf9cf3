"""CORE. What the cabinet is doing, and what is wrong with it, in words for its status and its screen."""

from __future__ import annotations

from enum import StrEnum

from controller.model.cabinet import Cabinet, credits_waiting


class Mood(StrEnum):
    """What the machine is doing, in one word: the `state` of its status and of its screen."""

    STARTING = "starting"
    ATTRACT = "attract"
    PAYING = "paying"
    PLAYING = "playing"
    NOT_READY = "not_ready"
    OFFLINE = "offline"
    OUT_OF_ORDER = "out_of_order"


def mood(cabinet: Cabinet, now_s: float) -> Mood:
    """What the machine is doing; the first that applies."""
    broken = (cabinet.coin_line_trouble, cabinet.ledger_trouble, cabinet.meter_trouble)
    session = cabinet.session
    cases = (
        (any(broken) or cabinet.taken_over, Mood.OUT_OF_ORDER),
        (bool(cabinet.trains) and not credits_waiting(cabinet), Mood.PAYING),
        (session is not None and (session.playing or bool(cabinet.trains)), Mood.PLAYING),
        (_still_starting(cabinet, now_s), Mood.STARTING),
        (not cabinet.broker_up, Mood.OFFLINE),
        (not cabinet.board_ready, Mood.NOT_READY),
    )
    return next((mood for applies, mood in cases if applies), Mood.ATTRACT)


def faults(cabinet: Cabinet, now_s: float) -> tuple[str, ...]:
    """What is wrong, in words for the operator and the technician."""
    fence = "new ledger: waiting for the relay to name what was open" if cabinet.fenced else None
    conflicts = f"{cabinet.conflicts} receipts in conflict with Stripe" if cabinet.conflicts else None
    troubles = (
        cabinet.coin_line_trouble,
        cabinet.ledger_trouble,
        cabinet.meter_trouble,
        _ready_trouble(cabinet, now_s),
        fence,
        cabinet.broker_trouble,
        cabinet.offer_trouble,
        conflicts,
    )
    return (*(trouble for trouble in troubles if trouble), *cabinet.ledger_faults)


def _ready_trouble(cabinet: Cabinet, now_s: float) -> str | None:
    since_s, stuck_s = cabinet.not_ready_since_s, cabinet.rules.ready_stuck_s
    if not cabinet.rules.has_ready_line or since_s is None or now_s < since_s + stuck_s:
        return None
    return f"ready: the board has not been ready for more than {stuck_s:.0f} s"


def _still_starting(cabinet: Cabinet, now_s: float) -> bool:
    connecting = not cabinet.broker_up and cabinet.broker_trouble is None
    return not cabinet.started or cabinet.fenced or connecting or now_s < cabinet.rules.board_boot_s
