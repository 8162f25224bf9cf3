"""CORE. The technician's rules: test credits that nobody pays, and faults that were seen to."""

from __future__ import annotations

from controller.model.cabinet import Cabinet, credits_to_come, has_room
from controller.model.effects import ClearLedgerFaults, RememberUncounted
from controller.model.events import CreditTestRequested, FaultsCleared, RulesChanged
from controller.model.journal import EntryKind, short
from controller.model.payment import Payment
from controller.rules.coin_meter import forget_habits
from controller.rules.trains import begin
from controller.rules.turn import Turn

# Whoever asks stands before the machine; a credit that comes later than this would be a riddle.
TEST_WINDOW_S = 60.0


def credit_test_requested(turn: Turn, event: CreditTestRequested) -> None:
    """Test credits stand in line with what was paid, and go the same way: they show that it works."""
    _enter(turn, "pulse", f"test credits: {event.credits} ({event.payment_id})")
    trial = Payment(event.payment_id, event.credits, None, None, has_receipt=False, test=True)
    begin(turn, trial, deadline_s=turn.now_s + TEST_WINDOW_S)


def faults_cleared(turn: Turn, _: FaultsCleared) -> None:
    """The machine sells again; what is still wrong will show again."""
    _enter(turn, "clear", "; ".join(to_be_cleared(turn.cabinet)))
    turn.record(RememberUncounted(0))
    turn.record(ClearLedgerFaults())
    turn.change(uncounted=0, ledger_faults=())
    forget_habits(turn)
    turn.note("faults cleared by the technician")


def config_read_again(turn: Turn, event: RulesChanged) -> None:
    """The journal has what changed, and what of the file does not hold."""
    _enter(turn, "reload", event.outstanding)
    turn.enter(EntryKind.CONFIGURATION, name=event.name, keys=list(event.keys))


def why_not(cabinet: Cabinet, credits: int, now_s: float) -> str | None:
    """Why so many test credits could not reach the board just now; None if they could.

    Out of order is no reason, for a test pulse that is counted is what ends it. A board that has just become
    ready is none either: the pulse waits until that is believed.
    """
    boots_s = cabinet.rules.board_boot_s - now_s
    under_way = next((train.payment.id for train in cabinet.trains if train.payment.test), None)
    reasons = (
        (cabinet.coin_line_trouble is not None, f"{cabinet.coin_line_trouble}"),
        (not cabinet.started, "the controller is still starting: ask again"),
        (cabinet.stopping, "the controller is stopping"),
        (cabinet.ledger_trouble is not None, f"{cabinet.ledger_trouble}"),
        (cabinet.fenced, "the ledger is new: no pulse leaves until the relay has named what was open"),
        (boots_s > 0, f"the board may still be starting: ask again in {boots_s:.0f} s (board_boot_s)"),
        (cabinet.rules.has_ready_line and not cabinet.ready.seen, "the board is not ready for coins"),
        (under_way is not None, f"{under_way} is still under way: wait for its end"),
        (not has_room(cabinet, credits_to_come(cabinet) + credits), _no_room(cabinet)),
    )
    return next((reason for applies, reason in reasons if applies), None)


def to_be_cleared(cabinet: Cabinet) -> tuple[str, ...]:
    """What `FaultsCleared` ends, in words."""
    trouble = cabinet.meter_trouble
    return (*([trouble] if trouble else []), *cabinet.ledger_faults)


def _enter(turn: Turn, did: str, details: str) -> None:
    turn.enter(EntryKind.TECHNICIAN, did=did, details=short(details))


def _no_room(cabinet: Cabinet) -> str:
    most, has, come = cabinet.rules.max_credits, cabinet.credits_on_board, credits_to_come(cabinet)
    return f"the board holds {most} credits, and has {has} with {come} to come: ask for fewer, or play some"
