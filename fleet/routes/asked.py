"""EDGE. What a money page was asked for, read from its address; and whose rows may be shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import abort, request, url_for

from fleet.book.typed.scopes import Scope
from fleet.reports.periods import BadPeriod, Period, read_period
from fleet.reports.rows import RowsOf, Wanted
from fleet.reports.takings import By
from fleet.routes.world import World, seen_location

_MOST_PAGES = 10_000


def allowed_scope() -> Scope:
    """All that whoever is asking may see: a partner sees one place, and without one nothing."""
    return Scope(seen_location())


def asked_scope() -> Scope:
    """The place or machine that the address names, within what may be seen."""
    allowed, asked = allowed_scope(), request.args
    machine_id = asked.get("machine", "")[:64] or None
    location_id = asked.get("location", type=int)
    return Scope(allowed.location_id if allowed.location_id is not None else location_id, machine_id)


def asked_period(world: World) -> Period:
    """The period that the address names, or this month; what is none ends the request with 400."""
    today = datetime.fromtimestamp(world.clock(), world.settings.zone).date()
    try:
        return read_period(request.args.get("from", ""), request.args.get("to", ""), today)
    except BadPeriod as why:
        abort(400, str(why))


def asked_by() -> By:
    """What the report's lines are to be about."""
    try:
        return By(request.args.get("by", By.DAY))
    except ValueError:
        return By.DAY


def asked_page() -> int:
    """Which page of a long list, the first being 1."""
    return min(max(request.args.get("page", 1, type=int), 1), _MOST_PAGES)


def asked_rows(world: World, kind: str) -> Wanted:
    """The rows that the address names; a kind that there is not ends the request with 404."""
    if kind not in list(RowsOf):
        abort(404)
    scope, asked = asked_scope(), request.args
    return Wanted(
        RowsOf(kind),
        asked_period(world),
        scope.machine_id or "",
        scope.location_id,
        asked.get("kind", "")[:8],
        asked.get("currency", "")[:3],
        asked.get("price", type=int),
    )


def address_of(wanted: Wanted) -> str:
    """The address of the page with these rows."""
    return url_for("money.rows", rows_of=str(wanted.rows), **fields_of(wanted))


def fields_of(wanted: Wanted) -> dict[str, Any]:
    """The rows that are wanted, as fields of an address."""
    named = {
        "from": str(wanted.period.first),
        "to": str(wanted.period.last),
        "machine": wanted.machine_id,
        "location": "" if wanted.location_id is None else str(wanted.location_id),
        "kind": wanted.sale_kind,
        "currency": wanted.currency,
        "price": "" if wanted.price is None else str(wanted.price),
    }
    return {name: value for name, value in named.items() if value}
