"""EDGE. Cash that people take out, and the statements for the owners of places."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cloud_relay.zones import zone_named
from fleet.book.database.engine import reading, writing
from fleet.book.figures.shares import Span, parts_of_place
from fleet.book.stripe.marks import read_marks
from fleet.book.typed.audit import note_deed
from fleet.book.typed.cash import NewCollection, collected, save_collection
from fleet.book.typed.naming import Names, names, places
from fleet.book.typed.posts import answer_of, answer_post, take_post
from fleet.pages.cash_tables import collections_table, variances_table
from fleet.pages.statement import Statement, Terms, statement
from fleet.paper.pdf import statement_pdf
from fleet.reports.amounts import Money
from fleet.reports.cash import Collected, variances
from fleet.reports.periods import Period, last_month
from fleet.reports.shares import Deduction
from fleet.routes.asked import allowed_scope, asked_period, asked_scope
from fleet.routes.csv_file import csv_response
from fleet.routes.dating import dated_later
from fleet.routes.world import World, person
from fleet.rules.typed_amounts import BadField, read_amount, read_currency, read_moment, read_text

_SENT_BEFORE = "This form was sent before: the collection is in the list once."


def collections(world: World) -> Blueprint:
    """The pages of collections and statements."""
    pages = Blueprint("collections", __name__)

    @pages.get("/collections")
    def page() -> ResponseReturnValue:
        return _page(world)

    @pages.post("/collections")
    def record() -> ResponseReturnValue:
        try:
            said = _record(world)
        except BadField as why:
            return _page(world, f"Nothing was recorded. {why}.", 400)
        flash(said)
        return redirect(url_for("collections.page"))

    @pages.get("/collections.csv")
    def file() -> ResponseReturnValue:
        found, named, _ = _found(world)
        return csv_response(collections_table(found, named.machines, world.settings.zone))

    @pages.get("/statement", endpoint="statement")
    def show() -> ResponseReturnValue:
        with reading(world.engine) as connection:
            known = places(connection, allowed_scope().location_id)
            later = dated_later(connection, world, names(connection, asked_scope()).machines)
        return render_template(
            "statement.html",
            dated_later=later,
            made=_statement(world),
            places=known,
            period=_statement_period(world),
            location_id=asked_scope().location_id,
        )

    @pages.get("/statement.csv")
    def statement_file() -> ResponseReturnValue:
        return csv_response((_statement(world) or abort(404)).file)

    @pages.get("/statement.pdf", endpoint="statement_pdf")
    def paper() -> ResponseReturnValue:
        made = _statement(world) or abort(404)
        headers = {"Content-Disposition": f'inline; filename="statement-{made.period.first}.pdf"'}
        return Response(statement_pdf(made, _today(world)), mimetype="application/pdf", headers=headers)

    return pages


@dataclass(frozen=True)
class _Form:
    """The form as it was typed, to be shown again where something was wrong."""

    machine: str = ""
    counted: str = ""
    currency: str = ""
    at: str = ""
    collector: str = ""
    note: str = ""


def _page(world: World, wrong: str = "", status: int = 200) -> ResponseReturnValue:
    found, named, period = _found(world)
    typed = {name: request.form.get(name, "") for name in _Form.__annotations__}
    if not typed["collector"]:
        typed["collector"] = person().name
    shown = render_template(
        "collections.html",
        table=collections_table(found, named.machines, world.settings.zone),
        by_machine=variances_table(variances(found, lambda each: each.machine_id), "machine", named.machines),
        by_collector=variances_table(variances(found, lambda each: each.collector), "collector", {}),
        names=named,
        period=period,
        form=_Form(**typed),
        wrong=wrong,
        token=secrets.token_urlsafe(16),
    )
    return shown, status


def _found(world: World) -> tuple[list[Collected], Names, Period]:
    period = asked_period(world)
    first_at, last_at = _bounds(period, world.settings.zone)
    with reading(world.engine) as connection:
        named = names(connection, allowed_scope())
        return collected(connection, asked_scope(), first_at, last_at), named, period


def _record(world: World) -> str:
    form, now = request.form, world.clock()
    new = _read(world, now)
    token = hashlib.sha256(f"collection {form.get('token', '')}".encode()).hexdigest()
    with writing(world.engine) as connection:
        if new.machine_id not in names(connection, allowed_scope()).machines:
            raise BadField(f"{new.machine_id!r:.80} is no machine of this fleet: choose one of the list")
        if not take_post(connection, token, now):
            return answer_of(connection, token) or _SENT_BEFORE
        made = save_collection(connection, new)
        said = _words(made)
        answer_post(connection, token, said)
        details: dict[str, Any] = {"counted": new.counted, "currency": new.currency, "taken_at": new.at}
        details |= {"collector": new.collector, "coins": made.coins, "number": made.collection_id}
        note_deed(connection, now, person().name, "collection", new.machine_id, **details)
    return said


def _read(world: World, now_s: float) -> NewCollection:
    form = request.form
    currency = read_currency(form.get("currency", ""))
    return NewCollection(
        machine_id=read_text(form.get("machine", ""), "machine", 64, is_needed=True),
        at=read_moment(form.get("at", ""), world.settings.zone, now_s),
        counted=read_amount(form.get("counted", ""), currency),
        currency=currency,
        collector=read_text(form.get("collector", ""), "collector's name", 200, is_needed=True),
        note=read_text(form.get("note", ""), "note"),
    )


def _words(made: Collected) -> str:
    counted = f"Recorded {Money(made.counted, made.currency).words} of {made.machine_id}"
    if made.variance is None:
        return f"{counted}; it counted {made.coins} coins, whose value in this currency nobody has set."
    if made.variance == 0:
        return f"{counted}, which is just what its {made.coins} coins come to."
    more = "more" if made.variance > 0 else "less"
    off = Money(abs(made.variance), made.currency).words
    return f"{counted}: {off} {more} than its {made.coins} coins come to."


def _statement(world: World) -> Statement | None:
    location_id = asked_scope().location_id
    if location_id is None:
        return None
    period = _statement_period(world)
    with reading(world.engine) as connection:
        place = next(iter(places(connection, location_id)), None) or abort(404)
        span = Span(period, *_bounds(period, zone_named(place["zone"])))
        marks = read_marks(connection)
        is_read = marks is not None and marks[0] <= span.first_at
        parts = parts_of_place(connection, location_id, span, is_read=is_read)
    agreed = tuple(each for each in Deduction if each in json.loads(place["deductions"] or "[]"))
    terms = Terms(place["name"], place["owner_name"], place["owner_share_percent"], agreed)
    return statement(terms, period, parts, is_read=is_read)


def _statement_period(world: World) -> Period:
    """Last month, where nothing else is asked for: a statement is of a time that is over."""
    if request.args.get("from") or request.args.get("to"):
        return asked_period(world)
    return last_month(_today(world))


def _today(world: World) -> Any:
    return datetime.fromtimestamp(world.clock(), world.settings.zone).date()


def _bounds(period: Period, zone: tzinfo) -> tuple[float, float]:
    first = datetime.combine(period.first, time(), zone)
    last = datetime.combine(period.last + timedelta(days=1), time(), zone)
    return first.timestamp(), last.timestamp()
