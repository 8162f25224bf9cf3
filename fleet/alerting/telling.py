"""EDGE. Telling what is due: each delivery claimed, one message a channel, then written down as told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from cloud_relay.zones import zone_named
from fleet.alerting.channel_urls import NotTold, Send
from fleet.book.alerts import deliveries
from fleet.book.alerts.flips import covers_of
from fleet.book.database.engine import reading, writing
from fleet.book.tables import locations, machines
from fleet.pages.alert_texts import Message, Told, message, one_line, subject_text
from fleet.rules.quiet_hours import quiet_until

log = logging.getLogger(__name__)

_AT_ONCE = 8
_MOST_A_MESSAGE = 200


class Teller:
    """Tells what is due; `worker` is a name that no other process has."""

    def __init__(
        self, engine: Engine, send: Send, worker: str, clock: Callable[[], float], page_url: str = ""
    ) -> None:
        self._engine, self._send, self._worker, self._clock = engine, send, worker, clock
        self._page_url = page_url

    def tell_due(self) -> int:
        """Tell everything that is due now, each channel for itself; how many deliveries were told."""
        now = self._clock()
        with reading(self._engine) as connection:
            listed = sorted(deliveries.due(connection, now), key=lambda row: (row.channel_id, row.id))
        by_channel = [list(rows) for _, rows in groupby(listed, key=lambda row: row.channel_id)]
        if not by_channel:
            return 0
        if len(by_channel) == 1:
            return self._tell(by_channel[0])
        with ThreadPoolExecutor(min(len(by_channel), _AT_ONCE)) as pool:
            return sum(pool.map(self._tell, by_channel))

    def _tell(self, listed: Sequence[Row[Any]]) -> int:
        try:
            return self._tell_channel(listed[:_MOST_A_MESSAGE])
        except Exception:
            log.exception("channel %d could not be told", listed[0].channel_id)
            return 0

    def _tell_channel(self, listed: Sequence[Row[Any]]) -> int:
        now = self._clock()
        with writing(self._engine) as connection:
            if not listed[0].is_active:
                deliveries.forget(connection, listed[0].channel_id)
                return 0
            until_at = quiet_until(deliveries.quiet_of(listed[0]), now)
            if until_at > now:
                for row in listed:
                    deliveries.put_off(connection, row.id, until_at)
                return 0
            mine = [row for row in listed if deliveries.claim(connection, row, self._worker, now)]
            said = self._message(connection, mine) if mine else None
        return 0 if said is None else self._deliver(mine, said)

    def _deliver(self, mine: Sequence[Row[Any]], said: Message) -> int:
        name = one_line(mine[0].channel_name)
        try:
            self._send(mine[0].url, said)
        except NotTold as error:
            log.warning("channel %s was not told of %d alerts: %s", name, len(mine), error)
            with writing(self._engine) as connection:
                for row in mine:
                    deliveries.failed(connection, row, self._worker, str(error), self._clock())
            return 0
        log.info("told channel %s of %d alerts", name, len(mine))
        with writing(self._engine) as connection:
            for row in mine:
                deliveries.sent(connection, row.id, self._worker, self._clock())
        return len(mine)

    def _message(self, connection: Connection, mine: Sequence[Row[Any]]) -> Message:
        names, places = _names(connection, mine)
        told = [_told(row, names, places) for row in mine]
        try:
            zone = zone_named(mine[0].zone)
        except ValueError:
            zone = UTC
        return message(told, zone, self._page_url)


def _names(
    connection: Connection, mine: Iterable[Row[Any]]
) -> tuple[dict[str, tuple[str, int | None]], dict[int, str]]:
    about = {each for row in mine for each in (row.subject, *(each[0] for each in covers_of(row.covers)))}
    rows = connection.execute(
        select(machines.c.machine_id, machines.c.name, machines.c.location_id).where(
            machines.c.machine_id.in_(about)
        )
    )
    names = {machine_id: (name or machine_id, place) for machine_id, name, place in rows}
    places = connection.execute(select(locations.c.id, locations.c.name))
    return names, {row.id: row.name for row in places}


def _told(row: Row[Any], names: Mapping[str, tuple[str, int | None]], places: Mapping[int, str]) -> Told:
    """An alert as this channel is to hear it: one of a place hears of that place's machines alone."""
    covered = [names.get(each[0], (each[0], None)) for each in covers_of(row.covers)]
    here = tuple(name for name, place in covered if row.location_id in (None, place))
    who = subject_text(row.subject, {each: name for each, (name, _) in names.items()}, places)
    return Told(row.phase, row.kind, who, row.text, row.began_at, row.ended_at, here)
