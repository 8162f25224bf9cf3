"""EDGE. The Alerts page: what lasts, what somebody sees to, what is over; and the button for that."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from fleet.book import alert_lists, audit
from fleet.book.alerts import acknowledge
from fleet.book.engine import reading, writing
from fleet.pages.alerts_page import view
from fleet.routes.desk import Desk

ACKNOWLEDGERS = ("owner", "staff")


def alerts_blueprint(desk: Desk) -> Blueprint:
    """The pages under /alerts."""
    blueprint = Blueprint("alerts", __name__, url_prefix="/alerts")

    @blueprint.get("")
    def show() -> str:
        person, now = desk.person(), desk.clock()
        place = person.location_id if person.role == "partner" else None
        if person.role == "partner" and place is None:
            abort(403)
        with reading(desk.engine) as connection:
            names = alert_lists.names(connection)
            lasting = alert_lists.lasting(connection, names, place)
            before = request.args.get("before", type=int)
            over = alert_lists.over(connection, names, place, before)
        return render_template(
            "alerts.html",
            lasting=[view(each, names, desk.zone, now) for each in lasting],
            over=[view(each, names, desk.zone, now) for each in over],
            before=over[-1].number if len(over) == alert_lists.PAGE else None,
            is_first=before is None,
            may_acknowledge=person.role in ACKNOWLEDGERS,
            zone=desk.zone_name,
        )

    @blueprint.post("/<int:number>/acknowledge")
    def see_to(number: int) -> Response:
        person = desk.person()
        if person.role not in ACKNOWLEDGERS:
            abort(403)
        with writing(desk.engine) as connection:
            if acknowledge(connection, number, person.name, desk.clock()):
                audit.note(connection, person.name, "alert acknowledged", desk.clock(), alert=number)
        return redirect(url_for("alerts.show"), 303)

    return blueprint
