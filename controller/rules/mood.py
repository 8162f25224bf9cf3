"""CORE. What the cabinet is doing, and what is wrong with it, in words for its status and its screen."""

from __future__ import annotations

from attract_screen.model.feed_format import State
from controller.model.cabinet import Cabinet, credits_waiting
from controller.model.fault import Fault, FaultKind
from controller.rules import noise


def mood(cabinet: Cabinet, now_s: float) -> State:
    """What the machine is doing; the first that applies."""
    meter = cabinet.meter_trouble or noise.trouble(cabinet, "coin_meter")
    broken = (cabinet.coin_line_trouble, cabinet.ledger_trouble, meter)
    session = cabinet.session
    cases = (
        (any(broken), State.OUT_OF_ORDER),
        (bool(cabinet.trains) and not credits_waiting(cabinet), State.PAYING),
        (session is not None and (session.playing or bool(cabinet.trains)), State.PLAYING),
        (_still_starting(cabinet, now_s), State.STARTING),
        (not cabinet.broker_up or cabinet.twin is not None, State.OFFLINE),
        (not cabinet.board_ready, State.NOT_READY),
    )
    return next((state for applies, state in cases if applies), State.ATTRACT)


def faults(cabinet: Cabinet, now_s: float) -> tuple[Fault, ...]:
    """What is wrong, the worst first."""
    fence = "new ledger: waiting for the relay to name what was open" if cabinet.fenced else None
    closing = cabinet.trust.reasons_to_close(now_s)
    said = any(fault.kind in (FaultKind.TOKEN, FaultKind.RELAY) for fault in closing)
    conflicts = f"{cabinet.conflicts} receipts in conflict with Stripe" if cabinet.conflicts else None
    troubles = (
        (FaultKind.COIN_LINE, cabinet.coin_line_trouble),
        (FaultKind.LEDGER, cabinet.ledger_trouble),
        (FaultKind.COIN_METER, cabinet.meter_trouble),
        *((FaultKind.INPUT_LINE, text) for text in noise.troubles(cabinet)),
        (FaultKind.READY, _ready_trouble(cabinet, now_s)),
        (FaultKind.FENCE, fence),
        *((fault.kind, fault.text) for fault in closing),
        (FaultKind.TWIN, _twin_trouble(cabinet)),
        (FaultKind.BROKER, cabinet.broker_trouble),
        (FaultKind.RELAY, None if said else cabinet.offer_trouble),
        (FaultKind.CONFLICT, conflicts),
        *((FaultKind.DAMAGED_LEDGER, text) for text in cabinet.ledger_faults),
    )
    return tuple(Fault(kind, text) for kind, text in troubles if text)


def _twin_trouble(cabinet: Cabinet) -> str | None:
    if cabinet.twin is None:
        return None
    name = cabinet.rules.machine_id
    return f"twin: another cabinet seems to be called {name} too, or the broker keeps restarting"


def _ready_trouble(cabinet: Cabinet, now_s: float) -> str | None:
    since_s, stuck_s = cabinet.not_ready_since_s, cabinet.rules.ready_stuck_s
    if not cabinet.rules.has_ready_line or since_s is None or now_s < since_s + stuck_s:
        return None
    return f"ready: the board has not been ready for more than {stuck_s:.0f} s"


def _still_starting(cabinet: Cabinet, now_s: float) -> bool:
    # For whoever stays away from the broker the start is over.
    connecting = not (cabinet.broker_up or cabinet.broker_trouble or cabinet.twin)
    return not cabinet.started or cabinet.fenced or connecting or now_s < cabinet.rules.board_boot_s
