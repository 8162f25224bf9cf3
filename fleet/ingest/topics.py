"""Which topics the fleet hears and says, and whose they are."""

from __future__ import annotations

import re

JOURNALS, STATUSES = "arcade/machine/+/journal", "arcade/machine/+/status"
_OF_A_MACHINE = re.compile(r"arcade/machine/([A-Za-z0-9_-]{1,64})/(journal|status)")


def machine_and_kind(topic: str) -> tuple[str, str] | None:
    """The machine id in a topic, and "journal" or "status"; None if it is another's topic."""
    found = _OF_A_MACHINE.fullmatch(topic)
    return (found[1], found[2]) if found else None


def seen_topic(machine_id: str) -> str:
    """Where a cabinet hears how far it is in the book."""
    return f"arcade/machine/{machine_id}/journal/seen"


def shared(topic: str, group: str | None) -> str:
    """The topic, of which each message goes to one of `group` alone."""
    return f"$share/{group}/{topic}" if group else topic
