"""CORE. What each event of a payment moves on the account's balance, and what Stripe keeps of it.

Sources: https://docs.stripe.com/reports/reporting-categories and https://stripe.com/pricing .
"""

from __future__ import annotations

from simulator.stripe.model.book import Book
from simulator.stripe.model.money import decimals
from simulator.stripe.model.objects.table import BalanceTransaction, Charge, Dispute, Refund

# For cards in the US: 2.9 % and 30 cents of a charge, and 15 dollars of a dispute.
_THOUSANDTHS, _FIXED, _OF_A_DISPUTE = 29, 0.30, 15


def charged(book: Book, charge: Charge, amount: int, now_s: int) -> str:
    """The movement of a charge of which so much was captured; its id.

    Of a part Stripe shows the whole reservation, and another that takes back what was not captured.
    """
    kept = round(amount * _THOUSANDTHS / 1000) + _major(_FIXED, charge.currency)
    kind = "charge" if charge.method == "card" else "payment"
    made = _move(book, charge.id, charge.amount, kept, charge.currency, kind, "charge", now_s)
    if amount < charge.amount:
        back, category = amount - charge.amount, "partial_capture_reversal"
        _move(book, charge.id, back, 0, charge.currency, "refund", category, now_s)
    return made


def refunded(book: Book, refund_id: str, charge: Charge, amount: int, now_s: int) -> str:
    """The movement of a refund; Stripe keeps what it had of the charge."""
    kind = "refund" if charge.method == "card" else "payment_refund"
    return _move(book, refund_id, -amount, 0, charge.currency, kind, "refund", now_s)


def refund_failed(book: Book, refund: Refund, now_s: int) -> str:
    """The movement that brings a failed refund back."""
    return _move(
        book, refund.id, refund.amount, 0, refund.currency, "refund_failure", "refund_failure", now_s
    )


def withdrawn(book: Book, dispute: Dispute, now_s: int) -> str:
    """The movement with which a bank takes the money, and Stripe a fee for the work."""
    kept = _major(_OF_A_DISPUTE, dispute.currency)
    return _move(book, dispute.id, -dispute.amount, kept, dispute.currency, "adjustment", "dispute", now_s)


def reinstated(book: Book, dispute: Dispute, now_s: int) -> str:
    """The movement that brings the money of a won dispute back; the fee stays."""
    return _move(
        book, dispute.id, dispute.amount, 0, dispute.currency, "adjustment", "dispute_reversal", now_s
    )


def _move(
    book: Book, source: str, amount: int, kept: int, currency: str, kind: str, category: str, now_s: int
) -> str:
    rate = book.account.exchange_rates.get(currency)
    settled = currency if rate is None else book.account.default_currency
    made = BalanceTransaction(
        book.new_id("txn"),
        now_s,
        amount if rate is None else round(amount * rate),
        kept if rate is None else round(kept * rate),
        settled,
        kind,
        category,
        source,
        rate,
    )
    return book.save(made, now_s).id


def _major(amount: float, currency: str) -> int:
    """So many dollars, as so many units of the currency: nobody's prices depend on it."""
    return int(amount * 10 ** decimals(currency))
