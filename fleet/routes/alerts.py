"""EDGE. The Alerts page: what lasts, what somebody sees to, what is over; and the button for that."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fleet.book.alerts import lists as alert_lists
from fleet.book.alerts.flips import acknowledge
from fleet.book.database.engine import reading, writing
from fleet.book.running.workers import is_alive
from fleet.book.typed.audit import note_deed
from fleet.pages.alerts_page import view
from fleet.routes.world import World, person, seen_location
from fleet.rules.roles import may


def alerts(world: World) -> Blueprint:
    """The alerts' pages."""
    pages, zone = Blueprint("alerts", __name__), world.settings.zone

    @pages.get("/alerts")
    def page() -> ResponseReturnValue:
        before, place, now = request.args.get("before", type=int), seen_location(), world.clock()
        with reading(world.engine) as connection:
            names = alert_lists.names(connection)
            lasting = alert_lists.lasting(connection, names, place)
            is_watched = is_alive(connection, "alerts", now)
            over, goes_on = alert_lists.over(connection, names, place, before)
        return render_template(
            "alerts.html",
            lasting=[view(each, names, zone, now) for each in lasting],
            over=[view(each, names, zone, now) for each in over],
            before=goes_on,
            is_first=before is None,
            is_watched=is_watched,
            may_acknowledge=may(person().role, "alerts.see_to"),
            zone=zone,
        )

    @pages.post("/alerts/<int:number>/acknowledge")
    def see_to(number: int) -> ResponseReturnValue:
        who, now = person().name, world.clock()
        with writing(world.engine) as connection:
            if acknowledge(connection, number, who, now):
                note_deed(connection, now, who, "alert acknowledged", alert=number)
        return redirect(url_for("alerts.page"), 303)

    return pages
