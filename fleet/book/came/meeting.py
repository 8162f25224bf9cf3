"""EDGE. Machines that the book hears of."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from fleet.book.database.dialect import put_new
from fleet.book.tables import machines


def meet(connection: Connection, machine_ids: Sequence[str], at: float) -> None:
    """Have a row of each, and hold it: it is the machine's lock, where several processes write.

    They are always taken in the same order.
    """
    put_new(
        connection,
        machines,
        [{"machine_id": name, "name": "", "first_heard_at": at} for name in machine_ids],
    )
    known = machines.c.machine_id
    connection.execute(select(known).where(known.in_(machine_ids)).order_by(known).with_for_update()).all()
