"""CORE. The rules for money: payments become trains of coin pulses, and trains become receipts."""

from __future__ import annotations

import logging
from dataclasses import replace

from controller.cabinet import line_can_move
from controller.effects import (
    Acknowledge,
    ClosePayment,
    FirePulse,
    IntendPulse,
    MarkAmbiguous,
    RecordPayment,
    RecordPulse,
)
from controller.events import (
    Acknowledged,
    CoinLineFailed,
    MessageRefused,
    PaymentReceived,
    PulseFired,
)
from controller.payment import Receipt, Train
from controller.play import add_to_session
from controller.receipts import owe
from controller.turn import Turn, UnexpectedEvent


def recover(turn: Turn, train: Train) -> None:
    """Go on with a train that the last run of the process left unfinished."""
    if train.boot_id != turn.cabinet.boot_id:
        # The board lost its credits with the power, and nothing tells how long we were off.
        _close(turn, replace(train, fired=0), "the cabinet was switched off")
    elif train.in_flight:
        # Fired again, it could be a credit too many; skipped, it is at worst a credit not charged.
        turn.record(MarkAmbiguous(train.payment.id, train.intended))
        turn.note(f"payment {train.payment.id}: pulse {train.intended} ambiguous", logging.WARNING)
        _keep_or_close(turn, replace(train, ambiguous=train.ambiguous + 1))
    else:
        turn.note(f"payment {train.payment.id}: goes on behind pulse {train.intended}")


def payment_received(turn: Turn, event: PaymentReceived) -> None:
    """A new payment is written and then acknowledged; a repeat is only acknowledged."""
    turn.act(Acknowledge(event.delivery))
    if event.known is None:
        _begin_train(turn, event)
    elif event.known.receipt is None:
        turn.note(f"payment {event.payment.id}: came again while its pulses are still to come")
    else:
        turn.note(f"payment {event.payment.id}: came again after it had ended")
        if event.payment.has_receipt:
            owe(turn, event.known.receipt)


def acknowledged(turn: Turn, event: Acknowledged) -> None:
    """The message will not come again. Its first pulse follows, as after every event."""


def message_refused(turn: Turn, event: MessageRefused) -> None:
    """What can never be a payment is acknowledged, so that it cannot come back."""
    turn.act(Acknowledge(event.delivery))
    turn.note(f"message refused: {event.reason}", logging.WARNING)


def pulse_fired(turn: Turn, event: PulseFired) -> None:
    """A pulse left the pin: the train has moved on, and perhaps ended."""
    train = turn.cabinet.trains[0] if turn.cabinet.trains else None
    expected = train and train.in_flight and (train.payment.id, train.intended)
    if train is None or expected != (event.payment_id, event.number):
        raise UnexpectedEvent(f"{event} while {expected or 'no pulse'} was in flight")
    turn.record(RecordPulse(event.payment_id, event.number, event.rose_s, event.fell_s))
    moved = replace(train, fired=train.fired + 1)
    add_to_session(turn, moved, moved.credits_delivered - train.credits_delivered)
    _keep_or_close(turn, moved)


def coin_line_failed(turn: Turn, event: CoinLineFailed) -> None:
    """Without its coin line the cabinet sells nothing."""
    turn.change(coin_line_trouble=f"coin line: {event.reason}")
    turn.note(f"coin line failed: {event.reason}", logging.ERROR)


def give_up_what_came_too_late(turn: Turn) -> None:
    """A train may start until its deadline; one that the board's inhibit cut is held until then."""
    for train in turn.cabinet.trains:
        held = not train.intended or not (train.in_flight or turn.cabinet.board_ready)
        if held and turn.now_s >= train.deadline_s:
            _close(turn, train, "the credit window ended")


def fire_next_pulse(turn: Turn) -> None:
    """Order the next pulse of the oldest train, if the line is free.

    A payment is acknowledged before its first pulse is intended: killed in between, it is credited after
    the restart, where an intended pulse would count as ambiguous.
    """
    trains = turn.cabinet.trains
    just_recorded = any(isinstance(record, RecordPayment) for record in turn.records)
    if just_recorded or not trains or trains[0].in_flight:
        return
    if line_can_move(turn.cabinet, turn.now_s):
        train = replace(trains[0], intended=trains[0].intended + 1)
        turn.record(IntendPulse(train.payment.id, train.intended))
        turn.act(FirePulse(train.payment.id, train.intended))
        _keep(turn, train)


def _begin_train(turn: Turn, event: PaymentReceived) -> None:
    payment = event.payment
    # A message that does not say what is left of its window gets none: reported, and not charged.
    left_s = event.time_left_s or 0.0
    train = Train(
        payment,
        pulses=payment.credits * turn.cabinet.rules.pulses_per_credit,
        deadline_s=event.received_s + left_s,
        boot_id=turn.cabinet.boot_id,
    )
    turn.record(RecordPayment(train))
    turn.change(trains=(*turn.cabinet.trains, train))
    turn.note(f"payment {payment.id}: received, {payment.credits} credits, {left_s:.0f} s left")


def _keep_or_close(turn: Turn, train: Train) -> None:
    if train.finished:
        _close(turn, train, "its last pulse was fired")
    else:
        _keep(turn, train)


def _keep(turn: Turn, train: Train) -> None:
    same = train.payment.id
    turn.change(trains=tuple(train if t.payment.id == same else t for t in turn.cabinet.trains))


def _close(turn: Turn, train: Train, why: str) -> None:
    payment, outcome, delivered = train.payment, train.outcome, train.credits_delivered
    receipt = Receipt(payment.id, outcome, delivered, payment.credits)
    owed = receipt if payment.has_receipt else None
    turn.record(ClosePayment(payment.id, outcome, delivered, why, owed))
    turn.change(trains=tuple(t for t in turn.cabinet.trains if t.payment.id != payment.id))
    turn.note(f"payment {payment.id}: {outcome}, {delivered} of {payment.credits} credits ({why})")
    if owed is not None:
        owe(turn, owed)
