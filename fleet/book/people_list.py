"""EDGE. The people who may log in, as the owner sees and changes them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, func, select, update

from fleet.book.tables import locations, people
from fleet.rules.roles import Role


def everybody(connection: Connection) -> Sequence[RowMapping]:
    """All people by name, without what is secret of them."""
    who = people.c
    query = select(
        who.id, who.name, who.role, who.is_active, who.location_id, locations.c.name.label("place")
    )
    joined = query.outerjoin_from(people, locations, locations.c.id == who.location_id)
    return connection.execute(joined.order_by(who.name)).mappings().all()


def change_person(
    connection: Connection, number: int, role: Role, location_id: int | None, *, is_active: bool
) -> None:
    """Give somebody another role or place, or shut them out."""
    values = {"role": role, "location_id": location_id, "is_active": is_active}
    connection.execute(update(people).where(people.c.id == number).values(values))


def count_of_owners(connection: Connection) -> int:
    """How many owners may log in."""
    query = select(func.count()).select_from(people).where(people.c.role == Role.OWNER, people.c.is_active)
    return int(connection.execute(query).scalar_one())
