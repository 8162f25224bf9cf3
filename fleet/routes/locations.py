"""EDGE. Where machines stand: places with their zone, hours and owner, and what people call the machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from cloud_relay.zones import zone_named
from fleet.book import location_list as book
from fleet.book.audit import note_deed
from fleet.book.engine import reading, writing
from fleet.pages import location_form as forms
from fleet.reports.shares import Deduction
from fleet.reports.table import one_line
from fleet.routes.world import World, person
from fleet.rules.opening import WEEKDAYS, parse_opening
from fleet.rules.typed_amounts import BadField, read_text

_DAYS_STAY = "Days that are over keep their figures as they are: `python -m fleet rebuild` counts them anew."


def locations(world: World) -> Blueprint:
    """The pages of locations."""
    pages = Blueprint("locations", __name__, url_prefix="/locations")

    @pages.get("")
    def page() -> ResponseReturnValue:
        return _page(world, {}, None)

    @pages.get("/<int:number>")
    def edit(number: int) -> ResponseReturnValue:
        with reading(world.engine) as connection:
            row = next((each for each in book.all_locations(connection) if each["id"] == number), None)
        if row is None:
            abort(404)
        return _page(world, {**row, **forms.opening_fields(row["opening"])}, number)

    @pages.post("")
    def add() -> ResponseReturnValue:
        return _keep(world, None)

    @pages.post("/<int:number>")
    def change(number: int) -> ResponseReturnValue:
        return _keep(world, number)

    @pages.post("/machines/<machine_id>")
    def place(machine_id: str) -> ResponseReturnValue:
        return _place(world, machine_id)

    return pages


def _place(world: World, machine_id: str) -> ResponseReturnValue:
    try:
        with writing(world.engine) as connection:
            numbers = [each["id"] for each in book.all_locations(connection)]
            values = forms.machine_values(request.form, numbers)
            if not book.keep_machine(connection, machine_id, values):
                abort(404)
            note_deed(connection, world.clock(), person().name, "machine changed", machine_id, **values)
    except BadField as why:
        flash(str(why))
        return _page(world, {}, None), 422
    flash(f"{machine_id}: kept. {_DAYS_STAY}")
    return redirect(url_for("locations.page"), 303)


def _keep(world: World, number: int | None) -> ResponseReturnValue:
    try:
        with writing(world.engine) as connection:
            location = _read(connection, number)
            if not book.keep_location(connection, number, location):
                abort(404)
            what = "location added" if number is None else "location changed"
            note_deed(connection, world.clock(), person().name, what, **vars(location))
    except ValueError as why:
        flash(str(why))
        return _page(world, {**request.form, "deductions": request.form.getlist("deductions")}, number), 422
    flash(f"{location.name}: kept." + (f" {_DAYS_STAY}" if number else ""))
    return redirect(url_for("locations.page"), 303)


def _read(connection: Connection, number: int | None) -> book.Location:
    form = request.form
    name = one_line(read_text(form.get("name", ""), "name", 200, is_needed=True))
    if book.location_named(connection, name) not in (None, number):
        raise BadField(f"There is a location called {name} already: choose another name")
    zone = form.get("zone", "").strip()
    try:
        opening = forms.opening_text(form)
        if opening:
            parse_opening(opening, zone_named(zone))
        zone_named(zone)
    except ValueError as why:
        raise BadField(f"{zone or 'Time zone'}: {why}") from None
    return book.Location(
        name,
        zone,
        opening,
        one_line(read_text(form.get("owner_name", ""), "owner's name", 200)),
        forms.percent(form.get("owner_share_percent", "")),
        forms.deductions_text(form.getlist("deductions")),
    )


def _page(world: World, typed: Mapping[str, Any], number: int | None) -> str:
    with reading(world.engine) as connection:
        places, machines = book.all_locations(connection), book.machine_places(connection)
    return render_template(
        "locations.html", places=places, machines=machines, number=number, weekdays=WEEKDAYS,
        typed={"zone": str(world.settings.zone), **typed}, deductions=list(Deduction),
        coin_words=forms.coin_words,
    )  # fmt: skip
