"""EDGE. Alerts and channels as pages show them: what lasts, what was, and whom it was told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from fleet.book.alerts.flips import covers_of
from fleet.book.tables import alert_deliveries, alerts, channels, locations, machines
from fleet.pages.alerts_page import Delivery, Listed, Names
from fleet.rules.alert_flips import place_subject
from fleet.rules.alert_state import FLEET

PAGE = 50


def names(connection: Connection) -> Names:
    """All names."""
    rows = connection.execute(select(machines.c.machine_id, machines.c.name, machines.c.location_id)).all()
    places = connection.execute(select(locations.c.id, locations.c.name).order_by(locations.c.name))
    return Names(
        {row.machine_id: row.name for row in rows},
        {row.id: row.name for row in places},
        {row.machine_id: row.location_id for row in rows},
    )


def lasting(connection: Connection, known: Names, place: int | None) -> list[Listed]:
    """Alerts that last, the newest first; with a place, those of its machines alone."""
    return _listed(connection, known, place, _rows(connection, place, alerts.c.ended_at.is_(None), None))


def over(
    connection: Connection, known: Names, place: int | None, before: int | None
) -> tuple[list[Listed], int | None]:
    """A page of alerts that ended, the newest first, and before which number the next begins, if any."""
    ended = alerts.c.ended_at.is_not(None)
    which = ended if before is None else and_(ended, alerts.c.id < before)
    rows = _rows(connection, place, which, PAGE)
    return _listed(connection, known, place, rows), rows[-1].id if len(rows) == PAGE else None


def count_open(connection: Connection) -> int:
    """How many last and were acknowledged by nobody."""
    is_open = and_(alerts.c.ended_at.is_(None), alerts.c.acknowledged_at.is_(None))
    return connection.execute(select(func.count()).select_from(alerts).where(is_open)).scalar_one()


def channel_rows(connection: Connection) -> list[Row[Any]]:
    """All channels, with what was told last and what could not be told."""
    of_it = alert_deliveries.c.channel_id == channels.c.id
    told = select(func.max(alert_deliveries.c.sent_at)).where(of_it).scalar_subquery()
    failing = and_(of_it, alert_deliveries.c.sent_at.is_(None), alert_deliveries.c.error != "")
    failed = select(alert_deliveries).where(failing).order_by(alert_deliveries.c.id.desc()).limit(1)
    waiting = select(func.count()).where(of_it, alert_deliveries.c.sent_at.is_(None)).scalar_subquery()
    listed = select(
        channels,
        told.label("told_at"),
        waiting.label("waiting"),
        failed.with_only_columns(alert_deliveries.c.error).scalar_subquery().label("error"),
        failed.with_only_columns(alert_deliveries.c.due_at).scalar_subquery().label("again_at"),
    )
    return list(connection.execute(listed.order_by(channels.c.name)))


def _rows(
    connection: Connection, place: int | None, which: ColumnElement[bool], at_most: int | None
) -> Sequence[Row[Any]]:
    wanted = select(alerts).where(which, _seen_from(place)).order_by(alerts.c.id.desc()).limit(at_most)
    return connection.execute(wanted).all()


def _listed(
    connection: Connection, known: Names, place: int | None, rows: Sequence[Row[Any]]
) -> list[Listed]:
    told = _deliveries(connection, [row.id for row in rows])
    found = (_of_row(row, known, place, told[row.id]) for row in rows)
    return [each for each in found if each is not None]


def _seen_from(place: int | None) -> ColumnElement[bool]:
    if place is None:
        return alerts.c.id.is_not(None)
    there = select(machines.c.machine_id).where(machines.c.location_id == place)
    group = and_(alerts.c.subject == FLEET, alerts.c.covers != "[]")
    return or_(alerts.c.subject.in_(there), alerts.c.subject == place_subject(place), group)


def _of_row(row: Row[Any], known: Names, place: int | None, told: Sequence[Delivery]) -> Listed | None:
    covered = covers_of(row.covers)
    covers = tuple((each, text) for each, text, _ in covered if place in (None, known.stands.get(each)))
    if covered and not covers:
        return None  # a group of the fleet in which no machine is of this place
    return Listed(
        row.id,
        row.subject,
        row.kind,
        row.text,
        covers,
        row.began_at,
        row.ended_at,
        row.acknowledged_at,
        row.acknowledged_by or "",
        tuple(told) if place is None else (),
    )


def _deliveries(connection: Connection, numbers: Iterable[int]) -> dict[int, list[Delivery]]:
    found: dict[int, list[Delivery]] = defaultdict(list)
    rows = connection.execute(
        select(alert_deliveries, channels.c.name)
        .join(channels, channels.c.id == alert_deliveries.c.channel_id)
        .where(alert_deliveries.c.alert_id.in_(list(numbers)))
        .order_by(alert_deliveries.c.id)
    )
    for row in rows:
        found[row.alert_id].append(Delivery(row.name, row.phase, row.due_at, row.sent_at, row.error))
    return found
