"""CORE. What was done, as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import tzinfo
from typing import Any

from fleet.reports.amounts import Money
from fleet.reports.table import Moment, Row, Table, cells

_TITLES = ("When", "Who", "What", "Machine", "Details")
# Amounts in minor units, each with what names its currency.
_AMOUNTS = {"counted": "currency", "coin_value": "coin_currency"}


def audit_table(rows: Iterable[Any], zone: tzinfo) -> Table:
    """Deeds in the order given."""
    return Table("audit", _TITLES, tuple(_row(row, zone) for row in rows))


def _row(row: Any, zone: tzinfo) -> Row:
    what = row.what.replace("_", " ")
    return cells(Moment(row.at, zone), row.who, what, row.machine_id, _words(row.details, zone))


def _words(details: str, zone: tzinfo) -> str:
    """Details as `name: value, ...`; what is empty is left out."""
    read = json.loads(details or "{}")
    said = {name: read[of] for name, of in _AMOUNTS.items() if name in read and read.get(of)}
    read = {name: value for name, value in read.items() if name not in {_AMOUNTS[each] for each in said}}
    worth = {name: Money(read[name], currency).words for name, currency in said.items()}
    return ", ".join(
        f"{name.replace('_', ' ')}: {worth.get(name) or _plain(name, value, zone)}"
        for name, value in read.items()
        if value not in (None, "", [])
    )


def _plain(name: str, value: Any, zone: tzinfo) -> str:
    if name.endswith("_at") and isinstance(value, float):
        return Moment(value, zone).words
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
