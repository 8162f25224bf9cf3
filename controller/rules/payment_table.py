"""CORE. The rules for one payment, as a table: what happens, in which state it then is, and what is done.

A state that a happening does not list has no place for it: that is an `UnexpectedEvent`, which names both.
Each case is called as the people at the machine would call it; the README tells of the same situations.
"""

from __future__ import annotations

from typing import Final

from controller.model.events import PaymentReceived, PulseFired, ReceiptAnswered, ReceiptFailed
from controller.model.payment import PaymentState
from controller.model.payment_events import (
    LedgerMoved,
    NotOpen,
    OpenAtStripe,
    OpenBehindFence,
    PiRestarted,
    ProcessRestarted,
    PulseCounted,
    PulseNotCounted,
    WindowEnded,
)
from controller.rules import arrivals, catch_up, coin_meter, pulses, receipts, restarts
from controller.rules.turn import Case, PaymentTable

UNKNOWN, AWAITING_RELAY, WAITING = PaymentState.UNKNOWN, PaymentState.AWAITING_RELAY, PaymentState.WAITING
FIRING, COUNTING, BETWEEN = PaymentState.FIRING, PaymentState.COUNTING, PaymentState.BETWEEN
OWED, SETTLED = PaymentState.OWED, PaymentState.SETTLED

_TWICE = Case("webhook twice, or out of order", arrivals.only_acknowledge)
_LATE = Case("webhook two days late", arrivals.send_receipt_again)
_PROCESS_BETWEEN = Case("process killed between two pulses", restarts.go_on)
_PROCESS_INSIDE = Case("process killed inside a pulse", restarts.settle_by_the_tally)
_PLUG_BEFORE = Case("plug pulled before the first pulse", restarts.ask_what_is_left)
_PLUG_IN_TRAIN = Case("plug pulled in mid-train", restarts.cut_by_the_plug)
_WINDOW = Case("cabinet offline, or board not ready", pulses.end_with_the_window)
_AT_WORK = Case("the relay names what is at work", catch_up.leave)
_OPEN_ENDED = Case("the relay names what has ended", catch_up.report_again)
_CARD = Case("SD card dies", catch_up.give_up_lost)
_MOVED = Case("card moved to another Pi", catch_up.give_up_moved)

PAYMENT_TABLE: Final[PaymentTable] = {
    PaymentReceived: {
        UNKNOWN: Case("a player has paid", arrivals.begin_train),
        AWAITING_RELAY: _TWICE,
        WAITING: _TWICE,
        FIRING: _TWICE,
        COUNTING: _TWICE,
        BETWEEN: _TWICE,
        OWED: _LATE,
        SETTLED: _LATE,
    },
    PulseFired: {FIRING: Case("a pulse left the pin", pulses.pulse_fired)},
    PulseCounted: {COUNTING: Case("the board counted our pulse", coin_meter.confirm)},
    PulseNotCounted: {COUNTING: Case("the board did not count our pulse", coin_meter.count_as_not_credited)},
    WindowEnded: {WAITING: _WINDOW, BETWEEN: _WINDOW},
    ProcessRestarted: {
        AWAITING_RELAY: Case("process killed while the relay was asked", catch_up.ask_again),
        WAITING: Case("process killed before the first pulse", restarts.go_on),
        FIRING: _PROCESS_INSIDE,
        BETWEEN: _PROCESS_BETWEEN,
    },
    PiRestarted: {
        AWAITING_RELAY: _PLUG_BEFORE,
        WAITING: _PLUG_BEFORE,
        FIRING: _PLUG_IN_TRAIN,
        BETWEEN: _PLUG_IN_TRAIN,
    },
    OpenAtStripe: {
        UNKNOWN: Case("broker down when the payment comes", catch_up.begin_train_found),
        AWAITING_RELAY: Case("the relay says what is left", catch_up.learn_time_left),
        WAITING: _AT_WORK,
        FIRING: _AT_WORK,
        COUNTING: _AT_WORK,
        BETWEEN: _AT_WORK,
        OWED: Case("plug pulled before the receipt", catch_up.leave),
        SETTLED: _OPEN_ENDED,
    },
    OpenBehindFence: {
        UNKNOWN: _CARD,
        OWED: Case("card moved before the receipt", catch_up.leave),
        SETTLED: _OPEN_ENDED,
    },
    LedgerMoved: {AWAITING_RELAY: _MOVED, WAITING: _MOVED, BETWEEN: _MOVED},
    NotOpen: {AWAITING_RELAY: Case("old image of the SD card restored", catch_up.give_up_not_open)},
    ReceiptAnswered: {OWED: Case("the receipt is answered", receipts.settle)},
    ReceiptFailed: {OWED: Case("relay or Stripe down", receipts.try_again_later)},
}
