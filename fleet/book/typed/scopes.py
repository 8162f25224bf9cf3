"""EDGE. Whose rows a page may show: all machines, one place's, or one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select

from fleet.book.tables import machines


@dataclass(frozen=True)
class Scope:
    """All machines, or those of one place, or one machine; a place 0 is that of machines in none."""

    location_id: int | None = None
    machine_id: str | None = None

    def of(self, table: Any) -> list[ColumnElement[bool]]:
        """The conditions on a table with a `machine_id`."""
        found: list[ColumnElement[bool]] = []
        if self.machine_id is not None:
            found.append(table.c.machine_id == self.machine_id)
        if self.location_id is not None:
            place = machines.c.location_id
            is_here = place == self.location_id if self.location_id else place.is_(None)
            here = select(machines.c.machine_id).where(is_here)
            found.append(table.c.machine_id.in_(here))
        return found
