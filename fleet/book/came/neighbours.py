"""EDGE. Boots that no message measured, placed anew when a boot beside them began at another time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, func, select

from fleet.book.came.clocks import last_at, told_by
from fleet.book.tables import boots, entries
from fleet.journal.times import Boot, said


def placed_anew(connection: Connection, machine_id: str, was: Boot, now: Boot) -> list[tuple[Boot, Boot]]:
    """The boots around this one that begin elsewhere by that, as they were and as they are.

    The boot itself has been moved, with its entries. Those beside it, up to the next ones that were measured,
    can depend on it.
    """
    ordered = _ordered(connection, machine_id)
    place = [boot.boot for boot in ordered].index(now.boot)
    earlier, later = ordered[:place], ordered[place + 1 :]
    own = told_by(connection, machine_id, now.boot)
    ended_at = now.began_at + (own.last_s if own else 0.0)
    return [
        *_after(connection, machine_id, later, ended_at),
        *_before(connection, machine_id, now, list(reversed(earlier))),
    ]


def _ordered(connection: Connection, machine_id: str) -> list[Boot]:
    """The boots of a machine, in the order of its ledger; those without entries come last."""
    first = select(entries.c.boot, func.min(entries.c.id).label("first"))
    of_it = first.where(entries.c.machine_id == machine_id).group_by(entries.c.boot)
    firsts = {row.boot: row.first for row in connection.execute(of_it)}
    query = select(boots.c.boot, boots.c.began_at, boots.c.is_measured, boots.c.moves)
    found = [Boot(*row) for row in connection.execute(query.where(boots.c.machine_id == machine_id))]
    return sorted(found, key=lambda boot: (boot.boot not in firsts, firsts.get(boot.boot, 0), boot.began_at))


def _after(
    connection: Connection, machine_id: str, later: Sequence[Boot], before_at: float
) -> Iterator[tuple[Boot, Boot]]:
    """Those up to the next one that was measured, from there backwards; what is before has ended."""
    length = next((number for number, boot in enumerate(later) if boot.is_measured), None)
    if length is None:
        return
    after_at = later[length].began_at
    for boot in reversed(later[:length]):
        told = told_by(connection, machine_id, boot.boot)
        placed = said(boot.boot, told, before_at, after_at, boot) if told else boot
        if placed.began_at != boot.began_at:
            yield boot, placed
        after_at = placed.began_at


def _before(
    connection: Connection, machine_id: str, now: Boot, earlier: Sequence[Boot]
) -> Iterator[tuple[Boot, Boot]]:
    """Those down to the last one that was measured; where one stays, all before it do."""
    after_at = now.began_at
    length = next((number for number, boot in enumerate(earlier) if boot.is_measured), len(earlier))
    for number, boot in enumerate(earlier[:length]):
        told = told_by(connection, machine_id, boot.boot)
        before = earlier[number + 1] if number + 1 < len(earlier) else None
        before_at = last_at(connection, machine_id, before.boot) if before else None
        placed = said(boot.boot, told, before_at, after_at, boot) if told else boot
        if placed.began_at == boot.began_at:
            return
        yield boot, placed
        after_at = placed.began_at
