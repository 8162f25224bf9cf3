"""CORE. The rules for coin pulses: when each is ordered, what it counts for, and when a train is given up."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

from controller.model.cabinet import Cabinet, board_takes, line_can_move
from controller.model.effects import FirePulse, IntendPulse
from controller.model.events import CoinLineFailed, PulseFired
from controller.model.payment import PulseFate, Train
from controller.model.payment_events import WindowEnded
from controller.rules import coin_meter
from controller.rules.trains import close, end_pulse, keep
from controller.rules.turn import AT_ONCE, Turn, UnexpectedEvent

# A train that waits for something is not kept waiting to the last second of its window.
LAST_CALL_S = 10.0


def pulse_fired(turn: Turn, payment_id: str, event: PulseFired) -> None:
    """A pulse left the pin; where a coin meter is wired, the board has yet to say that it counted it."""
    train, rules = turn.train_of(payment_id), turn.cabinet.rules
    if event.number != train.ordered[0]:
        raise UnexpectedEvent(f"{event} while pulse {train.ordered[0]} was on the line")
    turn.change(line_rests_until_s=event.fell_s + rules.settle_s)
    if rules.coin_meter:
        coin_meter.expect_count(turn, event)
    else:
        end_pulse(turn, event, fate_by_width(turn, event))


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

    Not in the decision that wrote a payment down: it is acknowledged before its first pulse is intended.
    """
    if turn.cabinet.just_recorded or not line_can_move(turn.cabinet, turn.now_s):
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


def give_up_what_came_too_late(turn: Turn) -> None:
    """A train may start until its deadline; one that the board does not take just now is held until then."""
    for train in turn.cabinet.trains:
        may_finish = train.intended and board_takes(turn.cabinet, train)
        overdue = train.deadline_s is not None and turn.now_s >= train.deadline_s
        if overdue and not train.in_flight and not may_finish:
            turn.apply(train.payment.id, WindowEnded())


def end_with_the_window(turn: Turn, payment_id: str, _: WindowEnded) -> None:
    """What was not delivered by now is not charged."""
    close(turn, turn.train_of(payment_id), "the credit window ended")


def wakes_s(cabinet: Cabinet) -> Iterator[float]:
    """When a first pulse may follow its PUBACK, a wait is over, or a held train is given up."""
    if cabinet.just_recorded:
        yield AT_ONCE
    if cabinet.trains:
        yield from (at_s for at_s in (cabinet.line_rests_until_s, cabinet.quiet_until_s) if at_s is not None)
    for train in cabinet.trains:
        if not train.in_flight and train.deadline_s is not None:
            yield train.deadline_s


def fate_by_width(turn: Turn, pulse: PulseFired) -> PulseFate:
    """What a pulse counts for where no coin meter says more: too short or too long, nobody knows."""
    return PulseFate.FIRED if turn.cabinet.rules.takes_width_ms(pulse.width_ms) else PulseFate.AMBIGUOUS
