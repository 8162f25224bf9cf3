"""CORE: amounts of money, always whole minor units beside their currency."""

from __future__ import annotations

# What a currency's minor unit is, and what it can hold: https://docs.stripe.com/currencies
_NO_DECIMALS = frozenset({
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
})  # fmt: skip
_THREE_DECIMALS = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
_TWO_DECIMALS_ALWAYS_ZERO = frozenset(["isk", "ugx"])
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}

# Stripe's least charge by settlement currency, minor units: https://docs.stripe.com/currencies
_LEAST_CHARGE = {
    "aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "gbp": 30, "hkd": 400, "huf": 17500,
    "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000,
}  # fmt: skip
_LEAST_CHARGE_ELSEWHERE = 50


def least_charge(currency: str) -> int:
    """The smallest amount that Stripe charges, in minor units of `currency`."""
    return _LEAST_CHARGE.get(currency, _LEAST_CHARGE_ELSEWHERE)


def share_of(amount: int, delivered: int, paid: int, currency: str) -> int:
    """What to charge for `delivered` of `paid` credits that cost `amount` together, in minor units.

    Rounded down to what the currency can hold, and 0 where the share is less than Stripe charges.
    """
    if delivered == paid:
        return amount
    share = amount * delivered // paid
    share -= share % _smallest_step(currency)
    return share if share >= least_charge(currency) else 0


def shown(amount: int, currency: str) -> str:
    """An amount as a player reads it: `$2.50`, `¥300`, `2.50 CHF`."""
    decimals = 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2
    whole, rest = divmod(amount, 10**decimals)
    number = f"{whole}.{rest:0{decimals}d}" if decimals else str(whole)
    sign = _SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency.upper()}"


def _smallest_step(currency: str) -> int:
    if currency in _THREE_DECIMALS:
        return 10
    return 100 if currency in _TWO_DECIMALS_ALWAYS_ZERO else 1
