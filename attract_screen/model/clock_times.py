"""CORE. A time of day as a language writes it.

The screen and the phone are shipped apart, as with prices: attract_screen/model/clock_times.py and
cloud_relay/rules/clock_times.py are the same text but for an import, and a test holds them to it.
"""

from __future__ import annotations

from attract_screen.model.local_forms import FORMS

_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


def clock_time(hour: int, minute: int, language: str = "en") -> str:
    """`17:05`, or `5:05 PM`, by the language's own clock; one without a form gets the English one."""
    form = FORMS.get(language, FORMS["en"])
    if not form.halves:
        return f"{hour:0{form.hour_digits}d}:{minute:02d}"
    return f"{(hour + 11) % 12 + 1}:{minute:02d}{_NO_BREAK_SPACE}{form.halves[hour >= 12]}"
