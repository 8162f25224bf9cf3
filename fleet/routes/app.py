"""EDGE. The pages as one WSGI app: who may come in, what every answer carries, and what failed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from flask import Blueprint, Flask, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, SQLAlchemyError
from werkzeug import Response
from werkzeug.exceptions import Forbidden, HTTPException, NotFound
from werkzeug.middleware.proxy_fix import ProxyFix

from fleet.book.database.engine import reading, reason_of, writing
from fleet.logins.people import touch, who_is
from fleet.pages.steering import without_steering
from fleet.routes.alerts import alerts
from fleet.routes.audit import audit
from fleet.routes.channels import channels
from fleet.routes.collections import collections
from fleet.routes.locations import locations
from fleet.routes.login import COOKIE, login
from fleet.routes.machine import machine
from fleet.routes.money import money
from fleet.routes.overview import overview
from fleet.routes.people import people
from fleet.routes.world import World
from fleet.rules.roles import PUBLIC, may

MakeBlueprint = Callable[[World], Blueprint]
# Every room of pages, in the order of the navigation.
ROOMS: tuple[MakeBlueprint, ...] = (
    login,
    overview,
    machine,
    money,
    collections,
    alerts,
    locations,
    channels,
    people,
    audit,
)
# No script and no style but our own files; nothing from elsewhere, in no frame.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_LARGEST_BODY_BYTES = 64 * 1024

log = logging.getLogger(__name__)


def create_app(world: World, rooms: Sequence[MakeBlueprint] = ROOMS) -> Flask:
    """The pages for a WSGI server."""
    web = world.settings.web
    app = Flask("fleet")
    app.config.update(
        SECRET_KEY=web.secret,
        MAX_CONTENT_LENGTH=_LARGEST_BODY_BYTES,
        SESSION_COOKIE_NAME="fleet_form",
        SESSION_COOKIE_SECURE=web.is_secure,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if web.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=web.trusted_proxies, x_proto=web.trusted_proxies, x_host=0
        )
    # Whoever wrote a text, a cabinet or a person: on no page does it turn around or steer what shows it.
    app.jinja_env.finalize = without_steering
    CSRFProtect(app)
    app.before_request(_guard(world))
    for room in rooms:
        app.register_blueprint(room(world))
    app.add_url_rule("/health", "health", lambda: ("well\n", {"Content-Type": "text/plain"}))
    app.register_error_handler(CSRFError, _form_too_old)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(SQLAlchemyError, _book_away)
    # A number in an address that no row can have.
    for too_large in (OverflowError, DataError):
        app.register_error_handler(too_large, lambda _: _refused(NotFound()))
    app.after_request(_with_headers)
    # What a program without some rooms does not have, nobody is led to.
    app.jinja_env.globals["may_use"] = lambda endpoint: (
        "person" in g and endpoint in app.view_functions and may(g.person.role, endpoint)
    )
    return app


def _guard(world: World) -> Callable[[], ResponseReturnValue | None]:
    def guard() -> ResponseReturnValue | None:
        endpoint = request.endpoint
        if endpoint in PUBLIC or endpoint is None:
            return None
        token, now = request.cookies.get(COOKIE, ""), world.clock()
        with reading(world.engine) as connection:
            found = who_is(connection, token, now)
        if found is None:
            return redirect(url_for("login.form", to=request.full_path if request.method == "GET" else None))
        g.person, is_due = found
        g.trouble = _touched(world, token, now) if is_due else ""
        if not may(g.person.role, endpoint):
            raise Forbidden
        return None

    return guard


def _touched(world: World, token: str, now: float) -> str:
    """Note that a login was used; why that did not work: a full disk keeps nobody from reading."""
    try:
        with writing(world.engine) as connection:
            touch(connection, token, now)
    except SQLAlchemyError as error:
        log.error("The book cannot be written: %s", reason_of(error))
        return reason_of(error)
    return ""


def _with_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "private, no-store")
    return response


_NOT_LOST = "Nothing that was sold is lost; try again in a minute."
_NOT_KEPT = (
    "Its database takes nothing just now; is its disk full? What you sent was not kept. Look at the page "
    "again before you send it once more."
)
_WORDS = {
    403: ("Not for you", "This page is for others. Whoever owns the fleet can change that."),
    404: ("There is no such page", "It may have been moved, or the address was mistyped."),
    413: ("That is too much", "What was sent is longer than any form of ours."),
    429: ("Too often", "Wait a minute, and try again."),
}


def _refused(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    title, text = _WORDS.get(code, ("That did not work", error.description or ""))
    return render_template("error.html", title=title, text=text), code


def _form_too_old(_: CSRFError) -> ResponseReturnValue:
    text = "The form was too old, or came from another page. Go back, load it again, and send it once more."
    return render_template("error.html", title="Not sent", text=text), 400


def _book_away(error: SQLAlchemyError) -> ResponseReturnValue:
    if request.method == "GET":
        log.error("The book cannot be read: %s", reason_of(error))
        title, text = "The book cannot be read", "Its database does not answer just now. " + _NOT_LOST
    else:
        log.error("The book cannot be written: %s", reason_of(error))
        title, text = "The book cannot be written", _NOT_KEPT
    return render_template("error.html", title=title, text=text), 503
