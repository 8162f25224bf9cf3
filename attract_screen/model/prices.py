"""CORE. An amount of money in words: minor units and a currency -> what a price board says.

The screen and the phone show one price, and are shipped apart: attract_screen/model/prices.py and
cloud_relay/rules/prices.py are the same text but for an import, and a test holds them to it.
"""

from __future__ import annotations

import unicodedata

from attract_screen.model.local_forms import FORMS, OWN_SIGNS, SIGNS, Form

_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

# Currencies whose amounts Stripe counts in whole units, and in thousandths; all others, UGX and ISK
# among them, in hundredths: https://docs.stripe.com/currencies
_NO_DECIMALS = frozenset({
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
})  # fmt: skip
_THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})


def price(amount: int, currency: str, language: str = "en") -> str:
    """`amount` in minor units of `currency` as a player reads it: `$2.50`, `¥300`, `CHF 2.50`, `2,50 €`.

    No line is broken at its spaces. A language without a form of its own gets the English one.
    """
    form = FORMS.get(language, FORMS["en"])
    digits = decimals(currency)
    whole, part = divmod(amount, 10**digits)
    number = _grouped(whole, form) + (f"{form.decimal}{part:0{digits}d}" if digits else "")
    sign = OWN_SIGNS.get(language, {}).get(currency) or SIGNS.get(currency, currency.upper())
    if not form.is_sign_first:
        return f"{number}{_NO_BREAK_SPACE}{sign}"
    is_word = unicodedata.category(sign[-1]) != "Sc"
    return f"{sign}{_NO_BREAK_SPACE if is_word else ''}{number}"


def decimals(currency: str) -> int:
    """How many decimals of a major unit the minor unit of `currency` is."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def _grouped(whole: int, form: Form) -> str:
    is_long = len(str(whole)) >= form.grouped_from
    return f"{whole:,}".replace(",", form.group) if is_long else str(whole)
