"""CORE. The rules for catching up: what was paid and may not have reached us, the relay is asked for.

A broker may lose its mailbox, a reboot the time that was left, a new ledger the memory of what was credited.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from controller.cabinet import CatchUp
from controller.effects import ConnectBroker, FetchOpenPayments, RememberUse, RenewDeadline
from controller.events import FoundPayment, OpenPaymentsFailed, OpenPaymentsFound, PaymentReceived
from controller.receipts import owe
from controller.trains import begin, close, keep
from controller.turn import Turn
from controller.wire import MAX_WINDOW_S

# Seldom enough for a relay that is down, and often enough for a payment with half a minute left.
RETRY_MAX_S = 8.0
# As many as the relay takes in one question.
MOST_NAMED = 20
# Stands in the ledger for the boot that it was used in, so that a killed process asks again.
STILL_ASKING = ""


def ask(turn: Turn, why: str) -> None:
    """Have the relay asked for our open payments, at once; where there is no relay, nobody is."""
    asking = turn.cabinet.catch_up
    if not turn.cabinet.rules.has_relay:
        return
    if asking is None:
        turn.change(catch_up=CatchUp(why, due_s=turn.now_s))
        if not turn.cabinet.fenced:
            turn.record(RememberUse(turn.cabinet.board, STILL_ASKING))
    elif asking.in_flight:
        turn.change(catch_up=replace(asking, again=True))


def is_in_doubt(turn: Turn, event: PaymentReceived) -> bool:
    """Whether a message may be about a payment that a ledger before this one has credited and settled.

    A new ledger has never heard of it, nor has an old image that was put back, so that only the relay can
    tell it from a new one. The relay's margin makes a payment look older than it is, and never younger.
    """
    before_s = _doubt_before_s(turn)
    if before_s is None:
        return False
    age_s = (event.window_s or MAX_WINDOW_S) - (event.time_left_s or 0.0)
    return event.received_s - age_s < before_s


def fetch_if_due(turn: Turn) -> None:
    """Ask, once the time has come."""
    asking = turn.cabinet.catch_up
    if asking and not asking.in_flight and not turn.cabinet.stopping and turn.now_s >= asking.due_s:
        named = _unknown(turn)[:MOST_NAMED]
        turn.act(FetchOpenPayments(named))
        turn.change(catch_up=replace(asking, in_flight=True, named=named))
        if asking.tries == 0:
            turn.note(f"asked the relay for open payments: {asking.why}")


def failed(turn: Turn, event: OpenPaymentsFailed) -> None:
    """Ask again after 1, 2, 4 ... seconds: no answer is not an empty one."""
    asking = turn.cabinet.catch_up
    if asking is not None:
        wait_s = min(RETRY_MAX_S, 2.0 ** min(asking.tries, 6))
        again = replace(asking, in_flight=False, tries=asking.tries + 1, due_s=turn.now_s + wait_s)
        turn.change(catch_up=again)
        turn.note(f"open payments not received, again in {wait_s:.0f} s: {event.reason}", logging.WARNING)


def found(turn: Turn, event: OpenPaymentsFound) -> None:
    """Credit what still has time, report what has not; behind a fence, credit nothing."""
    asking = turn.cabinet.catch_up
    turn.note(f"open payments received: {len(event.found)}")
    for payment in event.found:
        if payment.known is None:
            _meet(turn, payment, event.asked_s)
        elif payment.known.receipt is not None:
            owe(turn, payment.known.receipt)
        else:
            _renew(turn, payment, event.asked_s)
    _end_what_is_not_open(turn, asking.named if asking else ())
    if asking and (asking.again or _unknown(turn)):
        turn.change(catch_up=CatchUp(asking.why, turn.now_s))
        return
    turn.change(catch_up=None)
    if turn.cabinet.fenced:
        _lift_fence(turn)
    turn.record(RememberUse(turn.cabinet.board, turn.cabinet.boot_id, _doubt_before_s(turn)))


def _doubt_before_s(turn: Turn) -> float | None:
    moments = (turn.cabinet.fence_lifted_s, turn.cabinet.doubt_before_s)
    return max((at_s for at_s in moments if at_s is not None), default=None)


def _lift_fence(turn: Turn) -> None:
    """All that was open before this ledger is written down: from now on, what comes is new."""
    turn.change(fenced=False, fence_lifted_s=turn.now_s)
    turn.act(ConnectBroker())


def _meet(turn: Turn, found: FoundPayment, asked_s: float) -> None:
    train = begin(turn, found.payment, deadline_s=asked_s + found.left_s)
    if turn.cabinet.fenced:
        close(turn, train, "ledger lost")


def _renew(turn: Turn, found: FoundPayment, asked_s: float) -> None:
    """A payment that we hold without knowing its time left, and now do."""
    for train in turn.cabinet.trains:
        if train.payment.id == found.payment.id and not train.may_move and not turn.cabinet.fenced:
            deadline_s, boot_id = asked_s + found.left_s, turn.cabinet.boot_id
            turn.record(RenewDeadline(train.payment.id, deadline_s, boot_id))
            keep(turn, replace(train, deadline_s=deadline_s, boot_id=boot_id))


def _unknown(turn: Turn) -> tuple[str, ...]:
    """The payments whose time left only the relay can tell."""
    trains = turn.cabinet.trains
    return tuple(each.payment.id for each in trains if not each.may_move and each.payment.has_receipt)


def _end_what_is_not_open(turn: Turn, named: tuple[str, ...]) -> None:
    """What was asked for by its id and is still not known to be open is not: it was settled before.

    A payment that was not asked for is never ended by an answer: a list at Stripe may lack it.
    """
    fenced = turn.cabinet.fenced
    for train in turn.cabinet.trains:
        if fenced or (train.payment.id in named and not train.may_move):
            close(turn, train, "ledger moved" if fenced else "it is not open")
