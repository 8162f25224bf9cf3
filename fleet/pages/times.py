"""CORE. Times as people say them."""

from __future__ import annotations

_STEPS = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"))


def ago(at: float | None, now: float) -> str:
    """How long ago a moment was: `3 minutes`, `a day`; "" where there was none."""
    if at is None:
        return ""
    for length_s, name in _STEPS:
        count = int((now - at) // length_s)
        if count == 1:
            return f"an {name}" if name == "hour" else f"a {name}"
        if count > 1:
            return f"{count} {name}s"
    return "just now"
