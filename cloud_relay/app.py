"""The relay's composition root: settings and edges in, a WSGI app out.

A plain server calls `create_app_from_environment`; README.md has the whole command.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable

from flask import Flask, Response, g, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from cloud_relay import __version__
from cloud_relay.broker.publisher import Publisher
from cloud_relay.relay import Relay, relay_from
from cloud_relay.routes.door import door
from cloud_relay.routes.machines import machines
from cloud_relay.routes.payment_links import payment_links
from cloud_relay.routes.room import MACHINES_AT_ONCE, PHONES_AT_ONCE, Room
from cloud_relay.routes.thanks import thanks
from cloud_relay.routes.webhook import webhook
from cloud_relay.settings import EX_CONFIG, Settings, SettingsError, read_settings
from cloud_relay.settling.fitness_thread import FitnessThread
from cloud_relay.settling.tidy_thread import LOOK_EVERY_S, TidyThreads
from cloud_relay.settling.unpublished import Retries, RetryThread

_LARGEST_BODY_BYTES = 256 * 1024  # Stripe's events are a tenth of it
_PAGES = ("/p/", "/thanks")

log = logging.getLogger(__name__)


def create_app(
    settings: Settings,
    *,
    publisher: Publisher | None = None,
    clock: Callable[[], float] = time.time,
) -> Flask:
    """The relay as a WSGI app; it connects to nothing before the first request needs it."""
    return app_for(relay_from(settings, publisher=publisher, clock=clock))


def app_for(relay: Relay, retries: Retries | None = None) -> Flask:
    """The WSGI app of a relay that shares its edges with others, such as a scheduled tidy.

    `retries` publishes what the broker did not take; by default a thread of this process does.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY_BYTES
    app.jinja_env.globals["test_mode"] = not relay.settings.stripe.livemode
    app.register_blueprint(webhook(relay, retries or RetryThread(relay)))
    phones, cabinets = Room(PHONES_AT_ONCE), Room(MACHINES_AT_ONCE)
    for routes in (door, thanks):
        app.register_blueprint(phones.guard(routes(relay)))
    for routes in (machines, payment_links):
        app.register_blueprint(cabinets.guard(routes(relay)))
    app.add_url_rule("/status", view_func=_status)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(ConnectionError, _unavailable)
    app.register_error_handler(Exception, _failed)
    app.after_request(_with_headers(relay.settings.frame_ancestors))
    return app


def create_app_from_environment() -> Flask:
    """The relay for a WSGI server, with the threads that tidy, and that try its Stripe key.

    It ends the process, every problem named, if it cannot be set up.
    """
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("cloud_relay").setLevel(logging.INFO)
    try:
        relay = relay_from(read_settings(os.environ))
    except SettingsError as why:
        sys.stderr.write(f"{why}\n")
        raise SystemExit(EX_CONFIG) from None
    FitnessThread(relay.fitness).start()
    if relay.settings.tidy_every_s:
        TidyThreads(relay, min(LOOK_EVERY_S, relay.settings.tidy_every_s)).start()
    return app_for(relay)


def _status() -> ResponseReturnValue:
    return {"status": "up", "message": "API is running", "version": __version__}


def _refused(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if request.path.startswith(_PAGES):
        return render_template("refused.html", why=error.description), code
    return {"error": error.description}, code


def _unavailable(error: ConnectionError) -> ResponseReturnValue:
    log.error("Answered 503: %s", error)
    return _refused(ServiceUnavailable("A service that the relay needs does not answer. Try again."))


def _failed(error: Exception) -> ResponseReturnValue:
    log.error("A request failed: %s %s", request.method, request.path, exc_info=error)
    return _refused(InternalServerError("Something went wrong in the relay."))


def _with_headers(frame_ancestors: str) -> Callable[[Response], Response]:
    # form-action is left out: browsers apply it to the redirect to Stripe's page too.
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors {frame_ancestors}"
    )

    def add(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Security-Policy"] = "; ".join((policy, *g.get("also_allowed", ())))
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return add
