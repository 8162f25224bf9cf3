"""CORE. Quiet hours: when a channel is not to be disturbed, and when it may be again."""

from __future__ import annotations

import json
from datetime import tzinfo

from fleet.rules.opening import Opening, parse_hours, spans

_AHEAD_S = 2 * 86400.0


def parse_quiet(text: str, zone: tzinfo) -> Opening:
    """The quiet hours of [["22:00", "07:00"]], the same each day; "" is none.

    Raises:
        ValueError: the text is no such thing; the message has what is wrong and what would be right.
    """
    if not text.strip():
        return Opening(zone, ((),) * 7)
    try:
        listed = json.loads(text)
    except ValueError as error:
        raise ValueError(f"quiet hours are no JSON: {error}") from None
    return Opening(zone, (parse_hours(listed, "quiet hours"),) * 7)


def quiet_until(quiet: Opening, now: float) -> float:
    """When it may be told: now, or at the end of the quiet hours that last.

    Hours that follow each other without a break are one rest, of a day at most: a channel that would be
    quiet for ever is told once a day.
    """
    until = now
    for span in spans(quiet, now, now + _AHEAD_S):
        if span.begins_at <= until < span.ends_at and until - now < 86400:
            until = span.ends_at
    return until
