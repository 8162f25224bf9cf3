"""CORE. The steps of a train that several rules share: it begins, it moves, it ends."""

from __future__ import annotations

import logging

from attract_screen.model.prices import price
from controller.model.effects import ClosePayment, RecordPayment, RecordPulse
from controller.model.events import PulseFired
from controller.model.journal import EntryKind, short
from controller.model.payment import Payment, PulseFate, Receipt, Train, is_free
from controller.rules.play import add_to_session
from controller.rules.receipts import owe
from controller.rules.turn import Turn


def begin(turn: Turn, payment: Payment, deadline_s: float | None) -> Train:
    """Write a new payment down, and put its train behind the others."""
    pulses = payment.credits * turn.cabinet.rules.pulses_per_credit
    train = Train(payment, pulses, deadline_s, turn.cabinet.boot_id)
    turn.record(RecordPayment(train))
    turn.change(trains=(*turn.cabinet.trains, train), just_recorded=True)
    left = "time left unknown" if deadline_s is None else f"{max(0.0, deadline_s - turn.now_s):.0f} s left"
    turn.note(f"payment {payment.id}: received, {_what_was_bought(payment)}, {left}")
    return train


def keep(turn: Turn, train: Train) -> None:
    """Put the train in the place of what it was."""
    same = train.payment.id
    turn.change(trains=tuple(train if t.payment.id == same else t for t in turn.cabinet.trains))


def keep_or_close(turn: Turn, train: Train) -> None:
    """Put the train in the place of what it was, or end it if it has nothing left to fire."""
    if train.finished:
        close(turn, train, _how_its_pulses_ended(train))
    else:
        keep(turn, train)


def end_pulse(turn: Turn, pulse: PulseFired, fate: PulseFate) -> None:
    """The fate of the pulse on the line is known: the train has moved on, and perhaps ended."""
    train = turn.train_of(pulse.payment_id)
    turn.record(RecordPulse(pulse.payment_id, pulse.number, pulse.rose_s, pulse.fell_s, fate))
    if not fate.is_delivered:
        said = f"payment {pulse.payment_id}: pulse {pulse.number} {fate}, {pulse.width_text}"
        turn.note(said, logging.WARNING)
    moved = train.after(fate)
    credits = moved.credits_delivered - train.credits_delivered
    add_to_session(turn, credits, named=pulse.payment_id)
    keep_or_close(turn, moved)


def close(turn: Turn, train: Train, why: str, *, is_settled: bool = False) -> None:
    """End the train with what its delivered pulses amount to; unless it `is_settled`, owe its receipt."""
    payment, outcome, delivered = train.payment, train.outcome, train.credits_delivered
    receipt = Receipt(payment.id, outcome, delivered, payment.credits)
    owed = receipt if payment.has_receipt and not is_settled else None
    turn.record(ClosePayment(payment.id, outcome, delivered, why, owed))
    turn.enter(
        EntryKind.SALE,
        paymentId=payment.id,
        outcome=outcome,
        reason=short(why),
        creditsDelivered=delivered,
        free=is_free(payment.id),
    )
    rest = tuple(t for t in turn.cabinet.trains if t.payment.id != payment.id)
    turn.change(trains=rest, credited=turn.cabinet.credited + (delivered > 0))
    turn.note(f"payment {payment.id}: {outcome}, {delivered} of {payment.credits} credits ({why})")
    if owed is not None:
        owe(turn, owed)


def _what_was_bought(payment: Payment) -> str:
    credits = f"{payment.credits} {'credit' if payment.credits == 1 else 'credits'}"
    if is_free(payment.id):
        return f"{credits}, free"
    if payment.amount is None or payment.currency is None:
        return credits
    return f"{credits} for {price(payment.amount, payment.currency)}"


def _how_its_pulses_ended(train: Train) -> str:
    lost = {"not counted": train.uncounted, "in doubt": train.ambiguous}
    told = [f"pulses {fate}: {number} of {train.pulses}" for fate, number in lost.items() if number]
    return ", ".join(told) or "its last pulse was fired"
