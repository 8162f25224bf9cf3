"""Time zones by their IANA names, from the system's data or, on a slim image, from the package tzdata."""

from __future__ import annotations

import re
from datetime import tzinfo

# Others are copies that some systems keep: `right/` counts leap seconds, which no clock on a wall does.
_NAME = re.compile(r"(?!(?:posix|right)/)[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")


def zone_named(name: str) -> tzinfo:
    """The time zone of an IANA name.

    Raises:
        ValueError: there is none of that name; the message has the remedy, and what may have been meant.
    """
    # Imported when first needed: most relays have one price list for all hours.
    from zoneinfo import ZoneInfo

    try:
        if _NAME.fullmatch(name) is None:
            raise ValueError
        return ZoneInfo(name)
    except (ValueError, LookupError, OSError):
        raise ValueError(_remedy(name)) from None


def _remedy(name: str) -> str:
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    known = available_timezones()
    if not known:
        return "no time zones are installed: install the package tzdata"
    near = get_close_matches(name, sorted(known), n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"no such time zone. Write an IANA name such as Europe/Berlin.{meant}"
