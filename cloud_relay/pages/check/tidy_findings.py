"""CORE. What is found of tidy: when the relay last looked after what nobody settled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cloud_relay.pages.check.findings import Finding, note, ok, warning, wrong

FIELD = "tidyLastRan"
# At rest a plain server lists every ten minutes; a schedule runs each minute.
_LATE_S = 15 * 60
_REMEDY = (
    'On Lambda see that the schedule is enabled and its input empty or {"tidy": true}; on a server that '
    "TIDY_EVERY_S is not 0."
)


def tidy_finding(status: Mapping[str, Any], now_s: float) -> Finding:
    """By the relay's own /status; `now_s` is what the clock there says."""
    if FIELD not in status:
        return note("not known: the relay there does not say when it last tidied")
    last_s = _seconds(status[FIELD])
    if last_s is None:
        text = "it is not known to have tidied yet: what a lost message left is not published again"
        return warning(text, f"Check again in a minute. {_REMEDY}")
    ago = _ago(max(0.0, now_s - last_s))
    if now_s - last_s > _LATE_S:
        return wrong(f"it last tidied {ago}: what a lost message left is not published again", _REMEDY)
    return ok(f"it last tidied {ago}")


def _seconds(told: object) -> float | None:
    try:
        return datetime.fromisoformat(str(told).replace("Z", "+00:00")).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _ago(seconds: float) -> str:
    for name, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {name} ago"
    return f"{seconds:.0f} s ago"
