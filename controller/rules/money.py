"""CORE. The rules for money: payments become trains of coin pulses, and trains become receipts."""

from __future__ import annotations

import logging
from dataclasses import replace

from controller.model.cabinet import board_takes, line_can_move
from controller.model.effects import (
    Acknowledge,
    FirePulse,
    IntendPulse,
    MarkAmbiguous,
    RecordPayment,
    RenewDeadline,
    WithdrawPulses,
)
from controller.model.events import CoinLineFailed, MessageRefused, PaymentReceived, PulseFired, Tally
from controller.model.happenings import PiRestarted, ProcessRestarted, WindowEnded
from controller.model.payment import PulseFate, Train
from controller.rules import catch_up, coin_meter
from controller.rules.receipts import owe
from controller.rules.trains import begin, close, end_pulse, keep, keep_or_close
from controller.rules.turn import Turn, UnexpectedEvent

# Below this a message's time left says little: it is counted in whole seconds, and was on its way.
LEAST_TIME_LEFT_S = 2.0
# A train that waits for something is not kept waiting to the last second of its window.
LAST_CALL_S = 10.0
# How long the board may be not ready behind a reboot, before the rest of a train is given up: as long as a
# whole credit window by default, for what was left of this one nobody here knows.
GOES_ON_WITHIN_S = 180.0


# A message comes


def payment_received(turn: Turn, event: PaymentReceived) -> None:
    """What it says is written, and then it is acknowledged: it will not come again."""
    turn.act(Acknowledge(event.delivery))
    turn.happen(event.payment.id, event, event.known)


def write_down(turn: Turn, _: str, event: PaymentReceived) -> None:
    """A payment that the ledger has never heard of."""
    begin(turn, event.payment, _deadline_s(turn, event))


def only_acknowledge(turn: Turn, payment_id: str, _: PaymentReceived) -> None:
    """It is at work on already."""
    turn.note(f"payment {payment_id}: came again while its pulses are still to come")


def say_again_how_it_ended(turn: Turn, payment_id: str, event: PaymentReceived) -> None:
    """Whoever sends it again may not have got its receipt."""
    turn.note(f"payment {payment_id}: came again after it had ended")
    if event.payment.has_receipt and event.known and event.known.receipt:
        owe(turn, event.known.receipt)


def message_refused(turn: Turn, event: MessageRefused) -> None:
    """What can never be a payment is acknowledged, so that it cannot come back."""
    turn.act(Acknowledge(event.delivery))
    turn.note(f"message refused: {event.reason}", logging.WARNING)


# The coin line moves


def pulse_fired(turn: Turn, payment_id: str, event: PulseFired) -> None:
    """A pulse left the pin; where a coin meter is wired, the board has yet to say that it counted it."""
    train, rules = turn.train_of(payment_id), turn.cabinet.rules
    if event.number != train.ordered[0]:
        raise UnexpectedEvent(f"{event} while pulse {train.ordered[0]} was on the line")
    turn.change(line_rests_until_s=event.fell_s + rules.settle_s)
    if rules.coin_meter:
        coin_meter.expect_count(turn, event)
    else:
        end_pulse(turn, event, _fate_by_width(turn, event))


def coin_line_failed(turn: Turn, event: CoinLineFailed) -> None:
    """Without its coin line the cabinet sells nothing."""
    turn.change(coin_line_trouble=f"coin line: {event.reason}")
    turn.note(f"coin line failed: {event.reason}", logging.ERROR)


def end_waits(turn: Turn) -> None:
    """The board has had its rest between two payments; nobody feeds coins any more."""
    rests_s, quiet_s = turn.cabinet.line_rests_until_s, turn.cabinet.quiet_until_s
    if rests_s is not None and turn.now_s >= rests_s:
        turn.change(line_rests_until_s=None)
    if quiet_s is not None and turn.now_s >= quiet_s:
        turn.change(quiet_until_s=None)


def order_pulses(turn: Turn) -> None:
    """Order the next pulse of the oldest train that may move, and as many behind it as may stand in line.

    A payment is acknowledged before its first pulse is intended: killed in between, it is credited after
    the restart, where an intended pulse might count as ambiguous.
    """
    just_recorded = any(isinstance(record, RecordPayment) for record in turn.records)
    if just_recorded or not line_can_move(turn.cabinet, turn.now_s):
        return
    while train := _next_to_move(turn):
        train = replace(train, intended=train.intended + 1)
        turn.record(IntendPulse(train.payment.id, train.intended))
        turn.act(FirePulse(train.payment.id, train.intended))
        keep(turn, train)


def _next_to_move(turn: Turn) -> Train | None:
    """The train on the line, if one more of its pulses may stand in line; else the one that may begin."""
    on_the_line = next((train for train in turn.cabinet.trains if train.in_flight), None)
    if on_the_line is None:
        return _next_to_begin(turn)
    goes_on = len(on_the_line.ordered) <= turn.cabinet.rules.ordered_ahead
    is_left = on_the_line.intended < on_the_line.pulses
    return on_the_line if goes_on and is_left and board_takes(turn.cabinet, on_the_line) else None


def _next_to_begin(turn: Turn) -> Train | None:
    """The train that has begun, before all others: trains never interleave."""
    cabinet = turn.cabinet
    movable = [
        train
        for train in cabinet.trains
        if train.may_move and board_takes(cabinet, train) and not _waits_for_quiet(turn, train)
    ]
    begun = (train for train in movable if train.intended)
    rested = cabinet.line_rests_until_s is None
    return next(begun, movable[0] if movable and rested else None)


def _waits_for_quiet(turn: Turn, train: Train) -> bool:
    """A pulse among coins that somebody feeds could not be told from them; near its end it must go."""
    quiet_s, deadline_s = turn.cabinet.quiet_until_s, train.deadline_s
    return quiet_s is not None and (deadline_s is None or quiet_s < deadline_s - LAST_CALL_S)


# Time passes


def give_up_what_came_too_late(turn: Turn) -> None:
    """A train may start until its deadline; one that the board does not take just now is held until then."""
    for train in turn.cabinet.trains:
        may_finish = train.intended and board_takes(turn.cabinet, train)
        overdue = train.deadline_s is not None and turn.now_s >= train.deadline_s
        if overdue and not train.in_flight and not may_finish:
            turn.happen(train.payment.id, WindowEnded())


def end_with_the_window(turn: Turn, payment_id: str, _: WindowEnded) -> None:
    """What was not delivered by now is not charged."""
    close(turn, turn.train_of(payment_id), "the credit window ended")


# The process, or the whole cabinet, begins anew


def recover(turn: Turn, train: Train, tally: Tally | None) -> None:
    """Go on with a train that the last run of the process left unfinished."""
    rebooted = train.boot_id != turn.cabinet.boot_id
    turn.happen(train.payment.id, PiRestarted() if rebooted else ProcessRestarted(tally))


def go_on(turn: Turn, payment_id: str, _: ProcessRestarted) -> None:
    """The board lost nothing, and the rest follows."""
    train = turn.train_of(payment_id)
    turn.note(f"payment {payment_id}: goes on behind pulse {train.intended}")


def settle_by_the_tally(turn: Turn, payment_id: str, restarted: ProcessRestarted) -> None:
    """The coin line has noted which of the ordered pulses left the pin, and which it died in.

    Whether the board counted a pulse that left the pin meanwhile, nobody knows.
    """
    noted = [each for each in restarted.tally or () if each.payment_id == payment_id]
    last = max((each.number for each in noted), default=0)
    for number in turn.train_of(payment_id).ordered:
        match [each for each in noted if each.number == number]:
            case [PulseFired() as pulse] if not turn.cabinet.rules.coin_meter:
                end_pulse(turn, pulse, _fate_by_width(turn, pulse))
            case [] if restarted.tally is not None and number > last:
                _withdraw(turn, payment_id, number)
                return
            case _:
                _skip(turn, payment_id, number)


def _withdraw(turn: Turn, payment_id: str, number: int) -> None:
    """It has never begun, nor has any behind it: they are ordered again when it is their turn."""
    turn.record(WithdrawPulses(payment_id, number))
    keep(turn, replace(turn.train_of(payment_id), intended=number - 1))
    turn.note(f"payment {payment_id}: goes on with pulse {number}, which had not begun")


def _skip(turn: Turn, payment_id: str, number: int) -> None:
    """Fired again, it could be a credit too many; skipped, it is at worst a credit not charged."""
    turn.record(MarkAmbiguous(payment_id, number))
    turn.note(f"payment {payment_id}: pulse {number} ambiguous", logging.WARNING)
    keep_or_close(turn, turn.train_of(payment_id).after(PulseFate.AMBIGUOUS))


def ask_what_is_left(turn: Turn, payment_id: str, _: PiRestarted) -> None:
    """How long we were off, nobody here knows: the relay can say what is left of the window."""
    train = turn.train_of(payment_id)
    if turn.cabinet.rules.has_relay and train.payment.has_receipt:
        keep(turn, replace(train, deadline_s=None))
    else:
        close(turn, train, "the cabinet was switched off")


def cut_by_the_plug(turn: Turn, payment_id: str, _: PiRestarted) -> None:
    """The board lost its credits with the power, unless it keeps them; the tally is gone in any case."""
    train = turn.train_of(payment_id)
    if not turn.cabinet.rules.board_keeps_credits:
        close(turn, replace(train, fired=0), "the cabinet was switched off")
        return
    # From now on it is a train of this boot: whatever the next restart finds noted is about it.
    train = replace(train, deadline_s=turn.now_s + GOES_ON_WITHIN_S, boot_id=turn.cabinet.boot_id)
    turn.record(RenewDeadline(payment_id, turn.now_s + GOES_ON_WITHIN_S, train.boot_id))
    turn.note(f"payment {payment_id}: goes on behind pulse {train.intended}")
    keep(turn, train)
    for number in train.ordered:
        _skip(turn, payment_id, number)


def _fate_by_width(turn: Turn, pulse: PulseFired) -> PulseFate:
    return PulseFate.FIRED if turn.cabinet.rules.takes_width_ms(pulse.width_ms) else PulseFate.AMBIGUOUS


def _deadline_s(turn: Turn, event: PaymentReceived) -> float | None:
    left_s, can_ask = event.time_left_s, turn.cabinet.rules.has_relay and event.payment.has_receipt
    clear = left_s is not None and left_s >= LEAST_TIME_LEFT_S
    if can_ask and (not clear or catch_up.is_in_doubt(turn, event)):
        why = "may have been credited before" if clear else "came without its time left"
        catch_up.ask(turn, f"payment {event.payment.id} {why}")
        return None
    return event.received_s + (left_s or 0.0)
