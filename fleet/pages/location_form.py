"""CORE. A location's form: opening hours as people write them, and shares."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC

from fleet.rules.opening import WEEKDAYS, parse_opening

DAY_NAMES = dict(
    zip(WEEKDAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True)
)
DATED_LATER = "Days are still being put right for another time zone; that may take some minutes."
_SPLIT = re.compile(r"[,;\s]+")
_SHARE = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,2})?")


def opening_of(fields: Mapping[str, str]) -> str:
    """The opening hours of a form with a field for each weekday and one for days that stay closed.

    With nothing in any weekday it is always open; with hours in one, a day without is closed.

    Raises:
        ValueError: a field is wrong; the message names it, and what would be right.
    """
    hours = {
        day: [
            _pair(each, DAY_NAMES[day])
            for each in _parts(re.sub(r"\s*[-\u2013]\s*", "-", fields.get(day, "")))
        ]
        for day in WEEKDAYS
    }
    closed = _parts(fields.get("closed", ""))
    if not any(hours.values()):
        if not closed:
            return ""
        hours = {day: [["00:00", "24:00"]] for day in WEEKDAYS}
    said = {day: pairs for day, pairs in hours.items() if pairs}
    text = json.dumps(said | ({"closed": closed} if closed else {}))
    parse_opening(text, UTC)
    return text


def fields_of(opening: str) -> dict[str, str]:
    """Those fields, filled with opening hours that were kept."""
    read = json.loads(opening or "{}")
    fields = {day: ", ".join("-".join(pair) for pair in read.get(day, [])) for day in WEEKDAYS}
    return fields | {"closed": ", ".join(read.get("closed", []))}


def opening_words(opening: str) -> str:
    """Opening hours on one line."""
    if not opening:
        return "always open"
    fields = fields_of(opening)
    said = [f"{DAY_NAMES[day][:3]} {fields[day]}" for day in WEEKDAYS if fields[day]]
    if fields["closed"]:
        said.append(f"closed on {fields['closed']}")
    return "; ".join(said)


def share_of(text: str) -> float:
    """A share in percent, of at most two decimals.

    Raises:
        ValueError: it is none; the message has what would be right.
    """
    typed = text.strip().rstrip("%").strip() or "0"
    if _SHARE.fullmatch(typed) is None or float(typed.replace(",", ".")) > 100:
        raise ValueError(f"Share: {text!r:.20} is no share: write a number from 0 to 100, such as 33.5")
    return float(typed.replace(",", "."))


def _parts(text: str) -> list[str]:
    return [each for each in _SPLIT.split(text.strip()) if each]


def _pair(text: str, day: str) -> list[str]:
    begins, dash, ends = text.partition("-")
    if not dash:
        raise ValueError(
            f"{day}: {text!r:.40} are no hours: write 10:00-23:30, or nothing where it is closed"
        )
    return [begins.zfill(5), ends.zfill(5)]
