"""CORE. The rules for catching up: what was paid and may not have reached us, the relay is asked for.

A broker may lose its mailbox, a reboot the time that was left, a new ledger the memory of what was credited.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

from controller.formats.wire import MAX_WINDOW_S
from controller.model.cabinet import Cabinet, CatchUp
from controller.model.effects import ConnectBroker, FetchOpenPayments, RememberUse, RenewDeadline
from controller.model.events import OpenPaymentsFailed, OpenPaymentsFound, PaymentReceived
from controller.model.payment_events import (
    LedgerMoved,
    NotOpen,
    OpenAtStripe,
    OpenBehindFence,
    PaymentEvent,
    ProcessRestarted,
)
from controller.model.trust import OPEN_PAYMENTS
from controller.rules import trust
from controller.rules.receipts import owe
from controller.rules.trains import begin, close, keep
from controller.rules.turn import Turn

# Seldom enough for a relay that is down, and often enough for a payment with half a minute left.
RETRY_MAX_S = 8.0
# Somebody has to put something right first.
REFUSED_RETRY_S = 30.0
# As many as the relay reads for one question: each is a call to Stripe of its own.
MOST_NAMED = 2
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
    trust.failed(turn, OPEN_PAYMENTS, event)
    if asking is not None:
        most_s = RETRY_MAX_S if event.refusal is None else REFUSED_RETRY_S
        wait_s = min(most_s, 2.0 ** min(asking.tries, 6))
        tried = replace(asking, in_flight=False, tries=asking.tries + 1, due_s=turn.now_s + wait_s)
        turn.change(catch_up=replace(tried, trouble=event.reason))
        # A night without network is a few lines.
        if event.reason != asking.trouble:
            text = f"open payments not received, again in {wait_s:.0f} s: {event.reason}"
            turn.note(text, logging.WARNING)


def found(turn: Turn, event: OpenPaymentsFound) -> None:
    """Credit what still has time, report what has not; behind a fence, credit nothing."""
    asking, fenced = turn.cabinet.catch_up, turn.cabinet.fenced
    trust.answered(turn, OPEN_PAYMENTS)
    turn.note(f"open payments received: {len(event.found)}")
    for train in turn.cabinet.trains if fenced else ():
        turn.apply(train.payment.id, LedgerMoved())
    for each in event.found:
        named = OpenBehindFence(each) if fenced else OpenAtStripe(each, event.sent_s)
        turn.apply(each.payment.id, named, each.known)
    for payment_id in _still_unknown(turn, asking.named if asking else ()):
        turn.apply(payment_id, NotOpen())
    if asking and (asking.again or _unknown(turn)):
        turn.change(catch_up=CatchUp(asking.why, turn.now_s))
        return
    turn.change(catch_up=None)
    if fenced:
        _lift_fence(turn)
    turn.record(RememberUse(turn.cabinet.board, turn.cabinet.boot_id, _doubt_before_s(turn)))


def _doubt_before_s(turn: Turn) -> float | None:
    moments = (turn.cabinet.fence_lifted_s, turn.cabinet.doubt_before_s)
    return max((at_s for at_s in moments if at_s is not None), default=None)


def begin_train_found(turn: Turn, _: str, event: OpenAtStripe) -> None:
    """A payment whose message has not come, and may never: the broker can have lost its mailbox."""
    begin(turn, event.found.payment, deadline_s=event.sent_s + event.found.left_s)


def learn_time_left(turn: Turn, payment_id: str, event: OpenAtStripe) -> None:
    """A payment that we hold without knowing its time left, and now do; it counts from the asking."""
    deadline_s, boot_id = event.sent_s + event.found.left_s, turn.cabinet.boot_id
    turn.record(RenewDeadline(payment_id, deadline_s, boot_id))
    keep(turn, replace(turn.train_of(payment_id), deadline_s=deadline_s, boot_id=boot_id))


def leave(turn: Turn, _: str, __: PaymentEvent) -> None:
    """The payment is at work on, or its receipt is on its way."""


def report_again(turn: Turn, _: str, event: OpenAtStripe | OpenBehindFence) -> None:
    """Open at Stripe, though its receipt was answered: say it again."""
    known = event.found.known
    if known and known.receipt and event.found.payment.has_receipt:
        owe(turn, known.receipt)


def give_up_lost(turn: Turn, _: str, event: OpenBehindFence) -> None:
    """Written down before it is reported, so that its message cannot credit it any more."""
    train = begin(turn, event.found.payment, deadline_s=turn.now_s + event.found.left_s)
    close(turn, train, "ledger lost")


def give_up_moved(turn: Turn, payment_id: str, _: LedgerMoved) -> None:
    """What the other Pi did with it, this one cannot know."""
    close(turn, turn.train_of(payment_id), "ledger moved")


def give_up_not_open(turn: Turn, payment_id: str, _: NotOpen) -> None:
    """Somebody has settled it before: a ledger that this one knows nothing of, or the operator.

    Nothing is reported. There is no money left to move, and of a game that was played and charged
    "undelivered" would be a false conflict.
    """
    close(turn, turn.train_of(payment_id), "it is not open at Stripe any more", is_settled=True)


def ask_again(turn: Turn, payment_id: str, _: ProcessRestarted) -> None:
    """The process ended before the relay had said what is left of the window."""
    ask(turn, f"payment {payment_id} has no known time left")


def _lift_fence(turn: Turn) -> None:
    """All that was open before this ledger is written down: from now on, what comes is new."""
    turn.change(fenced=False, fence_lifted_s=turn.now_s)
    turn.act(ConnectBroker())


def _unknown(turn: Turn) -> tuple[str, ...]:
    """The payments whose time left only the relay can tell."""
    trains = turn.cabinet.trains
    return tuple(each.payment.id for each in trains if not each.may_move and each.payment.has_receipt)


def _still_unknown(turn: Turn, named: tuple[str, ...]) -> tuple[str, ...]:
    """The payments of `named` that are still unknown.

    What was not asked for is never ended by an answer: a list at Stripe may lack it.
    """
    return tuple(payment_id for payment_id in _unknown(turn) if payment_id in named)


def wakes_s(cabinet: Cabinet) -> Iterator[float]:
    """When the relay is to be asked for our open payments."""
    if cabinet.catch_up and not cabinet.catch_up.in_flight:
        yield cabinet.catch_up.due_s
