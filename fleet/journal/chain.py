"""CORE. The sum that chains a ledger's entries: it names an entry together with all that came before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

# Of the sum before the first entry of a ledger.
BEGINNING = ""
SUM_CHARS = 16


def canonical(fields: Mapping[str, Any]) -> str:
    """The one text that stands for an entry's fields."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def next_sum(before: str, text: str) -> str:
    """The sum of an entry with this canonical text, after one whose sum is `before`."""
    # A lone half of a character pair is no UTF-8; a cabinet that sends one must have a sum all the same.
    return hashlib.sha256((before + text).encode("utf-8", "surrogatepass")).hexdigest()[:SUM_CHARS]
