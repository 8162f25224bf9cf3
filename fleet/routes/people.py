"""EDGE. Who may log in, with which role; people are added here by an owner, the first one by command."""

from __future__ import annotations

import qrcode
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from fleet.book.audit import note_deed
from fleet.book.engine import reading, writing
from fleet.book.location_list import all_locations
from fleet.book.people_list import change_person, count_of_owners, everybody
from fleet.logins.people import LEAST_PASSWORD, add_person, end_logins
from fleet.routes.world import World, person
from fleet.rules.names import read_name
from fleet.rules.roles import Role
from fleet.rules.typed_amounts import BadField


def people(world: World) -> Blueprint:
    """The pages of people."""
    pages = Blueprint("people", __name__, url_prefix="/people")

    @pages.get("")
    def page() -> ResponseReturnValue:
        return _page(world)

    @pages.post("")
    def add() -> ResponseReturnValue:
        return _add(world)

    @pages.post("/<int:number>")
    def change(number: int) -> ResponseReturnValue:
        return _change(world, number)

    return pages


def _add(world: World) -> ResponseReturnValue:
    try:
        with writing(world.engine) as connection:
            name, password = read_name(request.form.get("name", "")), request.form.get("password", "")
            if any(each["name"] == name for each in everybody(connection)):
                raise BadField(f"There is somebody called {name} already: choose another name")
            if len(password) < LEAST_PASSWORD:
                raise BadField(f"A password has at least {LEAST_PASSWORD} characters")
            role, place = _read_role(connection)
            new = add_person(connection, name, role, password, place)
            note_deed(connection, world.clock(), person().name, "person added", name=name, role=role)
    except BadField as why:
        flash(str(why))
        return _page(world), 422
    code = qrcode.QRCode(border=2)
    code.add_data(new.otpauth_url)
    return render_template("person_added.html", name=name, url=new.otpauth_url, code=code.get_matrix())


def _change(world: World, number: int) -> ResponseReturnValue:
    try:
        with writing(world.engine) as connection:
            who = next((each for each in everybody(connection) if each["id"] == number), None)
            if who is None:
                abort(404)
            role, place = _read_role(connection)
            is_active = "is_active" in request.form
            change_person(connection, number, role, place, is_active=is_active)
            if not count_of_owners(connection):
                raise BadField("Somebody has to be the owner: make another one first")
            end_logins(connection, who["name"])
            details = {"name": who["name"], "role": role, "location": place, "may log in": is_active}
            note_deed(connection, world.clock(), person().name, "person changed", **details)
    except BadField as why:
        flash(str(why))
        return _page(world), 422
    flash(f"{who['name']}: kept. They have to log in anew.")
    return redirect(url_for("people.page"), 303)


def _read_role(connection: Connection) -> tuple[Role, int | None]:
    role, place = request.form.get("role", ""), request.form.get("location", "")
    if role not in list(Role):
        raise BadField("Choose a role")
    if role != Role.PARTNER:
        return Role(role), None
    if place not in [str(each["id"]) for each in all_locations(connection)]:
        raise BadField("Choose the one location that the partner sees")
    return Role.PARTNER, int(place)


def _page(world: World) -> str:
    with reading(world.engine) as connection:
        who, places = everybody(connection), all_locations(connection)
    return render_template("people.html", people=who, places=places, roles=list(Role), least=LEAST_PASSWORD)
