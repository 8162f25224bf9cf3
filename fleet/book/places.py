"""EDGE. Where machines stand, and which time zone that is in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from fleet.book import tables


def zones(connection: Connection, otherwise: tzinfo) -> Callable[[str], tzinfo]:
    """The zone of each machine's location; `otherwise` that of machines in none."""
    machines, locations = tables.machines.c, tables.locations.c
    found = connection.execute(
        select(machines.machine_id, locations.zone).where(machines.location_id == locations.id)
    )
    by_machine = {row.machine_id: ZoneInfo(row.zone) for row in found}
    return lambda machine_id: by_machine.get(machine_id, otherwise)
