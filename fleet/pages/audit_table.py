"""CORE. What was done, as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import tzinfo
from typing import Any

from fleet.reports.table import Moment, Table, cells

_TITLES = ("When", "Who", "What", "Machine", "Details")


def audit_table(rows: Iterable[Any], zone: tzinfo) -> Table:
    """Deeds in the order given."""
    return Table(
        "audit",
        _TITLES,
        tuple(
            cells(Moment(row.at, zone), row.who, row.what, row.machine_id, _words(row.details))
            for row in rows
        ),
    )


def _words(details: str) -> str:
    """Details as `name: value, ...`; what is empty is left out."""
    read = json.loads(details or "{}")
    return ", ".join(
        f"{name}: {_plain(value)}" for name, value in read.items() if value not in (None, "", [])
    )


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
