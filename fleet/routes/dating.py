"""EDGE. Days that are still in another time zone: what a page does about it, and what it says."""

from __future__ import annotations

import logging
from collections.abc import Collection

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from fleet.book.computed.dating import date_due, undated
from fleet.book.database.engine import reason_of
from fleet.book.typed.places import zones
from fleet.pages.location_form import DATED_LATER
from fleet.routes.world import World

# So many sales and coins, of some years, take half a second; what takes longer the alerts go on with.
_WITHIN_S, _LARGEST = 1.0, 10_000

log = logging.getLogger(__name__)


def date_now(world: World) -> str:
    """Date machines anew that stand in another zone now, as long as a page may take; "" if none is left."""
    try:
        left = date_due(world.engine, world.settings.zone, _WITHIN_S, _LARGEST)
    except SQLAlchemyError as why:
        log.warning("Days are dated anew later: %s", reason_of(why))
        left = 1
    return DATED_LATER if left else ""


def dated_later(connection: Connection, world: World, machine_ids: Collection[str]) -> str:
    """What a page with the days of these machines says, while some are in another zone; or nothing."""
    waiting = undated(connection, zones(connection, world.settings.zone))
    return DATED_LATER if any(name in machine_ids for name in waiting) else ""
