"""CORE. Amounts and times as people type them into forms."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from cloud_relay.rules.prices import decimals
from cloud_relay.rules.selling.currencies import is_currency

_AMOUNT = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,3}))?")


class BadField(ValueError):
    """A field of a form that cannot be taken; the message says what would be right."""


def read_currency(text: str) -> str:
    """A currency's three letters, in lower case."""
    currency = text.strip().lower()
    if not is_currency(currency):
        raise BadField(f"{text!r:.20} is no currency: write three letters such as EUR")
    return currency


def read_amount(text: str, currency: str) -> int:
    """An amount of a currency's major unit, such as `12.50` or `12,50`, in minor units."""
    digits, typed = decimals(currency), re.sub(r"[\s']", "", text)
    match = _AMOUNT.fullmatch(typed)
    part = (match[2] or "") if match else ""
    if match is None or len(part) > digits:
        shown = f"12.{'5'.ljust(digits, '0')}" if digits else "1250"
        raise BadField(f"{text!r:.30} is no amount of {currency.upper()}: write it as {shown}")
    whole: int = int(match[1]) * 10**digits
    return whole + int(part.ljust(digits, "0") or 0)


def read_moment(text: str, zone: tzinfo, now_s: float) -> float:
    """A local date and time as browsers send it, in Unix seconds; nothing is now."""
    if not text.strip():
        return now_s
    try:
        at_s = datetime.fromisoformat(text.strip()).replace(tzinfo=zone).timestamp()
    except (ValueError, OverflowError):
        raise BadField(f"{text!r:.30} is no time: write it as 2026-11-28T16:00") from None
    if at_s > now_s + 60:
        raise BadField(f"{text} is yet to come: write when the cash was taken out")
    return at_s


def read_text(text: str, name: str, most: int = 500, *, is_needed: bool = False) -> str:
    """A line or some lines of text."""
    kept = text.strip()
    if is_needed and not kept:
        raise BadField(f"Write the {name}")
    if len(kept) > most:
        raise BadField(f"The {name} is {len(kept)} characters long: {most} can be kept")
    return kept
