"""CORE. The rules for receipts: each is owed until the relay has answered it for good."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

from controller.model.cabinet import Cabinet
from controller.model.effects import RecordAnswer, SendReceipt
from controller.model.events import ReceiptAnswered, ReceiptFailed
from controller.model.journal import EntryKind, short
from controller.model.payment import OwedReceipt, Receipt, is_free
from controller.rules import trust
from controller.rules.turn import Turn

RETRY_MAX_S = 60.0


def owe(turn: Turn, receipt: Receipt) -> None:
    """Put a receipt into the outbox, unless it is there already."""
    if all(owed.receipt.payment_id != receipt.payment_id for owed in turn.cabinet.receipts):
        owed = OwedReceipt(receipt, next_try_s=turn.now_s)
        turn.change(receipts=(*turn.cabinet.receipts, owed))


def settle(turn: Turn, payment_id: str, event: ReceiptAnswered) -> None:
    """The relay has settled the money, or said for good that it cannot."""
    answered = _owed(turn, payment_id)
    turn.record(RecordAnswer(payment_id, event.answer, event.charged))
    turn.enter(EntryKind.SETTLED, paymentId=payment_id, answer=short(event.answer), charged=event.charged)
    turn.change(receipts=tuple(owed for owed in turn.cabinet.receipts if owed != answered))
    trust.receipt_answered(turn, payment_id)
    if event.answer == "conflict":
        turn.change(conflicts=turn.cabinet.conflicts + 1)
    level = logging.INFO if event.answer in ("settled", "already") else logging.ERROR
    costs_nothing = event.charged == 0 and not is_free(payment_id)
    too_little = costs_nothing and answered.receipt.credits_delivered > 0
    why_not = ", not charged: below Stripe's least charge" if too_little else ""
    turn.note(f"payment {payment_id}: receipt answered: {event.answer}{why_not}", level)


def try_again_later(turn: Turn, payment_id: str, event: ReceiptFailed) -> None:
    """The receipt stays owed, and is sent again after 1, 2, 4 ... seconds."""
    owed = _owed(turn, payment_id)
    wait_s = min(RETRY_MAX_S, 2.0 ** min(owed.tries, 6))
    tried = replace(owed, in_flight=False, tries=owed.tries + 1, next_try_s=turn.now_s + wait_s)
    _replace(turn, replace(tried, trouble=event.reason))
    trust.receipt_failed(turn, event)
    # A night without network is a line, not one a minute.
    if event.reason != owed.trouble:
        turn.note(
            f"payment {payment_id}: receipt not answered, again in {wait_s:.0f} s: {event.reason}",
            logging.WARNING,
        )


def send_due_receipts(turn: Turn) -> None:
    """Send each receipt whose time has come; none waits for another."""
    if turn.cabinet.stopping or not turn.cabinet.rules.has_relay:
        return
    for owed in turn.cabinet.receipts:
        if not owed.in_flight and turn.now_s >= owed.next_try_s:
            turn.act(SendReceipt(owed.receipt))
            _replace(turn, replace(owed, in_flight=True))


def _owed(turn: Turn, payment_id: str) -> OwedReceipt:
    return next(owed for owed in turn.cabinet.receipts if owed.receipt.payment_id == payment_id)


def _replace(turn: Turn, new: OwedReceipt) -> None:
    same = new.receipt.payment_id
    turn.change(
        receipts=tuple(new if owed.receipt.payment_id == same else owed for owed in turn.cabinet.receipts)
    )


def wakes_s(cabinet: Cabinet) -> Iterator[float]:
    """When each receipt that is owed is to be sent."""
    if cabinet.rules.has_relay:
        yield from (owed.next_try_s for owed in cabinet.receipts if not owed.in_flight)
