"""EDGE. The money's pages: reports, the rows behind each figure, and where the two books differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from fleet.book.database.engine import reading
from fleet.book.figures.differences import differences
from fleet.book.figures.money_rows import count_of, rows_of
from fleet.book.figures.takings import takings
from fleet.book.running.notes import read_note
from fleet.book.stripe.marks import read_marks
from fleet.book.typed.naming import Names, names
from fleet.pages.money_tables import About, changes_table, takings_table
from fleet.pages.row_tables import TITLES, differences_table, rows_table
from fleet.reconciling.part import TROUBLE
from fleet.reports.amounts import Money, in_words
from fleet.reports.periods import Period, last_month
from fleet.reports.table import Moment, Table
from fleet.reports.takings import By, Report, report
from fleet.routes.asked import (
    address_of,
    allowed_scope,
    asked_by,
    asked_page,
    asked_period,
    asked_rows,
    asked_scope,
    fields_of,
)
from fleet.routes.csv_file import csv_response
from fleet.routes.dating import dated_later
from fleet.routes.payment import add_payment_pages, payment_address
from fleet.routes.world import World

ON_A_PAGE, IN_A_FILE = 100, 200_000
_LISTED_FOR_S = 60 * 86400.0


@dataclass(frozen=True)
class _Shown:
    """A report as it was asked for, beside the one of the period before."""

    period: Period
    now: Report
    before: Report
    table: Table
    changes: Table
    names: Names
    read_until: Moment | None
    trouble: str
    dated_later: str

    @property
    def is_read(self) -> bool:
        """Whether anything is known of Stripe."""
        return self.read_until is not None


def money(world: World) -> Blueprint:
    """The money's pages."""
    pages = Blueprint("money", __name__)

    @pages.get("/money")
    def page() -> ResponseReturnValue:
        shown = _shown(world)
        today = datetime.fromtimestamp(world.clock(), world.settings.zone).date()
        month = last_month(today)
        periods = {
            "Today": Period(today, today),
            "This month": Period(today.replace(day=1), today),
            "Last month": month,
        }
        return render_template(
            "money.html",
            shown=shown,
            by=asked_by(),
            kinds=list(By),
            periods=periods,
            scope=asked_scope(),
            is_partner=allowed_scope().location_id is not None,
            sums=_sums(shown),
        )

    @pages.get("/money.csv")
    def file() -> ResponseReturnValue:
        return csv_response(_shown(world).table)

    @pages.get("/money/rows/<rows_of>")
    def rows(rows_of: str) -> ResponseReturnValue:
        wanted, page = asked_rows(world, rows_of), asked_page()
        with reading(world.engine) as connection:
            number = count_of(connection, wanted, allowed_scope())
            table = _rows(world, connection, rows_of, ON_A_PAGE, (page - 1) * ON_A_PAGE)
        return render_template(
            "money_rows.html",
            title=TITLES[wanted.rows],
            table=table,
            wanted=wanted,
            fields=fields_of(wanted),
            number=number,
            page=page,
            pages=max(1, -(-number // ON_A_PAGE)),
        )

    @pages.get("/money/rows/<rows_of>.csv")
    def rows_file(rows_of: str) -> ResponseReturnValue:
        with reading(world.engine) as connection:
            return csv_response(_rows(world, connection, rows_of, IN_A_FILE, 0))

    @pages.get("/money/differences")
    def differing() -> ResponseReturnValue:
        with reading(world.engine) as connection:
            marks, trouble = read_marks(connection), read_note(connection, TROUBLE)
        return render_template(
            "money_differences.html",
            table=_differences(world),
            is_read=marks is not None,
            is_set=world.settings.stripe is not None,
            trouble=trouble,
        )

    @pages.get("/money/differences.csv")
    def differing_file() -> ResponseReturnValue:
        return csv_response(_differences(world))

    add_payment_pages(pages, world)
    return pages


def _shown(world: World) -> _Shown:
    by, period, scope = asked_by(), asked_period(world), asked_scope()
    with reading(world.engine) as connection:
        named, marks = names(connection, allowed_scope()), read_marks(connection)
        trouble = read_note(connection, TROUBLE) or ""
        later = dated_later(connection, world, names(connection, scope).machines)
        name = (lambda machine: named.place_of.get(machine, machine)) if by is By.LOCATION else str
        now, before = (
            report(by, takings(connection, by, each, scope), name) for each in (period, period.before)
        )
    read_until = Moment(marks[1], world.settings.zone) if marks else None
    is_read = read_until is not None
    about = About(period, scope.machine_id or "", scope.location_id, named.machines, named.places)
    table = takings_table(now, about, address_of, is_read=is_read)
    compared = changes_table(now, before, period, is_read=is_read)
    return _Shown(period, now, before, table, compared, named, read_until, trouble, later)


def _sums(shown: _Shown) -> dict[str, str]:
    """The figures at the head of the page."""

    def words(field: str) -> str:
        totals = shown.now.totals.items()
        sums = [Money(getattr(each, field), currency) for currency, each in totals if currency]
        return in_words(each for each in sums if each.amount) or "0"

    heads = {"Takings": "takings", "By phone": "phone", "Cash": "cash"}
    heads |= {"Net, after fees": "net"} if shown.is_read else {}
    return {title: words(field) for title, field in heads.items()}


def _rows(world: World, connection: Connection, kind: str, most: int, skipped: int) -> Table:
    wanted = asked_rows(world, kind)
    found = rows_of(connection, wanted, allowed_scope(), most, skipped)
    return rows_table(wanted.rows, found, world.settings.zone, payment_address)


def _differences(world: World) -> Table:
    since_s = world.clock() - _LISTED_FOR_S
    with reading(world.engine) as connection:
        found = differences(connection, since_s, asked_scope())
    return differences_table(found, world.settings.zone, payment_address)
