"""EDGE. Channels as people type them: added, changed, switched off, taken away."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from fleet.book.alerts.deliveries import forget
from fleet.book.tables import alert_deliveries, channels


@dataclass(frozen=True)
class Channel:
    """A channel as it was typed; an empty `url` keeps the one that is known."""

    name: str
    url: str
    location_id: int | None
    zone: str
    quiet: str
    escalates_after_s: int


class NameTaken(ValueError):
    """Another channel has that name."""


def add(connection: Connection, channel: Channel) -> int:
    """Add a channel, and return its number.

    Raises:
        NameTaken: another has its name.
    """
    _refuse_taken(connection, channel.name, None)
    row = {**vars(channel), "is_active": True}
    number: int = connection.execute(insert(channels).values(row).returning(channels.c.id)).scalar_one()
    return number


def change(connection: Connection, number: int, channel: Channel) -> None:
    """Change a channel.

    Raises:
        NameTaken: another has its name.
    """
    _refuse_taken(connection, channel.name, number)
    values = vars(channel) if channel.url else {key: v for key, v in vars(channel).items() if key != "url"}
    connection.execute(update(channels).where(channels.c.id == number).values(values))


def switch(connection: Connection, number: int, *, on: bool) -> None:
    """Switch a channel on or off; one that is off is not told later what it missed."""
    connection.execute(update(channels).where(channels.c.id == number).values(is_active=on))
    if not on:
        forget(connection, number)


def remove(connection: Connection, number: int) -> None:
    """Take a channel away, with the list of what it was told."""
    connection.execute(delete(alert_deliveries).where(alert_deliveries.c.channel_id == number))
    connection.execute(delete(channels).where(channels.c.id == number))


def read(connection: Connection, number: int) -> Channel | None:
    """A channel; None if there is none."""
    row = connection.execute(select(channels).where(channels.c.id == number)).one_or_none()
    if row is None:
        return None
    return Channel(row.name, row.url, row.location_id, row.zone, row.quiet, row.escalates_after_s)


def _refuse_taken(connection: Connection, name: str, number: int | None) -> None:
    taken = connection.execute(select(channels.c.id).where(channels.c.name == name)).scalar_one_or_none()
    if taken is not None and taken != number:
        raise NameTaken(f"another channel is called {name}: give this one another name")
