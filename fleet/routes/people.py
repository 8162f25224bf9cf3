"""EDGE. Who may come in, and as what; only an owner sees this page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from fleet.book.database.engine import reading, writing
from fleet.book.typed.audit import note_deed
from fleet.book.typed.locations import location_names
from fleet.logins.codes import as_picture
from fleet.logins.people import (
    LEAST_PASSWORD,
    add_person,
    change_person,
    checked_password,
    checked_place,
    everybody,
)
from fleet.reports.table import one_line
from fleet.routes.world import World, person
from fleet.rules.roles import Role
from fleet.rules.typed_amounts import read_text

# What was done to somebody: their name, and the address of their new code if there is one.
_Done = tuple[str, str | None]


def people(world: World) -> Blueprint:
    """The people's pages."""
    pages = Blueprint("people", __name__, url_prefix="/people")

    @pages.get("")
    def page() -> ResponseReturnValue:
        return _page(world)

    @pages.post("")
    def add() -> ResponseReturnValue:
        return _answer(world, lambda connection: _add(world, connection))

    @pages.post("/<int:number>")
    def change(number: int) -> ResponseReturnValue:
        return _answer(world, lambda connection: _change(world, connection, number))

    @pages.post("/<int:number>/renew")
    def renew(number: int) -> ResponseReturnValue:
        return _answer(world, lambda connection: _renew(world, connection, number))

    @pages.post("/<int:number>/<any(on, off):what>")
    def switch(number: int, what: str) -> ResponseReturnValue:
        return _answer(world, lambda connection: _switch(world, connection, number, what))

    return pages


def _answer(world: World, deed: Callable[[Connection], _Done]) -> ResponseReturnValue:
    try:
        with writing(world.engine) as connection:
            name, url = deed(connection)
    except ValueError as why:
        return _page(world, str(why)), 422
    if url is not None:
        return _code_page(name, url)
    flash(f"{one_line(name)}: kept.")
    return redirect(url_for("people.page"), 303)


def _add(world: World, connection: Connection) -> _Done:
    name = one_line(read_text(request.form.get("name", ""), "name", 200, is_needed=True))
    password = checked_password(request.form.get("password", ""))
    if any(each.name.casefold() == name.casefold() for each in everybody(connection)):
        raise ValueError(f"There is a {name} already: give a new password and code below that name")
    role, place = _role_and_place(connection)
    new = add_person(connection, name, role, password, place)
    _note(world, connection, "person added", name, role=role, location=place)
    return name, new.otpauth_url


def _change(world: World, connection: Connection, number: int) -> _Done:
    whom = _known(connection, number)
    role, place = _role_and_place(connection)
    change_person(connection, number, role, place, is_active=whom.is_active)
    _note(world, connection, "person changed", whom.name, role=role, location=place)
    return whom.name, None


def _renew(world: World, connection: Connection, number: int) -> _Done:
    whom = _known(connection, number)
    password = checked_password(request.form.get("password", ""))
    # A new password lets nobody in who was switched off.
    new = add_person(
        connection, whom.name, Role(whom.role), password, whom.location_id, is_active=whom.is_active
    )
    _note(world, connection, "person let in anew", whom.name)
    return whom.name, new.otpauth_url


def _switch(world: World, connection: Connection, number: int, what: str) -> _Done:
    whom = _known(connection, number)
    change_person(connection, number, Role(whom.role), whom.location_id, is_active=what == "on")
    _note(world, connection, f"person switched {what}", whom.name)
    return whom.name, None


def _role_and_place(connection: Connection) -> tuple[Role, int | None]:
    role, place = request.form.get("role", ""), request.form.get("location", "")
    if role not in list(Role):
        raise ValueError(f"{role!r:.20} is no role: choose one of {', '.join(Role)}")
    if place and (
        not (place.isascii() and place.isdecimal()) or int(place) not in location_names(connection)
    ):
        raise ValueError("Location: there is none like that any more; choose another")
    return Role(role), checked_place(Role(role), int(place) if place else None)


def _known(connection: Connection, number: int) -> Any:
    return next((each for each in everybody(connection) if each.id == number), None) or abort(404)


def _note(world: World, connection: Connection, what: str, name: str, **details: Any) -> None:
    note_deed(connection, world.clock(), person().name, what, person=name, **details)


def _page(world: World, wrong: str = "") -> str:
    with reading(world.engine) as connection:
        found, places = everybody(connection), location_names(connection)
    return render_template(
        "people.html",
        people=found,
        places=places,
        roles=[str(role) for role in Role],
        wrong=wrong,
        least=LEAST_PASSWORD,
        typed=request.form if request.endpoint == "people.add" else {},
    )


def _code_page(name: str, url: str) -> str:
    secret = parse_qs(urlsplit(url).query)["secret"][0]
    return render_template("person_code.html", name=name, picture=as_picture(url), secret=secret)
