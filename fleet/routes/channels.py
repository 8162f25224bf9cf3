"""EDGE. The Channels page: where alerts are told, each tried by a button; they are the owner's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from cloud_relay.zones import zone_named
from fleet.alerting.channel_urls import NotTold, Send, check, shown
from fleet.alerting.channel_urls import send as apprise_send
from fleet.book.alerts import channels as book
from fleet.book.alerts import lists as alert_lists
from fleet.book.alerts.channels import Channel
from fleet.book.database.engine import reading, writing
from fleet.book.typed.audit import note_deed
from fleet.pages.alert_texts import one_line, test_message
from fleet.pages.alerts_page import clock
from fleet.pages.channel_form import escalation_words, quiet_text, quiet_times, quiet_words
from fleet.routes.world import World, person

_SWITCHED = {"on": "switched on", "off": "switched off", "remove": "removed"}


def channels(world: World, send: Send = apprise_send) -> Blueprint:
    """The channels' pages, which are the owner's: who adds a channel hears of everything."""
    pages, blueprint = _Pages(world, send), Blueprint("channels", __name__, url_prefix="/channels")
    for rule, view, methods in (
        ("", pages.page, ["GET"]),
        ("", pages.add, ["POST"]),
        ("/<int:number>", pages.edit, ["GET"]),
        ("/<int:number>", pages.change, ["POST"]),
        ("/<int:number>/test", pages.test, ["POST"]),
        ("/<int:number>/<any(on, off, remove):what>", pages.switch, ["POST"]),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=methods)
    return blueprint


class _Pages:
    def __init__(self, world: World, send: Send) -> None:
        self._world, self._send = world, send

    def page(self) -> ResponseReturnValue:
        return _page(self._world, {}, None)

    def edit(self, number: int) -> ResponseReturnValue:
        with reading(self._world.engine) as connection:
            channel = _known(connection, number)
        return _page(self._world, _typed(channel), number)

    def add(self) -> ResponseReturnValue:
        return _keep(self._world, None)

    def change(self, number: int) -> ResponseReturnValue:
        return _keep(self._world, number)

    def test(self, number: int) -> ResponseReturnValue:
        with reading(self._world.engine) as connection:
            channel = _known(connection, number)
        name = one_line(channel.name)
        try:
            self._send(
                channel.url, test_message(channel.name, self._world.clock(), self._world.settings.zone)
            )
            flash(f"{name}: the test was told. See whether it has arrived.")
        except NotTold as why:
            flash(f"{name}: the test was not told: {why}")
        return redirect(url_for("channels.page"), 303)

    def switch(self, number: int, what: str) -> ResponseReturnValue:
        with writing(self._world.engine) as connection:
            channel = _known(connection, number)
            if what == "remove":
                book.remove(connection, number)
            else:
                book.switch(connection, number, on=what == "on")
            _audit(self._world, connection, _SWITCHED[what], channel)
        return redirect(url_for("channels.page"), 303)


def _keep(world: World, number: int | None) -> ResponseReturnValue:
    """Add a channel, or change one; what is wrong is said beside what was typed, but for the address."""
    try:
        with writing(world.engine) as connection:
            if number is not None:
                _known(connection, number)
            channel = _read(connection, request.form, is_new=number is None)
            if number is None:
                book.add(connection, channel)
            else:
                book.change(connection, number, channel)
            _audit(world, connection, "added" if number is None else "changed", channel)
    except (ValueError, NotTold) as why:
        flash(str(why))
        return _page(world, request.form, number), 422
    flash(f"{one_line(channel.name)}: kept. Try it with its test button.")
    return redirect(url_for("channels.page"), 303)


def _read(connection: Connection, form: Mapping[str, str], *, is_new: bool) -> Channel:
    name, url = one_line(form.get("name", ""))[:200], form.get("url", "").strip()
    if not name:
        raise ValueError("name: write what people call this channel")
    if url or is_new:
        check(url)
    zone = form.get("zone", "").strip()
    try:
        zone_named(zone)
    except ValueError as why:
        raise ValueError(f"time zone: {why}") from None
    place = form.get("location", "")
    if place and (not place.isdecimal() or int(place) not in alert_lists.names(connection).places):
        raise ValueError("location: there is none like that any more; choose another")
    quiet = quiet_text(form.get("quiet_begins", ""), form.get("quiet_ends", ""))
    return Channel(name, url, int(place) if place else None, zone, quiet, _escalation_s(form))


def _escalation_s(form: Mapping[str, str]) -> int:
    minutes = form.get("escalates_after_min", "").strip() or "0"
    if not minutes.isascii() or not minutes.isdecimal() or int(minutes) > 24 * 60:
        raise ValueError("escalation: write minutes from 1 to 1440, or nothing to be told at once")
    return int(minutes) * 60


def _typed(channel: Channel) -> dict[str, str]:
    begins, ends = quiet_times(channel.quiet)
    return {
        "name": channel.name,
        "location": "" if channel.location_id is None else str(channel.location_id),
        "zone": channel.zone,
        "quiet_begins": begins,
        "quiet_ends": ends,
        "escalates_after_min": str(channel.escalates_after_s // 60) if channel.escalates_after_s else "",
    }


def _page(world: World, typed: Mapping[str, str], number: int | None) -> str:
    with reading(world.engine) as connection:
        rows, places = alert_lists.channel_rows(connection), alert_lists.names(connection).places
    return render_template(
        "channels.html",
        channels=[_view(world, row, places) for row in rows],
        places=places,
        typed={
            "zone": str(world.settings.zone),
            **{key: value for key, value in typed.items() if key != "url"},
        },
        editing=number,
    )


def _view(world: World, row: Any, places: Mapping[int, str]) -> dict[str, Any]:
    return {
        "number": row.id,
        "name": one_line(row.name),
        "kind": shown(row.url),
        "place": one_line(places.get(row.location_id, "")) if row.location_id else "all machines",
        "quiet": quiet_words(row.quiet, row.zone),
        "when": escalation_words(row.escalates_after_s),
        "is_active": row.is_active,
        "told": clock(row.told_at, world.settings.zone) if row.told_at else "",
        "error": one_line(row.error or ""),
        "again": clock(row.again_at, world.settings.zone) if row.error else "",
        "waiting": row.waiting,
    }


def _known(connection: Connection, number: int) -> Channel:
    found = book.read(connection, number)
    if found is None:
        abort(404)
    return found


def _audit(world: World, connection: Connection, what: str, channel: Channel) -> None:
    # Its kind, and never its address.
    kind = shown(channel.url) if channel.url else "unchanged"
    who, now = person().name, world.clock()
    note_deed(connection, now, who, f"channel {what}", channel=channel.name, address=kind)
