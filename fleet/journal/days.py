"""On which local day a moment was, where a machine stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo

ZoneOf = Callable[[str], tzinfo]
DayOf = Callable[[str, float], str]


def days_of(zone_of: ZoneOf) -> DayOf:
    """Gives the local day of a moment, where a machine stands."""
    return lambda machine_id, at: day_at(at, zone_of(machine_id))


def day_at(at: float, zone: tzinfo) -> str:
    """The local day (YYYY-MM-DD) of a moment."""
    return datetime.fromtimestamp(at, zone).date().isoformat()
