"""CORE. What players read of a period: its name, and until when it is."""

from __future__ import annotations

import hashlib
from datetime import tzinfo

from cloud_relay.rules.language import ENGLISH, Language
from cloud_relay.rules.selling.wall_clock import shown_at

TODAY_DAYS = 1
"""So many days ahead is looked for a period's end: whoever stands before the machine has no later one."""

_SPREAD_S = 20


def note_of(period: str, ends_s: int | None, zone: tzinfo, language: Language | None = None) -> str:
    """`Happy hour until 18:00`; the name alone where no end is near, and nothing without a name.

    Without a language it is the note of the wire, which older cabinets show as it comes.
    """
    if not period or ends_s is None:
        return period
    if language is None:
        return f"{period} until {_clock(ends_s, zone)}"
    until = language.time(shown_at(ends_s, zone).time())
    return language.gettext("{period} until {time}").format(period=period, time=until)


def period_of(period: str, ends_s: int | None, zone: tzinfo) -> dict[str, str]:
    """The period that is on: its name, and what clocks show at its end; nothing without a name."""
    if not period:
        return {}
    return {"name": period} if ends_s is None else {"name": period, "until": _clock(ends_s, zone)}


def next_of(present: str, coming: str, begins_s: int, zone: tzinfo) -> dict[str, str]:
    """The period that comes next, by its name, and from when on; nothing without a name of its own."""
    if coming in ("", present):
        return {}
    return {"name": coming, "from": _clock(begins_s, zone)}


def wait_words(minutes: int, language: Language = ENGLISH) -> str:
    """When a phone has its next free credits."""
    return language.ngettext(
        "Your phone's next free turn is in {minutes} minute.",
        "Your phone's next free turn is in {minutes} minutes.",
        minutes,
    ).format(minutes=minutes)


def ask_again_s(machine_id: str, changes_s: int, now_s: float) -> int:
    """In how many seconds a cabinet is to ask for its offers again: soon after they change.

    Each cabinet has its own second of these twenty, so that a hall does not ask all at once.
    """
    own_s = hashlib.sha256(machine_id.encode()).digest()[0] % _SPREAD_S
    return max(1, -int(-(changes_s - now_s) // 1)) + own_s


def _clock(at_s: int, zone: tzinfo) -> str:
    return f"{shown_at(at_s, zone):%H:%M}"
