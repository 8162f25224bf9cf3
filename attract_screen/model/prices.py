"""CORE. An amount of money in words: minor units and a currency -> what a price board says.

The screen and the phone show one price, and are shipped apart: attract_screen/model/prices.py and
cloud_relay/rules/prices.py are the same text, and a test holds them to it.
"""

from __future__ import annotations

_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "myr": "RM"}

# Currencies whose amounts Stripe counts in whole units, and in thousandths; all others, UGX and ISK
# among them, in hundredths: https://docs.stripe.com/currencies
_NO_DECIMALS = frozenset({
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
})  # fmt: skip
_THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})


def price(amount: int, currency: str) -> str:
    """`amount` in minor units of `currency` as a player reads it: `$2.50`, `¥300`, `2.50 CHF`."""
    digits = decimals(currency)
    whole, part = divmod(amount, 10**digits)
    number = f"{whole}.{part:0{digits}d}" if digits else str(whole)
    sign = _SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency.upper()}"


def decimals(currency: str) -> int:
    """How many decimals of a major unit the minor unit of `currency` is."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2
