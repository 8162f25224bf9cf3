"""CORE. Amounts by currency: what Stripe takes at least and at most, and how they are written."""

from __future__ import annotations

from simulator.stripe.model.errors import Refusal

# "Minimum and maximum charge amounts" in Stripe's documentation, in minor units.
MINIMUM_CHARGE = {
    "aud": 50, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30,
    "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "nok": 300, "nzd": 50, "pln": 200,
    "ron": 200, "sek": 300, "sgd": 50, "usd": 50,
}  # fmt: skip
MAXIMUM_CHARGE = 99_999_999
NO_MINOR_UNIT = frozenset({"jpy", "krw", "vnd", "clp"})
SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def amount_text(amount: int, currency: str) -> str:
    """The amount as a payer reads it: `$2.50`, `¥300`, `2.50 CHF`."""
    number = str(amount) if currency in NO_MINOR_UNIT else f"{amount // 100}.{amount % 100:02}"
    sign = SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency.upper()}"


def check_currency(currency: str, param: str) -> str:
    """The currency in lower case; raises Refusal for one that is not known here."""
    if currency.lower() not in MINIMUM_CHARGE:
        known = ", ".join(sorted(MINIMUM_CHARGE))
        raise Refusal(f"Invalid currency: {currency}. Known here: {known}", None, param)
    return currency.lower()


def check_chargeable(amount: int, currency: str, param: str) -> None:
    """Raises Refusal when no card could be charged this much."""
    if amount < MINIMUM_CHARGE[currency]:
        least = amount_text(MINIMUM_CHARGE[currency], currency)
        message = f"The amount to charge must be at least {least} {currency}"
        raise Refusal(message, "amount_too_small", param)
    if amount > MAXIMUM_CHARGE:
        most = amount_text(MAXIMUM_CHARGE, currency)
        message = f"The amount to charge must be no more than {most} {currency}"
        raise Refusal(message, "amount_too_large", param)
