"""The places of machines, with their opening hours as rules read them."""

from __future__ import annotations

import logging
from datetime import UTC

from sqlalchemy import Connection, select

from cloud_relay.zones import zone_named
from fleet.book.tables import locations
from fleet.rules.alert_state import Place
from fleet.rules.opening import Opening, parse_opening

log = logging.getLogger(__name__)

NOWHERE = Place(None, "", Opening(UTC))
"""Where machines stand of which nobody said where: always open."""


def place_of(connection: Connection, number: int | None) -> Place:
    """One place; `NOWHERE` without a number."""
    return places(connection).get(number, NOWHERE)


def places(connection: Connection) -> dict[int | None, Place]:
    """All places by their numbers."""
    rows = connection.execute(select(locations.c.id, locations.c.name, locations.c.zone, locations.c.opening))
    known = {number: _place(number, name, zone, opening) for number, name, zone, opening in rows}
    return {None: NOWHERE, **known}


def _place(number: int, name: str, zone: str, opening: str) -> Place:
    # What is saved was checked. Zones that lack this one, or a hand in the database, must stop no alert.
    try:
        return Place(number, name, parse_opening(opening, zone_named(zone)))
    except ValueError as error:
        log.warning("location %d counts as always open: %s", number, error)
        return Place(number, name, Opening(UTC))
