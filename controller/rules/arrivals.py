"""CORE. The rules for what arrives: a payment becomes a train of coin pulses, and is acknowledged."""

from __future__ import annotations

import logging

from controller.model.effects import Acknowledge
from controller.model.events import MessageRefused, PaymentReceived
from controller.rules import catch_up, signatures
from controller.rules.receipts import owe
from controller.rules.trains import begin
from controller.rules.turn import Turn

# Below this a message's time left says little: it is counted in whole seconds, and was on its way.
LEAST_TIME_LEFT_S = 2.0
# So many refused messages have a line of the log each; the next one tells how many had none.
REFUSED_SAID, REFUSED_WITHIN_S = 10, 600.0


def payment_received(turn: Turn, event: PaymentReceived) -> None:
    """What it says is written, and then it is acknowledged: it will not come again."""
    turn.act(Acknowledge(event.delivery))
    turn.apply(event.payment.id, event, event.known)


def begin_train(turn: Turn, _: str, event: PaymentReceived) -> None:
    """A payment that the ledger has never heard of."""
    begin(turn, event.payment, _deadline_s(turn, event))


def only_acknowledge(turn: Turn, payment_id: str, _: PaymentReceived) -> None:
    """The payment is at work on already."""
    turn.note(f"payment {payment_id}: came again while its pulses are still to come")


def send_receipt_again(turn: Turn, payment_id: str, event: PaymentReceived) -> None:
    """Whoever sends it again may not have got its receipt."""
    turn.note(f"payment {payment_id}: came again after it had ended")
    if event.payment.has_receipt and event.known and event.known.receipt:
        owe(turn, event.known.receipt)


def message_refused(turn: Turn, event: MessageRefused) -> None:
    """What can never be a payment is acknowledged, so that it cannot come back."""
    turn.act(Acknowledge(event.delivery))
    _say_refused(turn, event.reason)
    if event.signed_by_another:
        signatures.signed_by_another(turn)


def _say_refused(turn: Turn, reason: str) -> None:
    """A few lines, however many messages: whoever floods our topic must not flood the journal."""
    cabinet, earliest_s = turn.cabinet, turn.now_s - REFUSED_WITHIN_S
    recent = tuple(at_s for at_s in cabinet.refused_said_s if at_s > earliest_s)
    if len(recent) >= REFUSED_SAID:
        turn.change(refused_unsaid=cabinet.refused_unsaid + 1)
        return
    more = f" (and {cabinet.refused_unsaid} more before it)" if cabinet.refused_unsaid else ""
    turn.note(f"message refused: {reason}{more}", logging.WARNING)
    turn.change(refused_said_s=(*recent, turn.now_s), refused_unsaid=0)


def _deadline_s(turn: Turn, event: PaymentReceived) -> float | None:
    left_s, can_ask = event.time_left_s, turn.cabinet.rules.has_relay and event.payment.has_receipt
    clear = left_s is not None and left_s >= LEAST_TIME_LEFT_S
    if can_ask and (not clear or catch_up.is_in_doubt(turn, event)):
        why = "may have been credited before" if clear else "came without its time left"
        catch_up.ask(turn, f"payment {event.payment.id} {why}")
        return None
    return event.received_s + (left_s or 0.0)
