"""CORE. Money in words: minor units and a currency -> what a price board says."""

from __future__ import annotations

_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "myr": "RM"}

# Currencies whose amounts Stripe counts in whole units, and in thousandths:
# https://docs.stripe.com/currencies (UGX and ISK are counted in hundredths there).
_ZERO_DECIMAL = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv"}
    | {"xaf", "xof", "xpf"}
)
_THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})


def price(amount: int, currency: str) -> str:
    """`amount` in the currency's minor unit as a player reads it: 250 usd is "$2.50"."""
    number = _number(amount, _decimals(currency))
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{number}" if symbol else f"{number} {currency.upper()}"


def _decimals(currency: str) -> int:
    if currency in _ZERO_DECIMAL:
        return 0
    return 3 if currency in _THREE_DECIMAL else 2


def _number(amount: int, decimals: int) -> str:
    if decimals == 0:
        return str(amount)
    whole, part = divmod(amount, 10**decimals)
    return f"{whole}.{part:0{decimals}d}"
