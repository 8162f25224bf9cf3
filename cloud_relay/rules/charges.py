"""CORE. What Stripe can charge, always in whole minor units of a currency."""

from __future__ import annotations

from cloud_relay.rules.prices import decimals

# What a minor unit can hold, and Stripe's least charge by settlement currency, in minor units:
# https://docs.stripe.com/currencies
_TWO_DECIMALS_ALWAYS_ZERO = frozenset({"isk", "ugx"})
_LEAST_CHARGE = {
    "aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "gbp": 30, "hkd": 400, "huf": 17500,
    "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000,
}  # fmt: skip
_LEAST_CHARGE_ELSEWHERE = 50
# All that have a least charge of their own: accounts settle in them.
SETTLED_IN = frozenset({*_LEAST_CHARGE, "aud", "brl", "cad", "chf", "eur", "inr", "nzd", "sgd", "usd"})


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
    share -= share % smallest_step(currency)
    return share if share >= least_charge(currency) else 0


def smallest_step(currency: str) -> int:
    """What every amount is a multiple of, in minor units of `currency`."""
    if decimals(currency) == 3:
        return 10
    return 100 if currency in _TWO_DECIMALS_ALWAYS_ZERO else 1
