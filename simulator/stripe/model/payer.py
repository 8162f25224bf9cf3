"""CORE. What the payer does on the payment page that its maker did not lay down."""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulator.stripe.model.money import US_CENTS, decimals
from simulator.stripe.model.objects.sessions import CheckoutSession

# What one unit is roughly worth in US cents, where money.py does not say.
_MORE_US_CENTS = {
    "usd": 100.0,
    "eur": 108.0,
    "gbp": 127.0,
    "chf": 113.0,
    "cad": 73.0,
    "jpy": 0.67,
    "mxn": 5.5,
}


@dataclass(frozen=True)
class Payer:
    """Where the payer is, and what they change: a currency, a quantity, an amount of their own, tax.

    `unit_amount` and `tax` are in minor units, and None or 0 leaves the session as it is.
    """

    currency: str | None = None
    quantity: int | None = None
    unit_amount: int | None = None
    tax: int = 0


def as_paid(session: CheckoutSession, payer: Payer) -> CheckoutSession:
    """The session as this payer pays it."""
    session = _in_currency(session, payer.currency)
    line, *others = session.lines
    if payer.quantity is not None:
        line = replace(line, quantity=payer.quantity)
    if payer.unit_amount is not None:
        line = replace(line, price=replace(line.price, unit_amount=payer.unit_amount))
    line = replace(line, tax=line.tax + payer.tax)
    return replace(session, lines=(line, *others))


def _in_currency(session: CheckoutSession, currency: str | None) -> CheckoutSession:
    """A price's own option for the payer's currency comes first, an adaptive price after it."""
    if currency is None or currency == session.currency:
        return session
    has_option = all(currency in line.price.currency_options for line in session.lines)
    if has_option and not session.currency_is_fixed:
        lines = tuple(replace(line, price=line.price.in_currency(currency)) for line in session.lines)
        return replace(session, lines=lines)
    if session.adaptive_pricing:
        amount = _converted(session.amount_total, session.currency, currency)
        return replace(session, presented=(amount, currency))
    return session


def _converted(amount: int, source: str, target: str) -> int:
    worth = {**US_CENTS, **_MORE_US_CENTS}
    us_cents = worth.get(source, 100.0) * amount / 10 ** decimals(source)
    converted: int = round(us_cents / worth.get(target, 100.0) * 10 ** decimals(target))
    return converted
