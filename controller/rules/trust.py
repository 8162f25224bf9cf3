"""CORE. The rules for trusting the relay: nothing is sold that it would not let us credit or settle."""

from __future__ import annotations

import logging
from dataclasses import replace

from controller.model.effects import RememberUnsettled
from controller.model.events import OfferFailed, OpenPaymentsFailed, ReceiptFailed, Started
from controller.model.trust import LONG_AGO_S, OFFER, OPEN_PAYMENTS, Refused, Trust, Unsettled
from controller.rules.turn import Turn

# So long may the relay need to find out why Stripe refused what it asked.
ASK_OFFER_AFTER_S = 5.0


def begin(turn: Turn, event: Started) -> None:
    """Receipts that failed before go on failing: a restart is no reason to sell for an hour more.

    What failed in an earlier boot has failed for a time that no clock here knows, so that it counts as long.
    """
    left = event.unsettled
    if left is not None:
        since_s = left.since_s if left.boot_id == turn.cabinet.boot_id else LONG_AGO_S
        failing = tuple((owed.receipt.payment_id, since_s) for owed in event.owed)
        turn.change(trust=replace(turn.cabinet.trust, failing=failing))


def answered(turn: Turn, question: str) -> None:
    """The relay did what it was asked, and so it takes our token."""
    trust = replace(turn.cabinet.trust.without(question), silent_since_s=None)
    if question == OPEN_PAYMENTS and trust.check_due_s is None:
        trust = replace(trust, signed_by_another=False)
    turn.change(relay_answered_s=turn.now_s)
    _change(turn, trust)


def failed(turn: Turn, question: str, event: OfferFailed | OpenPaymentsFailed | ReceiptFailed) -> None:
    """The relay did not answer: a refusal closes the door until it does, and silence only a long one."""
    trust = turn.cabinet.trust.without(question)
    if event.refusal is not None:
        refused = Refused(question, event.refusal, event.reason)
        trust = replace(trust, refused=(*trust.refused, refused))
    if question == OFFER:
        since_s = turn.now_s if trust.silent_since_s is None else trust.silent_since_s
        trust = replace(trust, silent_since_s=since_s if event.refusal is None else None)
    _change(turn, trust)


def receipt_failed(turn: Turn, event: ReceiptFailed) -> None:
    """A receipt's hour begins with the first time that it fails, and is on disk: it outlives the process."""
    failed(turn, event.payment_id, event)
    failing = dict(turn.cabinet.trust.failing)
    failing.setdefault(event.payment_id, turn.now_s)
    _change(turn, replace(turn.cabinet.trust, failing=tuple(failing.items())))
    # Where the relay cannot settle at all, its answer to the question for the offer says why.
    turn.change(offer_due_s=min(turn.cabinet.offer_due_s, turn.now_s + ASK_OFFER_AFTER_S))


def receipt_answered(turn: Turn, payment_id: str) -> None:
    """The money of a payment is settled."""
    answered(turn, payment_id)
    failing = tuple(each for each in turn.cabinet.trust.failing if each[0] != payment_id)
    _change(turn, replace(turn.cabinet.trust, failing=failing))


def say_what_closed(turn: Turn) -> None:
    """One line when the door closes or opens for the relay's sake, and when the reason changes."""
    cabinet = turn.cabinet
    closed_by = cabinet.trust.reasons_to_close(turn.now_s)
    kinds = tuple(fault.kind for fault in closed_by)
    if kinds == cabinet.closed_by:
        return
    turn.change(closed_by=kinds)
    if closed_by:
        turn.note(f"stopped selling: {'; '.join(fault.text for fault in closed_by)}", logging.ERROR)
    else:
        turn.note("the relay can be counted on again")


def _change(turn: Turn, trust: Trust) -> None:
    before_s, since_s = turn.cabinet.trust.failing_since_s, trust.failing_since_s
    turn.change(trust=trust)
    if since_s != before_s:
        turn.record(RememberUnsettled(None if since_s is None else Unsettled(turn.cabinet.boot_id, since_s)))
