"""CORE. A channel as it is typed into a form, and what is wrong with it."""

from __future__ import annotations

import json
import re

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def quiet_text(begins: str, ends: str) -> str:
    """Quiet hours of two clock times as the book keeps them; "" without any.

    Raises:
        ValueError: only one of them is given, they are the same, or they are no times.
    """
    begins, ends = begins.strip(), ends.strip()
    if not begins and not ends:
        return ""
    for each in (begins, ends):
        if _CLOCK.fullmatch(each) is None:
            raise ValueError("quiet hours: write both times, such as 22:00 and 07:00, or none")
    if begins == ends:
        raise ValueError("quiet hours: they would never end; write two different times, or none")
    return json.dumps([[begins, ends]])


def quiet_times(text: str) -> tuple[str, str]:
    """The two clock times of quiet hours as the book keeps them."""
    if not text:
        return "", ""
    begins, ends = json.loads(text)[0]
    return str(begins), str(ends)


def quiet_words(text: str, zone: str) -> str:
    """Quiet hours for a person."""
    begins, ends = quiet_times(text)
    return f"{begins}-{ends} ({zone})" if begins else ""


def escalation_words(escalates_after_s: int) -> str:
    """When a channel is told."""
    if not escalates_after_s:
        return "at once"
    return f"if nobody acknowledges within {escalates_after_s // 60} min"
