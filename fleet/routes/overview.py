"""EDGE. The overview, and the part of it that changes, for whoever keeps it open."""

from __future__ import annotations

import hashlib

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from fleet.book.database.engine import reading
from fleet.book.figures.overview import machines_now
from fleet.pages.times import ago
from fleet.reports.amounts import in_words
from fleet.reports.overview import overview as summed_up
from fleet.routes.world import World, seen_location


def overview(world: World) -> Blueprint:
    """The overview's page."""
    pages = Blueprint("overview", __name__)

    def table() -> str:
        now, search = world.clock(), request.args.get("search", "")[:100]
        with reading(world.engine) as connection:
            machines = machines_now(connection, world.settings.zone, now, seen_location())
        return render_template(
            "overview_table.html",
            all=summed_up(machines, search),
            search=search,
            words=in_words,
            ago=lambda at: ago(at, now),
        )

    @pages.get("/")
    def page() -> ResponseReturnValue:
        return render_template("overview.html", table=table(), search=request.args.get("search", "")[:100])

    @pages.get("/live")
    def live() -> ResponseReturnValue:
        text = table()
        tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == tag:
            return "", 304, {"ETag": tag}
        return text, 200, {"ETag": tag}

    return pages
