"""CORE. Amounts by currency: what Stripe takes at least and at most, in which steps, and how it is written.

Source: https://docs.stripe.com/currencies
"""

from __future__ import annotations

from simulator.stripe.model.errors import Refusal

# "Minimum and maximum charge amounts", in minor units.
MINIMUM_CHARGE = {
    "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50,
    "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300,
    "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
# The other currencies must convert to this much of what the account settles in; roughly, in US cents a unit.
LEAST_US_CENTS = 50
US_CENTS = {
    "bhd": 265.0, "clp": 0.105, "cny": 14.0, "cop": 0.025, "idr": 0.0062, "ils": 27.0, "isk": 0.72,
    "jod": 141.0, "krw": 0.073, "kwd": 325.0, "omr": 260.0, "php": 1.75, "pyg": 0.013, "tnd": 32.0,
    "try": 2.9, "twd": 3.1, "ugx": 0.027, "vnd": 0.0039, "xof": 0.16, "zar": 5.4,
}  # fmt: skip
MAXIMUM_CHARGE = 99_999_999
HIGHER_MAXIMUM = {
    "idr": 999_999_999_999, "inr": 999_999_999, "cop": 9_999_999_999, "huf": 9_999_999_999,
    "jpy": 9_999_999_999,
}  # fmt: skip
NO_MINOR_UNIT = frozenset({
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
})  # fmt: skip
THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
# Written with two decimals for the sake of old programs, though nothing is smaller than a whole unit.
ALWAYS_WHOLE = frozenset({"isk", "ugx"})
SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def amount_text(amount: int, currency: str) -> str:
    """The amount as a payer reads it: `$2.50`, `¥300`, `2.50 CHF`."""
    whole, rest = divmod(amount, 10 ** decimals(currency))
    number = f"{whole}.{rest:0{decimals(currency)}}" if decimals(currency) else str(whole)
    sign = SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency.upper()}"


def decimals(currency: str) -> int:
    """How many digits of an amount stand behind the point."""
    return 0 if currency in NO_MINOR_UNIT else 3 if currency in THREE_DECIMALS else 2


def check_currency(currency: str, param: str) -> str:
    """The currency in lower case; raises Refusal for one that is not known here."""
    known = {**MINIMUM_CHARGE, **US_CENTS}
    if currency.lower() not in known:
        listed = ", ".join(sorted(known))
        message = f"Invalid currency: {currency}. Stripe currently supports these currencies: {listed}"
        raise Refusal(message, None, param)
    return currency.lower()


def check_chargeable(amount: int, currency: str, param: str, what: str = "Amount") -> None:
    """Raises Refusal when no card could be charged this much; `what` begins its message."""
    check_step(amount, currency, param)
    if currency in MINIMUM_CHARGE:
        least = MINIMUM_CHARGE[currency]
        if amount < least:
            message = f"{what} must be at least {_bound_text(least, currency)}"
            raise Refusal(message, "amount_too_small", param)
    else:
        _check_converted(amount, currency, param, what)
    most = HIGHER_MAXIMUM.get(currency, MAXIMUM_CHARGE)
    if amount > most:
        message = f"{what} must be no more than {_bound_text(most, currency)}"
        raise Refusal(message, "amount_too_large", param)


def _bound_text(amount: int, currency: str) -> str:
    """The amount as Stripe's refusals write it: `$0.50 usd`, `175.00 huf`."""
    return f"{amount_text(amount, currency).removesuffix(f' {currency.upper()}')} {currency}"


def check_step(amount: int, currency: str, param: str) -> None:
    """Raises Refusal for an amount with digits that the currency cannot hold."""
    if currency in ALWAYS_WHOLE and amount % 100:
        message = (
            f"Invalid amount. Currency {currency.upper()} has become effectively zero-decimal and charged "
            "amounts must be evenly divisible by 100. "
            "See https://stripe.com/docs/currencies#zero-decimal for more information."
        )
        raise Refusal(message, None, param)
    if currency in THREE_DECIMALS and amount % 10:
        message = (
            f"Invalid amount. Amounts in {currency.upper()} must be evenly divisible by 10. "
            "See https://stripe.com/docs/currencies#three-decimal for more information."
        )
        raise Refusal(message, None, param)


def _check_converted(amount: int, currency: str, param: str, what: str) -> None:
    us_cents = US_CENTS[currency] * amount / 10 ** decimals(currency)
    if us_cents < LEAST_US_CENTS:
        shown = amount_text(amount, currency)
        message = (
            f"{what} must convert to at least {LEAST_US_CENTS} cents. "
            f"{shown} converts to approximately ${us_cents / 100:.2f}."
        )
        raise Refusal(message, "amount_too_small", param)
