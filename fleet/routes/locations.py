"""EDGE. Locations, and which machines are in them: what people say, and no cabinet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from cloud_relay.zones import zone_named
from fleet.book.database.engine import reading, writing
from fleet.book.typed import locations as book
from fleet.book.typed.audit import note_deed
from fleet.book.typed.locations import Location, Setting
from fleet.pages.location_form import DAY_NAMES, fields_of, opening_of, opening_words, share_of
from fleet.reports.amounts import Money
from fleet.reports.shares import Deduction
from fleet.reports.table import one_line
from fleet.routes.dating import date_now
from fleet.routes.world import World, person
from fleet.rules.typed_amounts import read_amount, read_currency, read_text

_DEDUCTIONS = {Deduction.FEES: "Stripe's fees", Deduction.REFUNDS: "refunds", Deduction.TESTS: "test credits"}
_Typed = Mapping[str, str]


def locations(world: World) -> Blueprint:
    """The locations' pages, and the settings of machines."""
    pages = Blueprint("locations", __name__)

    @pages.get("/locations")
    def page() -> ResponseReturnValue:
        return _page(world, {"zone": str(world.settings.zone)}, None)

    @pages.post("/locations")
    def add() -> ResponseReturnValue:
        return _keep(world, None)

    @pages.get("/locations/<int:number>")
    def edit(number: int) -> ResponseReturnValue:
        with reading(world.engine) as connection:
            found = book.read_location(connection, number) or abort(404)
        return _page(world, _typed(found), number)

    @pages.post("/locations/<int:number>")
    def change(number: int) -> ResponseReturnValue:
        return _keep(world, number)

    @pages.get("/machines/<machine_id>/settings")
    def settings(machine_id: str) -> ResponseReturnValue:
        with reading(world.engine) as connection:
            found = book.read_setting(connection, machine_id) or abort(404)
        return _settings_page(world, machine_id, _set_fields(found))

    @pages.post("/machines/<machine_id>/settings")
    def set_machine(machine_id: str) -> ResponseReturnValue:
        try:
            with writing(world.engine) as connection:
                _set(world, connection, machine_id)
        except ValueError as why:
            return _settings_page(world, machine_id, request.form, str(why)), 422
        flash(f"Kept. {date_now(world)}".strip())
        return redirect(url_for("machine.page", machine_id=machine_id), 303)

    return pages


def _keep(world: World, number: int | None) -> ResponseReturnValue:
    try:
        new = _read(request.form)
        with writing(world.engine) as connection:
            if number is None:
                book.add_location(connection, new)
            else:
                _change(connection, number, new)
            what = "location added" if number is None else "location changed"
            note_deed(connection, world.clock(), person().name, what, **asdict(new))
    except ValueError as why:
        return _page(world, request.form, number, str(why)), 422
    flash(f"{one_line(new.name)}: kept. {date_now(world)}".strip())
    return redirect(url_for("locations.page"), 303)


def _change(connection: Connection, number: int, new: Location) -> None:
    book.read_location(connection, number) or abort(404)
    book.change_location(connection, number, new)


def _set(world: World, connection: Connection, machine_id: str) -> None:
    before = book.read_setting(connection, machine_id) or abort(404)
    new = _read_setting(request.form, book.location_names(connection))
    book.set_machine(connection, machine_id, new)
    changed = {name: value for name, value in asdict(new).items() if value != asdict(before)[name]}
    note_deed(connection, world.clock(), person().name, "machine changed", machine_id, **changed)


def _read(form: _Typed) -> Location:
    zone = form.get("zone", "").strip()
    try:
        zone_named(zone)
    except ValueError as why:
        raise ValueError(f"Time zone: {why}") from None
    agreed = tuple(str(each) for each in Deduction if each in form)
    return Location(
        one_line(read_text(form.get("name", ""), "name", 200, is_needed=True)),
        zone,
        opening_of(form),
        one_line(read_text(form.get("owner_name", ""), "owner's name", 200)),
        share_of(form.get("share", "")),
        agreed,
    )


def _read_setting(form: _Typed, places: Mapping[int, str]) -> Setting:
    place, value = form.get("location", ""), form.get("coin_value", "").strip()
    if place and (not (place.isascii() and place.isdecimal()) or int(place) not in places):
        raise ValueError("Location: there is none like that any more; choose another")
    currency = read_currency(form.get("coin_currency", "")) if value else None
    worth = read_amount(value, currency) if currency else None
    name = one_line(read_text(form.get("name", ""), "name", 200))
    return Setting(name, int(place) if place else None, worth or None, currency if worth else None)


def _typed(found: Location) -> dict[str, str]:
    return {
        **fields_of(found.opening),
        **dict.fromkeys(found.deductions, "on"),
        "name": found.name,
        "zone": found.zone,
        "owner_name": found.owner_name,
        "share": f"{found.owner_share_percent:g}",
    }


def _set_fields(found: Setting) -> dict[str, str]:
    money = Money(found.coin_value, found.coin_currency) if found.coin_value and found.coin_currency else None
    return {
        "name": found.name,
        "location": "" if found.location_id is None else str(found.location_id),
        "coin_value": money.plain if money else "",
        "coin_currency": money.currency.upper() if money else "",
    }


def _page(world: World, typed: _Typed, editing: int | None, wrong: str = "") -> str:
    with reading(world.engine) as connection:
        found, machines = book.all_locations(connection), book.all_machines(connection)
    return render_template(
        "locations.html",
        locations=found,
        machines=machines,
        typed=typed,
        editing=editing,
        wrong=wrong,
        weekdays=DAY_NAMES,
        deductions={str(each): words for each, words in _DEDUCTIONS.items()},
        opening_words=opening_words,
        coin=_coin,
        one_line=one_line,
    )


def _coin(machine: Any) -> str:
    return Money(machine.coin_value, machine.coin_currency).words if machine.coin_value else ""


def _settings_page(world: World, machine_id: str, typed: _Typed, wrong: str = "") -> str:
    with reading(world.engine) as connection:
        places = book.location_names(connection)
    return render_template(
        "machine_settings.html", machine_id=machine_id, typed=typed, places=places, wrong=wrong
    )
