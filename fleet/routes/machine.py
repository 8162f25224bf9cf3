"""EDGE. One machine's page: how it is, what it took, what went wrong, and every sale with its pulses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from fleet.book.database.engine import reading
from fleet.book.figures import machine as book
from fleet.book.figures.overview import machines_now
from fleet.book.typed.places import zones
from fleet.pages.times import ago
from fleet.plots.draw import bars, time_line
from fleet.reports import machine as report
from fleet.reports.amounts import in_words
from fleet.reports.overview import Machine
from fleet.reports.table import Table
from fleet.routes.csv_file import csv_response
from fleet.routes.dating import dated_later
from fleet.routes.payment import payment_address
from fleet.routes.world import World, person, seen_location
from fleet.rules.roles import may

SHOWN_DAYS = 30
_AT_ONCE, _FIRST = 50, 8
# A file that a spreadsheet still opens; who needs more has the money page's files, by period.
_MOST_IN_FILE = 100_000
_MOST_LINES = 500
TITLES = {
    "days": "Days",
    "pulses": "Pulses that went wrong",
    "sales": "Sales",
    "games": "Games",
    "faults": "Faults",
    "starts": "Starts and versions",
    "technicians": "What technicians did",
}
# In an image nothing runs, and its own style is all that it has.
_PLOT_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}


@dataclass(frozen=True)
class _Seen:
    """The machine that was asked for, where it stands, and the days that are shown of it."""

    connection: Connection
    machine: Machine
    zone: tzinfo
    now: float

    @property
    def labels(self) -> list[str]:
        """The shown days, the last being today where it stands."""
        today = datetime.fromtimestamp(self.now, UTC).astimezone(self.zone).date()
        return [str(today - timedelta(days=ago_days)) for ago_days in range(SHOWN_DAYS - 1, -1, -1)]

    @property
    def since_at(self) -> float:
        """When the first of them began."""
        return datetime.fromisoformat(self.labels[0]).replace(tzinfo=self.zone).timestamp()

    @property
    def days(self) -> list[report.Day]:
        """Their sums."""
        labels = self.labels
        return book.days_of(self.connection, self.machine.machine_id, labels[0], labels[-1])

    @property
    def coins(self) -> report.Coins:
        """What its coins are worth."""
        return book.coin_of(self.connection, self.machine.machine_id)


def machine(world: World) -> Blueprint:
    """The machine's pages, tables, files and plots."""
    pages = Blueprint("machine", __name__, url_prefix="/machines/<machine_id>")

    def seen(connection: Connection, machine_id: str) -> _Seen:
        """The machine, if whoever asks may see it; otherwise there is none."""
        now, otherwise = world.clock(), world.settings.zone
        found = machines_now(connection, otherwise, now, seen_location(), machine_id)
        if not found:
            abort(404)
        return _Seen(connection, found[0], zones(connection, otherwise)(machine_id), now)

    @pages.get("")
    def page(machine_id: str) -> ResponseReturnValue:
        with reading(world.engine) as connection:
            asked = seen(connection, machine_id)
            days = asked.days
            return render_template(
                "machine.html",
                machine=asked.machine,
                version=book.version_of(connection, machine_id),
                dated_later=dated_later(connection, world, {machine_id}),
                games=book.games_of(connection, machine_id, asked.since_at),
                currencies=report.currencies_of(days, asked.coins),
                went_wrong=any(day.in_doubt or day.uncounted for day in days),
                had_faults=bool(book.faults_since(connection, machine_id, asked.since_at, 1)),
                tables={what: _table(asked, what, _FIRST)[0] for what in TITLES},
                titles=TITLES,
                days=SHOWN_DAYS,
                words=in_words,
                ago=lambda at: ago(at, asked.now),
            )

    @pages.get("/<any(days, pulses, sales, games, faults, starts, technicians):what>")
    def rows(machine_id: str, what: str) -> ResponseReturnValue:
        with reading(world.engine) as connection:
            asked = seen(connection, machine_id)
            table, older = _table(asked, what, _AT_ONCE, _mark(what))
        return render_template(
            "machine_rows.html",
            machine=asked.machine,
            what=what,
            title=TITLES[what],
            table=table,
            older=older,
        )

    @pages.get("/<any(days, pulses, sales, games, faults, starts, technicians):what>.csv")
    def file(machine_id: str, what: str) -> ResponseReturnValue:
        with reading(world.engine) as connection:
            table, _ = _table(seen(connection, machine_id), what, _MOST_IN_FILE)
        return csv_response(table)

    @pages.get("/<any(days, hours, pulses, faults):what>.svg")
    def plot(machine_id: str, what: str) -> ResponseReturnValue:
        with reading(world.engine) as connection:
            asked, currency = seen(connection, machine_id), request.args.get("currency", "")
            if what in ("days", "hours") and currency not in report.currencies_of(asked.days, asked.coins):
                abort(404)
            drawn = _plot(asked, what, currency, is_narrow="narrow" in request.args)
        return Response(drawn, mimetype="image/svg+xml", headers=_PLOT_HEADERS)

    return pages


def _table(asked: _Seen, what: str, most: int, before: book.Mark | None = None) -> tuple[Table, str]:
    """A table, and the mark behind which it goes on; "" where nothing is left."""
    name = f"{what}-{asked.machine.machine_id}"
    if what == "days":
        return report.days_table(name, asked.days, asked.coins).first(most), ""
    if what == "pulses":
        return report.pulses_table(name, asked.days).first(most), ""
    rows = book.rows_of(asked.connection, what, asked.machine.machine_id, most + 1, before)
    older = book.mark_of(what, rows[most - 1]) if len(rows) > most else None
    rows = rows[:most]
    if what == "sales":
        table = report.sales_table(name, rows, asked.zone, _payment_link)
    elif what == "games":
        table = report.games_table(name, rows, asked.zone)
    elif what == "faults":
        table = report.faults_table(name, rows, asked.zone)
    else:
        table = report.happenings_table(name, rows, asked.zone)
    return table, "" if older is None else f"{older.at!r},{older.key}"


def _payment_link(payment_id: str) -> str:
    return payment_address(payment_id) if may(person().role, "money.payment") else ""


def _mark(what: str) -> book.Mark | None:
    """Behind which row the page begins; what is no mark begins at the newest."""
    at, _, key = request.args.get("before", "").partition(",")
    try:
        return book.Mark(float(at), key if what == "sales" else int(key))
    except ValueError:
        return None


def _plot(asked: _Seen, what: str, currency: str, *, is_narrow: bool) -> bytes:
    machine_id, since_at = asked.machine.machine_id, asked.since_at
    if what == "faults":
        faults = book.faults_since(asked.connection, machine_id, since_at, _MOST_LINES)
        lines = report.stretches(faults, since_at, asked.now)
        return time_line(lines, since_at, asked.now, asked.zone, is_narrow=is_narrow)
    if what == "pulses":
        return bars(report.pulses_by_day(asked.days, asked.labels), is_narrow=is_narrow)
    if what == "days":
        taken = report.takings_by_day(asked.days, asked.coins, asked.labels, currency)
        return bars(taken, is_narrow=is_narrow)
    quarters = book.quarters_of(asked.connection, machine_id, since_at)
    coin_quarters = book.coin_quarters_of(asked.connection, machine_id, since_at)
    taken = report.takings_by_hour(quarters, coin_quarters, asked.coins, asked.zone, currency)
    return bars(taken, is_narrow=is_narrow)
