"""CORE. A location and a machine as people type them into forms, and what is wrong with them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fleet.reports.amounts import Money
from fleet.reports.shares import Deduction
from fleet.reports.table import one_line
from fleet.rules.opening import WEEKDAYS
from fleet.rules.typed_amounts import BadField, read_amount, read_currency, read_text

_PERCENT = re.compile(r"\d{1,3}(?:[.,]\d{1,2})?", re.ASCII)


def opening_text(typed: Mapping[str, str]) -> str:
    """Opening hours of a field a weekday, such as `10:00-14:00, 18:00-02:00`; "" for always open."""
    hours = {day: _spans(typed.get(day, ""), day) for day in WEEKDAYS}
    closed = typed.get("closed", "").replace(",", " ").split()
    if not any(hours.values()) and not closed:
        return ""
    if not any(hours.values()):
        hours = {day: [["00:00", "24:00"]] for day in WEEKDAYS}
    return json.dumps({**hours, **({"closed": closed} if closed else {})})


def opening_fields(text: str) -> dict[str, str]:
    """Opening hours as the book keeps them, a field a weekday."""
    read = json.loads(text) if text else {}
    fields = {day: ", ".join("-".join(span) for span in read.get(day, [])) for day in WEEKDAYS}
    return fields | {"closed": " ".join(read.get("closed", []))}


def percent(text: str) -> float:
    """A share of the takings, from 0 to 100."""
    typed = text.strip() or "0"
    if _PERCENT.fullmatch(typed) is None or float(typed.replace(",", ".")) > 100:
        raise BadField(f"{text!r:.20} is no share: write percent from 0 to 100, such as 40 or 33.33")
    return float(typed.replace(",", "."))


def deductions_text(typed: Sequence[str]) -> str:
    """What is taken off before the owner's share, as the book keeps it."""
    return json.dumps([each.value for each in Deduction if each.value in typed])


def machine_values(typed: Mapping[str, str], places: Sequence[int]) -> dict[str, Any]:
    """What people may say of a machine: its name, where it stands, and what one coin is worth."""
    place, coin = typed.get("location", ""), typed.get("coin", "").strip()
    if place and place not in map(str, places):
        raise BadField("There is no location like that any more: choose another")
    currency = read_currency(typed.get("currency", "")) if coin else None
    return {
        "name": one_line(read_text(typed.get("name", ""), "name", 200)),
        "location_id": int(place) if place else None,
        "coin_value": read_amount(coin, currency) if currency else None,
        "coin_currency": currency,
    }


def coin_words(value: int | None, currency: str | None) -> str:
    """What a coin is worth, as it is typed."""
    return "" if value is None or not currency else Money(value, currency).plain


def _spans(typed: str, day: str) -> list[list[str]]:
    spans = [each.strip().split("-") for each in typed.split(",") if each.strip()]
    for span in spans:
        if len(span) != 2:
            raise BadField(f"{day}: write hours as 10:00-23:30, or 10:00-14:00, 18:00-02:00")
    return [[each.strip() for each in span] for span in spans]
