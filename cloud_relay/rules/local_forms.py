"""CORE. How amounts and times of day are written, by CLDR. Made by `make locales`; never edited."""

from __future__ import annotations

from typing import Final, NamedTuple


class Form(NamedTuple):
    """One language's way with figures; `halves` are its words for before and after noon, or none."""

    decimal: str
    group: str
    grouped_from: int
    is_sign_first: bool
    hour_digits: int
    halves: tuple[str, ...]


FORMS: Final = {
    "en": Form(".", ",", 4, True, 1, ("AM", "PM")),
    "es": Form(",", ".", 5, False, 1, ()),
    "fr": Form(",", "\u202f", 4, False, 2, ()),
    "de": Form(",", ".", 4, False, 2, ()),
    "ms": Form(".", ",", 4, True, 1, ("PG", "PTG")),
    "zh_CN": Form(".", ",", 4, True, 2, ()),
    "ja": Form(".", ",", 4, True, 1, ()),
}

SIGNS: Final = {
    "aud": "A$",
    "brl": "R$",
    "cad": "CA$",
    "cny": "CN¥",
    "eur": "€",
    "gbp": "£",
    "hkd": "HK$",
    "ils": "₪",
    "inr": "₹",
    "jpy": "¥",
    "krw": "₩",
    "mxn": "MX$",
    "myr": "RM",
    "nzd": "NZ$",
    "php": "₱",
    "twd": "NT$",
    "usd": "$",
    "vnd": "₫",
    "xaf": "FCFA",
    "xcd": "EC$",
    "xcg": "Cg.",
    "xof": "F\u202fCFA",
    "xpf": "CFPF",
    "xxx": "¤",
}
# Where a language has another.
OWN_SIGNS: Final = {
    "zh_CN": {
        "cny": "¥",
        "jpy": "JP¥",
    },
}
