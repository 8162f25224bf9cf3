"""EDGE. One machine's page: what it takes, how its pulses are, and all that ever happened to it."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, RowMapping

from fleet.book import one_machine as book
from fleet.book.engine import reading
from fleet.book.places import zones
from fleet.pages import machine_plots as plots
from fleet.pages.machine_tables import machine_table
from fleet.pages.times import ago
from fleet.reports.overview import Heard, Machine
from fleet.reports.table import Table
from fleet.routes.asked import asked_page
from fleet.routes.csv_file import csv_response
from fleet.routes.payment import payment_address
from fleet.routes.world import World, person, seen_location
from fleet.rules.roles import may

_FEW, _PAGE, _MOST_FAULTS, _MOST_LINES = 10, 50, 2000, 100_000


def machine(world: World) -> Blueprint:
    """The pages of one machine."""
    pages = Blueprint("machine", __name__, url_prefix="/machine/<machine_id>")

    @pages.get("")
    def page(machine_id: str) -> ResponseReturnValue:
        with reading(world.engine) as connection:
            row = _known(connection, machine_id)
            zone = zones(connection, world.settings.zone)(machine_id)
            lists = {what: _table(connection, what, machine_id, zone, _FEW, 0) for what in book.LISTS}
            drawn = _drawn(connection, row, zone, world.clock())
        return render_template(
            "machine.html", machine=_view(row), row=row, zone=zone, lists=lists,
            ago=lambda at: ago(at, world.clock()), **drawn,
        )  # fmt: skip

    @pages.get("/<any(sales, games, faults, happenings):what>")
    def rows(machine_id: str, what: str) -> ResponseReturnValue:
        number = asked_page()
        with reading(world.engine) as connection:
            row = _known(connection, machine_id)
            zone = zones(connection, world.settings.zone)(machine_id)
            count = book.count_of(connection, what, machine_id)
            table = _table(connection, what, machine_id, zone, _PAGE, (number - 1) * _PAGE)
        return render_template(
            "machine_rows.html", machine=_view(row), what=what, table=table, zone=zone, count=count,
            number=number, pages=max(-(-count // _PAGE), 1),
        )  # fmt: skip

    @pages.get("/<any(sales, games, faults, happenings):what>.csv")
    def file(machine_id: str, what: str) -> Response:
        with reading(world.engine) as connection:
            _known(connection, machine_id)
            zone = zones(connection, world.settings.zone)(machine_id)
            return csv_response(_table(connection, what, machine_id, zone, _MOST_LINES, 0))

    return pages


def _known(connection: Connection, machine_id: str) -> RowMapping:
    row = book.machine_row(connection, machine_id, seen_location())
    if row is None:
        abort(404)
    return row


def _view(row: RowMapping) -> Machine:
    heard = None
    if row["state"] is not None:
        heard = Heard(row["is_online"], row["is_accepting"], row["state"], row["since_at"])
    return Machine(row["machine_id"], row["name"], row["place"] or "", heard)


def _table(
    connection: Connection, what: str, machine_id: str, zone: tzinfo, most: int, skipped: int
) -> Table:
    found = book.listed(connection, what, machine_id, most, skipped)
    return machine_table(what, machine_id, found, zone, _link)


def _link(payment_id: str) -> str:
    if not may(person().role, "money.payment"):
        return ""
    return payment_address(payment_id)


def _drawn(connection: Connection, row: RowMapping, zone: tzinfo, now: float) -> dict[str, Any]:
    machine_id, hours_ago = row["machine_id"], now - (plots.HOURS - 1) * 3600
    labels = plots.day_labels(now, zone)
    sums = book.day_sums(connection, machine_id, labels[0])
    has_value = row["coin_value"] and row["coin_currency"]
    coin = plots.Coin(row["coin_value"], row["coin_currency"]) if has_value else plots.Coin(1, plots.NO_VALUE)
    phone = book.charged_since(connection, machine_id, hours_ago)
    coins = book.coins_since(connection, machine_id, hours_ago)
    faults = book.faults_since(connection, machine_id, now - plots.DAYS * 86400, _MOST_FAULTS)
    return {
        "by_hour": plots.takings_by_hour([tuple(each) for each in phone], coins, coin, now, zone),
        "by_day": plots.takings_by_day(sums, coin, labels),
        "pulses": plots.pulses_by_day(sums, labels),
        "fault_lines": plots.fault_lines(faults, now),
    }
