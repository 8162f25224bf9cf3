"""EDGE. What anybody did here, newest first; nothing changes it."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from fleet.book.database.engine import reading
from fleet.book.typed.audit import deeds
from fleet.pages.audit_table import audit_table
from fleet.routes.csv_file import csv_response
from fleet.routes.world import World

_AT_ONCE = 50
_MOST_IN_FILE = 100_000


def audit(world: World) -> Blueprint:
    """The audit's page and its file."""
    pages = Blueprint("audit", __name__, url_prefix="/audit")

    @pages.get("")
    def page() -> ResponseReturnValue:
        machine_id = request.args.get("machine", "").strip()[:64]
        with reading(world.engine) as connection:
            rows = deeds(connection, _AT_ONCE + 1, request.args.get("before", type=int), machine_id)
        return render_template(
            "audit.html",
            table=audit_table(rows[:_AT_ONCE], world.settings.zone),
            older=rows[_AT_ONCE - 1].id if len(rows) > _AT_ONCE else None,
            machine_id=machine_id,
        )

    @pages.get("/file.csv")
    def file() -> ResponseReturnValue:
        with reading(world.engine) as connection:
            rows = deeds(connection, _MOST_IN_FILE, None, request.args.get("machine", "").strip()[:64])
        return csv_response(audit_table(rows, world.settings.zone))

    return pages
