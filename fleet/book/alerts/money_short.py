"""EDGE. In what Stripe's book and the cabinets' differ beyond what is on its way, machine by machine."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, func, select

from fleet.book.figures.differences import differences
from fleet.book.stripe.marks import read_marks
from fleet.book.tables import entries, ledgers, machines
from fleet.book.typed.scopes import Scope
from fleet.reports.amounts import added_up, in_words
from fleet.reports.two_books import Difference, Trouble

WINDOW_S = 30 * 86400.0
_TOLD_ELSEWHERE = (Trouble.CONFLICT, Trouble.HELD)


def money_short(connection: Connection, now: float) -> dict[str, str]:
    """Each machine with a journal, and what is wrong ("": nothing); nobody before Stripe was read."""
    if read_marks(connection) is None:
        return {}
    journals = _journals(connection)
    found: dict[str, list[Difference]] = defaultdict(list)
    for each in differences(connection, now - WINDOW_S, Scope()):
        if each.trouble not in _TOLD_ELSEWHERE and not _may_come(each, journals):
            found[each.machine_id].append(each)
    return {machine_id: _text(found.get(machine_id, [])) for machine_id in {*journals, *found}}


def _text(found: list[Difference]) -> str:
    """The differences of a machine, newest first, in one line."""
    if not found:
        return ""
    sums = in_words(added_up(each.money for each in found))
    if len(found) == 1:
        return f"payment {found[0].payment_id} ({sums}): {found[0].trouble}"
    return f"{len(found)} payments ({sums}), the last: {found[0].trouble}"


def _may_come(each: Difference, journals: dict[str, tuple[float, float]]) -> bool:
    """Whether a cabinet that does not tell of a payment may still do so, or never kept a journal of it."""
    if each.trouble is not Trouble.UNTOLD or each.stripe is None:
        return False
    began_at, heard_at = journals.get(each.machine_id, (float("inf"), 0.0))
    return not began_at < each.stripe.at_s < heard_at - 3600


def _journals(connection: Connection) -> dict[str, tuple[float, float]]:
    """Since when the book has each machine's journal, and when that was heard last."""
    of_it = machines.c.machine_id
    first = select(entries.c.at).where(entries.c.machine_id == of_it).order_by(entries.c.at).limit(1)
    heard = select(func.max(ledgers.c.heard_at)).where(ledgers.c.machine_id == of_it)
    rows = connection.execute(select(of_it, first.scalar_subquery(), heard.scalar_subquery()))
    return {
        machine_id: (began_at, heard_at) for machine_id, began_at, heard_at in rows if heard_at and began_at
    }
