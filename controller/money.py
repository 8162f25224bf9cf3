"""CORE. The rules for money: payments become trains of coin pulses, and trains become receipts."""

from __future__ import annotations

import logging
from dataclasses import replace

from controller import catch_up
from controller.cabinet import line_can_move
from controller.effects import Acknowledge, FirePulse, IntendPulse, MarkAmbiguous, RecordPayment, RecordPulse
from controller.events import (
    Acknowledged,
    CoinLineFailed,
    MessageRefused,
    PaymentReceived,
    PulseFired,
)
from controller.payment import Train
from controller.play import add_to_session
from controller.receipts import owe
from controller.trains import begin, close, keep, keep_or_close
from controller.turn import Turn, UnexpectedEvent

# Below this a message's time left says little: it is counted in whole seconds, and was on its way.
LEAST_TIME_LEFT_S = 2.0


def recover(turn: Turn, train: Train) -> None:
    """Go on with a train that the last run of the process left unfinished."""
    rebooted = train.boot_id != turn.cabinet.boot_id
    if rebooted and not train.intended:
        _recover_unstarted(turn, train)
    elif rebooted and not turn.cabinet.rules.board_keeps_credits:
        # The board lost its credits with the power.
        close(turn, replace(train, fired=0), "the cabinet was switched off")
    elif train.in_flight:
        # Fired again, it could be a credit too many; skipped, it is at worst a credit not charged.
        turn.record(MarkAmbiguous(train.payment.id, train.intended))
        turn.note(f"payment {train.payment.id}: pulse {train.intended} ambiguous", logging.WARNING)
        keep_or_close(turn, replace(train, ambiguous=train.ambiguous + 1))
    else:
        turn.note(f"payment {train.payment.id}: goes on behind pulse {train.intended}")


def payment_received(turn: Turn, event: PaymentReceived) -> None:
    """A new payment is written and then acknowledged; a repeat is only acknowledged."""
    turn.act(Acknowledge(event.delivery))
    if event.known is None:
        begin(turn, event.payment, _deadline_s(turn, event))
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
    train = next((train for train in turn.cabinet.trains if train.in_flight), None)
    expected = train and (train.payment.id, train.intended)
    if train is None or expected != (event.payment_id, event.number):
        raise UnexpectedEvent(f"{event} while {expected or 'no pulse'} was in flight")
    turn.record(RecordPulse(event.payment_id, event.number, event.rose_s, event.fell_s))
    moved = replace(train, fired=train.fired + 1)
    add_to_session(turn, moved, moved.credits_delivered - train.credits_delivered)
    keep_or_close(turn, moved)


def coin_line_failed(turn: Turn, event: CoinLineFailed) -> None:
    """Without its coin line the cabinet sells nothing."""
    turn.change(coin_line_trouble=f"coin line: {event.reason}")
    turn.note(f"coin line failed: {event.reason}", logging.ERROR)


def give_up_what_came_too_late(turn: Turn) -> None:
    """A train may start until its deadline; one that the board's inhibit cut is held until then."""
    for train in turn.cabinet.trains:
        held = not train.intended or not (train.in_flight or turn.cabinet.board_ready)
        if held and train.deadline_s is not None and turn.now_s >= train.deadline_s:
            close(turn, train, "the credit window ended")


def fire_next_pulse(turn: Turn) -> None:
    """Order the next pulse of the oldest train, if the line is free.

    A payment is acknowledged before its first pulse is intended: killed in between, it is credited after
    the restart, where an intended pulse would count as ambiguous.
    """
    just_recorded = any(isinstance(record, RecordPayment) for record in turn.records)
    busy = any(train.in_flight for train in turn.cabinet.trains)
    if just_recorded or busy or not line_can_move(turn.cabinet, turn.now_s):
        return
    if train := _next_to_move(turn.cabinet.trains):
        train = replace(train, intended=train.intended + 1)
        turn.record(IntendPulse(train.payment.id, train.intended))
        turn.act(FirePulse(train.payment.id, train.intended))
        keep(turn, train)


def _next_to_move(trains: tuple[Train, ...]) -> Train | None:
    """The train that has begun, before all others: trains never interleave."""
    begun = (train for train in trains if train.intended)
    return next(begun, next((train for train in trains if train.may_move), None))


def _recover_unstarted(turn: Turn, train: Train) -> None:
    """How long we were off, nobody here knows: the relay can say what is left of the window."""
    if turn.cabinet.rules.has_relay and train.payment.has_receipt:
        keep(turn, replace(train, deadline_s=None))
    else:
        close(turn, train, "the cabinet was switched off")


def _deadline_s(turn: Turn, event: PaymentReceived) -> float | None:
    left_s, can_ask = event.time_left_s, turn.cabinet.rules.has_relay and event.payment.has_receipt
    clear = left_s is not None and left_s >= LEAST_TIME_LEFT_S
    if can_ask and (not clear or catch_up.is_in_doubt(turn, event)):
        why = "may have been credited before" if clear else "came without its time left"
        catch_up.ask(turn, f"payment {event.payment.id} {why}")
        return None
    return event.received_s + (left_s or 0.0)
