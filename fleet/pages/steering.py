"""CORE. Texts without characters that nobody sees: they steer terminals, or turn the text around."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

_KEPT = frozenset("\n\t")


def without_steering(value: Any) -> Any:
    """A text without them, of its own kind (markup stays markup); what is no text stays as it is."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return type(value)(str(value).translate(_steering()))


@cache
def _steering() -> dict[int, None]:
    return {
        code: None
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in ("Cc", "Cf") and chr(code) not in _KEPT
    }
