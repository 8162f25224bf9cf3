"""EDGE. What has to be told to which channel and when: planned with the flip, claimed, and done."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, exists, insert, or_, select, update

from cloud_relay.zones import zone_named
from fleet.book.tables import alert_deliveries, alerts, channels
from fleet.rules.opening import Opening
from fleet.rules.quiet_hours import parse_quiet, quiet_until

log = logging.getLogger(__name__)

CLAIM_S = 120.0
"""A claim that is older was made by a worker that died: whoever comes then tells again."""
RETRY_S, LONGEST_RETRY_S = 30.0, 3600.0

_d = alert_deliveries.c
_UNTOUCHED = and_(_d.sent_at.is_(None), _d.claimed_at.is_(None), _d.attempts == 0)


def plan_begin(connection: Connection, alert: int, places: Collection[int | None], now: float) -> None:
    """Plan to tell of an alert that begins: at once, after quiet hours, or if nobody acknowledges it."""
    for channel in connection.execute(select(channels).where(channels.c.is_active).order_by(channels.c.id)):
        if channel.location_id is not None and channel.location_id not in places:
            continue
        phase = "escalates" if channel.escalates_after_s else "begins"
        _plan(connection, alert, channel, phase, now + channel.escalates_after_s)


def plan_end(connection: Connection, alert: int, now: float) -> None:
    """Plan to tell that an alert is over: to whoever was told of it, or is just being told.

    Of what had waited for the end of quiet hours, or for nobody to acknowledge it, nothing is told.
    """
    connection.execute(delete(alert_deliveries).where(_d.alert_id == alert, _UNTOUCHED, _d.due_at > now))
    told = exists().where(_d.alert_id == alert, _d.channel_id == channels.c.id)
    for channel in connection.execute(select(channels).where(told).order_by(channels.c.id)):
        _plan(connection, alert, channel, "ends", now)


def drop_escalations(connection: Connection, alert: int) -> None:
    """Tell nobody else: somebody acknowledged it."""
    connection.execute(
        delete(alert_deliveries).where(_d.alert_id == alert, _UNTOUCHED, _d.phase == "escalates")
    )


def due(connection: Connection, now: float) -> list[Row[Any]]:
    """What is to be told now, with its alert and its channel, in the order in which it happened."""
    free = or_(_d.claimed_at.is_(None), _d.claimed_at <= now - CLAIM_S)
    found = (
        select(
            _d.id,
            _d.alert_id,
            _d.channel_id,
            _d.phase,
            _d.attempts,
            channels.c.name.label("channel_name"),
            channels.c.url,
            channels.c.zone,
            channels.c.quiet,
            channels.c.is_active,
            channels.c.location_id,
            alerts.c.subject,
            alerts.c.kind,
            alerts.c.text,
            alerts.c.covers,
            alerts.c.began_at,
            alerts.c.ended_at,
        )
        .join(channels, channels.c.id == _d.channel_id)
        .join(alerts, alerts.c.id == _d.alert_id)
        .where(_d.sent_at.is_(None), _d.due_at <= now, free)
        .order_by(_d.id)
    )
    return list(connection.execute(found))


def claim(connection: Connection, delivery: Row[Any], worker: str, now: float) -> bool:
    """Whether it is this worker's to tell: by one update that changed exactly one row.

    An end is nobody's until its beginning was told, or is this worker's as well.
    """
    free = or_(_d.claimed_at.is_(None), _d.claimed_at <= now - CLAIM_S)
    this = and_(_d.id == delivery.id, _d.sent_at.is_(None), _d.due_at <= now, free)
    if delivery.phase == "ends" and _is_before_untold(connection, delivery, worker, now):
        return False
    claimed = update(alert_deliveries).where(this)
    return connection.execute(claimed.values(claimed_at=now, claimed_by=worker)).rowcount == 1


def sent(connection: Connection, delivery: int, worker: str, now: float) -> None:
    """Write down that it was told."""
    connection.execute(_claimed(delivery, worker).values(sent_at=now, error="", attempts=_d.attempts + 1))


def failed(connection: Connection, delivery: Row[Any], worker: str, error: str, now: float) -> None:
    """Write down why it could not be told, and try again later."""
    wait_s = min(RETRY_S * 2 ** min(delivery.attempts, 16), LONGEST_RETRY_S)
    again = {"claimed_at": None, "claimed_by": None, "attempts": delivery.attempts + 1, "error": error}
    connection.execute(_claimed(delivery.id, worker).values(due_at=now + wait_s, **again))


def put_off(connection: Connection, delivery: int, until_at: float) -> None:
    """Tell it later: its channel's quiet hours began meanwhile."""
    unclaimed = update(alert_deliveries).where(_d.id == delivery, _d.claimed_at.is_(None))
    connection.execute(unclaimed.values(due_at=until_at))


def forget(connection: Connection, channel: int) -> None:
    """Tell nothing more to a channel that was switched off."""
    connection.execute(delete(alert_deliveries).where(_d.channel_id == channel, _d.sent_at.is_(None)))


def quiet_of(channel: Row[Any]) -> Opening:
    """The quiet hours of a channel."""
    # What is saved was checked. Zones that lack this one, or a hand in the database, must stop no alert.
    try:
        return parse_quiet(channel.quiet, zone_named(channel.zone))
    except ValueError as error:
        log.warning("a channel counts as never quiet: %s", error)
        return parse_quiet("", UTC)


def _plan(connection: Connection, alert: int, channel: Row[Any], phase: str, at: float) -> None:
    row = {
        "alert_id": alert,
        "channel_id": channel.id,
        "phase": phase,
        "due_at": quiet_until(quiet_of(channel), at),
        "attempts": 0,
        "error": "",
    }
    connection.execute(insert(alert_deliveries).values(row))


def _is_before_untold(connection: Connection, delivery: Row[Any], worker: str, now: float) -> bool:
    mine = and_(_d.claimed_by == worker, _d.claimed_at == now)
    before = (
        select(_d.id)
        .where(_d.alert_id == delivery.alert_id, _d.channel_id == delivery.channel_id)
        .where(_d.phase != "ends", _d.sent_at.is_(None), or_(_d.claimed_by.is_(None), ~mine))
    )
    return connection.execute(before).first() is not None


def _claimed(delivery: int, worker: str) -> Any:
    return update(alert_deliveries).where(_d.id == delivery, _d.claimed_by == worker, _d.sent_at.is_(None))
