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
    until = shown_at(ends_s, zone).time()
    if language is None:
        return f"{period} until {until:%H:%M}"
    return language.gettext("{period} until {time}").format(period=period, time=language.time(until))


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
