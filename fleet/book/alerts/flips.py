"""EDGE. Alerts: their flips written down, each with what has to be told to whom."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from fleet.book.alerts.deliveries import drop_escalations, plan_begin, plan_end
from fleet.book.tables import alerts, machines
from fleet.rules.alert_flips import Begin, End, Flip, Join, Leave, Open

Covered = tuple[str, str, float | None]
"""Of a machine of a group: its id, its text, and when it was well again."""


def open_alerts(connection: Connection) -> list[Open]:
    """All that last, as the rules see them."""
    rows = connection.execute(select(alerts).where(alerts.c.ended_at.is_(None)).order_by(alerts.c.id))
    return [_open(row) for row in rows]


def write(connection: Connection, flips: Iterable[Flip], now: float) -> None:
    """Write flips down, in their order, with their deliveries: in one transaction or not at all."""
    for flip in flips:
        match flip:
            case Begin():
                _begin(connection, flip, now)
            case End(number, remaining):
                _end(connection, number, remaining, now)
            case Join(number, joined):
                gone = [machine_id for machine_id, _ in joined]
                kept = [each for each in _covers_of(connection, number) if each[0] not in gone]
                _cover(connection, number, [*kept, *((*each, None) for each in joined)])
            case Leave(number, left):
                _cover(connection, number, _marked(_covers_of(connection, number), left, now))


def covers_of(text: str) -> list[Covered]:
    """The machines of a group, of what the table has of them."""
    return [(machine_id, text, left_at) for machine_id, text, left_at in json.loads(text)]


def acknowledge(connection: Connection, number: int, who: str, now: float) -> bool:
    """Say that somebody sees to it; False if somebody did before, or it is over."""
    is_new = alerts.c.acknowledged_at.is_(None) & alerts.c.ended_at.is_(None)
    said = update(alerts).where(alerts.c.id == number, is_new)
    if connection.execute(said.values(acknowledged_at=now, acknowledged_by=who)).rowcount != 1:
        return False
    drop_escalations(connection, number)
    return True


def _begin(connection: Connection, begin: Begin, now: float) -> None:
    covers = [(machine_id, text, None) for machine_id, text in begin.covers]
    row = {
        "subject": begin.subject,
        "kind": begin.kind,
        "text": begin.text,
        "covers": json.dumps(covers),
        "began_at": now,
    }
    number = connection.execute(insert(alerts).values(row).returning(alerts.c.id)).scalar_one()
    plan_begin(connection, number, _places(connection, begin.subject, covers), now)


def _end(connection: Connection, number: int, remaining: Sequence[str], now: float) -> None:
    is_open = alerts.c.ended_at.is_(None)
    if connection.execute(update(alerts).where(alerts.c.id == number, is_open).values(ended_at=now)).rowcount:
        covers = _covers_of(connection, number)
        over = [
            machine_id for machine_id, _, left_at in covers if left_at is None and machine_id not in remaining
        ]
        _cover(connection, number, _marked(covers, over, now))
        plan_end(connection, number, now)


def _places(connection: Connection, subject: str, covers: Sequence[Covered]) -> set[int | None]:
    """Where the machines stand that an alert is about; none for the fleet's own."""
    about = [machine_id for machine_id, *_ in covers] or [subject]
    return set(
        connection.execute(select(machines.c.location_id).where(machines.c.machine_id.in_(about))).scalars()
    )


def _marked(covers: Iterable[Covered], over: Sequence[str], now: float) -> list[Covered]:
    return [
        (machine_id, text, now if machine_id in over else left_at) for machine_id, text, left_at in covers
    ]


def _covers_of(connection: Connection, number: int) -> list[Covered]:
    return covers_of(connection.execute(select(alerts.c.covers).where(alerts.c.id == number)).scalar_one())


def _cover(connection: Connection, number: int, covers: Sequence[Covered]) -> None:
    connection.execute(update(alerts).where(alerts.c.id == number).values(covers=json.dumps(covers)))


def _open(row: Row[Any]) -> Open:
    covers = covers_of(row.covers)
    here = tuple(machine_id for machine_id, _, left_at in covers if left_at is None)
    left = tuple(left_at for _, _, left_at in covers if left_at is not None)
    return Open(row.id, row.subject, row.kind, row.began_at, here, left)
