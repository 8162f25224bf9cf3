"""CORE. The rules for a new beginning: what a killed process, or a pulled plug, left unfinished."""

from __future__ import annotations

import logging
from dataclasses import replace

from controller.model.effects import MarkAmbiguous, RenewDeadline, WithdrawPulses
from controller.model.events import PulseFired, Tally
from controller.model.payment import PulseFate, Train
from controller.model.payment_events import PiRestarted, ProcessRestarted
from controller.rules.pulses import fate_by_width
from controller.rules.trains import close, end_pulse, keep, keep_or_close
from controller.rules.turn import Turn

# How long the board may be not ready after a reboot, before the rest of a train is given up: as long as a
# whole credit window by default, for what was left of this one nobody here knows.
GOES_ON_WITHIN_S = 180.0


def recover(turn: Turn, train: Train, tally: Tally | None) -> None:
    """Go on with a train that the last run of the process left unfinished."""
    rebooted = train.boot_id != turn.cabinet.boot_id
    turn.apply(train.payment.id, PiRestarted() if rebooted else ProcessRestarted(tally))


def go_on(turn: Turn, payment_id: str, _: ProcessRestarted) -> None:
    """The board lost nothing, and the rest follows."""
    train = turn.train_of(payment_id)
    turn.note(f"payment {payment_id}: goes on after pulse {train.intended}")


def settle_by_the_tally(turn: Turn, payment_id: str, restarted: ProcessRestarted) -> None:
    """The coin line has noted which of the ordered pulses left the pin, and which it died in.

    Whether the board counted a pulse that left the pin meanwhile, nobody knows.
    """
    noted = [each for each in restarted.tally or () if each.payment_id == payment_id]
    last = max((each.number for each in noted), default=0)
    for number in turn.train_of(payment_id).ordered:
        match [each for each in noted if each.number == number]:
            case [PulseFired() as pulse] if not turn.cabinet.rules.coin_meter:
                end_pulse(turn, pulse, fate_by_width(turn, pulse))
            case [] if restarted.tally is not None and number > last:
                _withdraw(turn, payment_id, number)
                return
            case _:
                _skip(turn, payment_id, number)


def _withdraw(turn: Turn, payment_id: str, number: int) -> None:
    """Neither this pulse nor any behind it has begun: they are ordered again when it is their turn."""
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
    turn.note(f"payment {payment_id}: goes on after pulse {train.intended}")
    keep(turn, train)
    for number in train.ordered:
        _skip(turn, payment_id, number)
