"""EDGE. The audit log: who did what, and when."""

from __future__ import annotations

import json

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from fleet.book.audit_list import count_of_deeds, deeds
from fleet.book.engine import reading
from fleet.reports.table import Cell, Moment, Table
from fleet.routes.asked import asked_page
from fleet.routes.csv_file import csv_response
from fleet.routes.world import World

_PAGE, _MOST_LINES = 100, 100_000


def audit(world: World) -> Blueprint:
    """The audit log's pages."""
    pages = Blueprint("audit", __name__, url_prefix="/audit")

    @pages.get("")
    def page() -> ResponseReturnValue:
        number = asked_page()
        with reading(world.engine) as connection:
            count = count_of_deeds(connection)
            table = _table(world, connection, _PAGE, (number - 1) * _PAGE)
        last = max(-(-count // _PAGE), 1)
        return render_template("audit.html", table=table, count=count, number=number, pages=last)

    @pages.get(".csv")
    def file() -> Response:
        with reading(world.engine) as connection:
            return csv_response(_table(world, connection, _MOST_LINES, 0))

    return pages


def _table(world: World, connection: Connection, most: int, skipped: int) -> Table:
    rows = tuple(
        (
            Cell(Moment(row["at"], world.settings.zone)),
            Cell(row["who"]),
            Cell(row["what"]),
            Cell(row["machine_id"]),
            Cell(_words(row["details"])),
        )
        for row in deeds(connection, most, skipped)
    )
    return Table("audit", ("when", "who", "what", "machine", "details"), rows)


def _words(details: str) -> str:
    return ", ".join(f"{name} {value}" for name, value in json.loads(details).items())
