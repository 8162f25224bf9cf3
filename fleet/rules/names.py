"""CORE. What a person may be called here."""

from __future__ import annotations

import unicodedata

from fleet.rules.typed_amounts import BadField

_LONGEST_NAME = 200


def read_name(typed: str) -> str:
    """A person's name, without brackets: what is done by command stands in them in the audit log."""
    name = typed.strip()
    is_plain = not any(unicodedata.category(each).startswith("C") for each in name)
    if not name or len(name) > _LONGEST_NAME or not is_plain or set("()") & set(name):
        raise BadField(f"The name {name!r:.80} cannot be one: write up to 200 letters, no brackets.")
    return name
