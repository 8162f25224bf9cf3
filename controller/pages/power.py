"""CORE. What the bits of a Pi's firmware say of its power and its heat (vcgencmd get_throttled)."""

from __future__ import annotations

from typing import Final

from controller.pages.findings import Finding, ok, warning, wrong

_WEAK, _HOT, _SLOWED = 0x1, 0x8, 0x6
_SINCE_START: Final = 16  # the same bits again, for what was so at any time since the start
_SUPPLY = (
    "Give it the supply made for this Pi (5.1 V and 3 A; a Pi 5: 5 A) by a short and thick cable, and "
    "nothing else to feed."
)
_WEAK_NOW = wrong("the power is too weak at this moment: below 4.63 V", _SUPPLY)
_COOL = "Give it air, or a heat sink: at 85 °C it is slowed down."


def power_findings(bits: int) -> list[Finding]:
    """Whether the power is strong enough, and the Pi cool, now and since the start."""
    past = bits >> _SINCE_START
    found = []
    if bits & _WEAK:
        found.append(_WEAK_NOW)
    elif past & _WEAK:
        found.append(warning("the power was too weak since the start: below 4.63 V", _SUPPLY))
    else:
        found.append(ok("the power has been strong enough since the start"))
    if bits & _HOT:
        found.append(warning("the Pi is too hot, and slowed down", _COOL))
    elif past & _HOT:
        found.append(warning("the Pi was too hot since the start, and slowed down", _COOL))
    elif (bits | past) & _SLOWED and not (bits | past) & _WEAK:
        found.append(warning("the Pi was slowed down since the start", f"{_COOL} {_SUPPLY}"))
    return found


def alarm_findings(*, alarm: bool) -> list[Finding]:
    """Whether the power is strong enough, by the alarm of Linux, which is of this moment."""
    return [_WEAK_NOW if alarm else ok("the power is strong enough at this moment")]
