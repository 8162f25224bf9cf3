"""EDGE. Where machines stand, which time zone that is in, and when it is open."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from cloud_relay.zones import zone_named
from fleet.book import tables
from fleet.rules.alert_state import Place
from fleet.rules.opening import Opening, parse_opening

log = logging.getLogger(__name__)

NOWHERE = Place(None, "", Opening(UTC))
"""Where machines stand of which nobody said where: always open."""


def zones(connection: Connection, otherwise: tzinfo) -> Callable[[str], tzinfo]:
    """The zone of each machine's location; `otherwise` that of machines in none."""
    machines, locations = tables.machines.c, tables.locations.c
    found = connection.execute(
        select(machines.machine_id, locations.zone).where(machines.location_id == locations.id)
    )
    by_machine = {row.machine_id: ZoneInfo(row.zone) for row in found}
    return lambda machine_id: by_machine.get(machine_id, otherwise)


def place_of(connection: Connection, number: int | None) -> Place:
    """One place; `NOWHERE` without a number."""
    return places(connection).get(number, NOWHERE)


def places(connection: Connection) -> dict[int | None, Place]:
    """All places by their numbers."""
    where = tables.locations.c
    rows = connection.execute(select(where.id, where.name, where.zone, where.opening))
    known = {number: _place(number, name, zone, opening) for number, name, zone, opening in rows}
    return {None: NOWHERE, **known}


def _place(number: int, name: str, zone: str, opening: str) -> Place:
    # What is saved was checked. Zones that lack this one, or a hand in the database, must stop no alert.
    try:
        return Place(number, name, parse_opening(opening, zone_named(zone)))
    except ValueError as error:
        log.warning("location %d counts as always open: %s", number, error)
        return Place(number, name, Opening(UTC))
