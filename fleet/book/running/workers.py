"""EDGE. What runs for this fleet, what the fleet found wrong, and which process works for all."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from fleet.book.database.engine import writing
from fleet.book.tables import leases, troubles, workers

ALIVE_S = 60.0
"""A worker that said nothing for so long is gone; each says so every 15 s."""
FORGOTTEN_S = 86400.0


def beat(connection: Connection, part: str, worker: str, now: float, trouble: str = "") -> None:
    """Say that a worker runs, and what keeps it from its work ("": nothing)."""
    mine = and_(workers.c.part == part, workers.c.worker == worker)
    before = connection.execute(select(workers.c.trouble).where(mine)).scalar_one_or_none()
    if before is None:
        connection.execute(delete(workers).where(workers.c.beat_at < now - FORGOTTEN_S))
        row = {"part": part, "worker": worker, "beat_at": now, "since_at": now, "trouble": trouble}
        connection.execute(insert(workers).values(row))
        return
    since = {} if bool(before) == bool(trouble) else {"since_at": now}
    connection.execute(update(workers).where(mine).values(beat_at=now, trouble=trouble, **since))


def is_alive(connection: Connection, part: str, now: float) -> bool:
    """Whether a worker of this part has said lately that it runs."""
    alive = select(workers.c.worker).where(workers.c.part == part, workers.c.beat_at > now - ALIVE_S)
    return connection.execute(alive.limit(1)).first() is not None


def say_trouble(
    connection: Connection, subject: str, kind: str, text: str, now: float, for_s: float = 600.0
) -> None:
    """Say what is wrong with a machine, or with the fleet; it counts so long if it is not said again."""
    this = and_(troubles.c.subject == subject, troubles.c.kind == kind)
    values = {"text": text, "until_at": now + for_s}
    if connection.execute(update(troubles).where(this).values(values)).rowcount == 0:
        row = {"subject": subject, "kind": kind, "began_at": now, **values}
        connection.execute(insert(troubles).values(row))


def end_trouble(connection: Connection, subject: str, kind: str) -> None:
    """Say that it is over."""
    connection.execute(delete(troubles).where(troubles.c.subject == subject, troubles.c.kind == kind))


def make_lease(engine: Engine, name: str) -> None:
    """Make the lease of a work, if there is none yet."""
    try:
        with writing(engine) as connection:
            if connection.execute(select(leases.c.name).where(leases.c.name == name)).first() is None:
                connection.execute(insert(leases).values(name=name, holder="", until_at=0))
    except IntegrityError:
        return  # another process made it at the same moment


def hold_lease(connection: Connection, name: str, holder: str, now: float, for_s: float) -> bool:
    """Whether this holder has the work now: by one update that changed exactly one row.

    Until the transaction ends nobody else can hold it, whatever their clock says.
    """
    is_free = or_(leases.c.holder == holder, leases.c.until_at <= now)
    held = update(leases).where(leases.c.name == name, is_free).values(holder=holder, until_at=now + for_s)
    return connection.execute(held).rowcount == 1
