"""CORE. The technician's rules: test credits that nobody pays, and faults that were seen to."""

from __future__ import annotations

from controller.effects import ClearLedgerFaults, RememberUncounted
from controller.events import FaultsCleared, TrialAsked
from controller.payment import Payment
from controller.trains import begin
from controller.turn import Turn

# Whoever asks stands before the machine; a credit that comes later than this would be a riddle.
TRIAL_WINDOW_S = 60.0


def trial_asked(turn: Turn, event: TrialAsked) -> None:
    """Test credits stand in line with what was paid, and go the same way: they show that it works."""
    trial = Payment(event.payment_id, event.credits, None, None, has_receipt=False, test=True)
    begin(turn, trial, deadline_s=turn.now_s + TRIAL_WINDOW_S)


def faults_cleared(turn: Turn, _: FaultsCleared) -> None:
    """The machine sells again; what is still wrong will show again."""
    turn.record(RememberUncounted(0))
    turn.record(ClearLedgerFaults())
    turn.change(uncounted=0, ledger_faults=())
    turn.note("faults cleared by the technician")
