"""EDGE. When the database does not answer, nothing can be claimed: the channels known last are told."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from fleet.alerting.channel_urls import NotTold, Send
from fleet.book.tables import channels
from fleet.pages.alert_texts import Message, one_line

log = logging.getLogger(__name__)

OUTAGE_S = 45.0
"""After so long it is no restart of the database any more."""


@dataclass(frozen=True)
class _Known:
    name: str
    url: str


class Outage:
    """Watches whether rounds work; each worker tells for itself, since nothing is left to agree by."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._channels: tuple[_Known, ...] = ()
        self._failing_since: float | None = None
        self._told: set[_Known] = set()

    def worked(self, connection: Connection) -> None:
        """A round worked: remember whom to tell, and tell that it is over if it was told to have begun."""
        if self._told:
            self._tell(self._told, Message("Over: the fleet's database answers again", "", is_bad=False))
        self._failing_since, self._told = None, set()
        rows = connection.execute(
            select(channels.c.name, channels.c.url).where(
                channels.c.is_active, channels.c.location_id.is_(None), channels.c.escalates_after_s == 0
            )
        )
        self._channels = tuple(_Known(name, url) for name, url in rows)

    def failed(self, why: str, now: float) -> None:
        """A round failed: tell it once it lasts, to each channel once."""
        if self._failing_since is None:
            self._failing_since = now
        if now < self._failing_since + OUTAGE_S:
            return
        said = Message(
            "The fleet's database does not answer",
            f"{one_line(why)}\nNo other alert can be told.",
            is_bad=True,
        )
        self._told |= self._tell(set(self._channels) - self._told, said)

    def _tell(self, known: Iterable[_Known], said: Message) -> set[_Known]:
        told = set()
        for channel in known:
            try:
                self._send(channel.url, said)
                told.add(channel)
            except NotTold as error:
                log.warning(
                    "channel %s was not told that the database is away: %s", one_line(channel.name), error
                )
        return told
