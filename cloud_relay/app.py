"""The relay's composition root: settings and edges in, a WSGI app out.

A plain server calls `create_app_from_environment`; README.md has the whole command.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, g, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from cloud_relay import __version__
from cloud_relay.broker.publisher import Publisher
from cloud_relay.command_line import EX_CONFIG
from cloud_relay.json_log import make_log_json
from cloud_relay.plain_output import make_log_plain
from cloud_relay.relay import Relay, relay_from
from cloud_relay.routes.door import door
from cloud_relay.routes.limits import Limits
from cloud_relay.routes.machines import machines
from cloud_relay.routes.metrics import metrics
from cloud_relay.routes.payment_links import payment_links
from cloud_relay.routes.reader import speak_players_language
from cloud_relay.routes.refunds import refunds
from cloud_relay.routes.requests import tell_requests
from cloud_relay.routes.room import MACHINES_AT_ONCE, PHONES_AT_ONCE, Room
from cloud_relay.routes.status import status_of
from cloud_relay.routes.thanks import thanks
from cloud_relay.routes.webhook import webhook
from cloud_relay.rules.language import marked
from cloud_relay.rules.phones.limits import PhoneLimits
from cloud_relay.setting_reader import SettingsError
from cloud_relay.settings import Settings, read_settings
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


def app_for(
    relay: Relay,
    retries: Retries | None = None,
    figures: PhoneLimits | None = None,
    *,
    is_one_of_many: bool = False,
) -> Flask:
    """The WSGI app of a relay that shares its edges with others, such as a scheduled tidy.

    `retries` publishes what the broker did not take; by default a thread of this process does. `figures`
    are how much phones may ask for, if not what the settings say. `is_one_of_many`: nobody can say which
    process a request reaches, as on AWS Lambda.
    """
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False  # its redirect repeats whatever Host header somebody sent
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY_BYTES
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # nobody asks, and openapi.json has no such answer
    tell_requests(app, relay)
    speak_players_language(app, relay.settings.own_words)
    app.jinja_env.globals["test_mode"] = not relay.settings.stripe.livemode
    app.jinja_env.globals["root"] = relay.settings.root
    app.register_blueprint(webhook(relay, retries or RetryThread(relay)))
    limits = Limits(relay, figures or PhoneLimits().for_halls_of(relay.settings.hall_machines))
    phones, cabinets = Room(PHONES_AT_ONCE), Room(MACHINES_AT_ONCE)
    # Who has asked too often takes no room from others.
    app.register_blueprint(phones.guard(limits.guard_door(door(relay, limits))))
    app.register_blueprint(phones.guard(limits.guard_thanks(thanks(relay, limits))))
    for routes in (machines, payment_links, refunds):
        app.register_blueprint(cabinets.guard(routes(relay)))
    app.register_blueprint(metrics(relay, is_one_of_many=is_one_of_many))
    app.add_url_rule("/status", view_func=lambda: status_of(relay))
    app.add_url_rule("/openapi.json", view_func=_description)
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
    make_log_plain()
    logging.getLogger("cloud_relay").setLevel(logging.INFO)
    try:
        relay = relay_from(read_settings(os.environ))
    except SettingsError as why:
        sys.stderr.write(f"{why}\n")
        raise SystemExit(EX_CONFIG) from None
    if (relay.settings.log_format or ("text" if sys.stderr.isatty() else "json")) == "json":
        make_log_json()
    FitnessThread(relay.fitness).start()
    if relay.settings.tidy_every_s:
        TidyThreads(relay, min(LOOK_EVERY_S, relay.settings.tidy_every_s)).start()
    return app_for(relay)


def _description() -> ResponseReturnValue:
    description = json.loads(Path(__file__).with_name("openapi.json").read_bytes())
    description["info"]["version"] = __version__
    return {**description}


def _refused(error: HTTPException) -> ResponseReturnValue:
    code, again_s = error.code or 500, getattr(error, "retry_after", None)
    headers = {"Retry-After": str(again_s)} if again_s else {}
    if request.path.startswith(_PAGES):
        return render_template("refused.html", why=error.description), code, headers
    return {"error": error.description}, code, headers


def _unavailable(error: ConnectionError) -> ResponseReturnValue:
    log.error("Answered 503: %s", error)
    return _refused(ServiceUnavailable(marked("A service that the relay needs does not answer. Try again.")))


def _failed(error: Exception) -> ResponseReturnValue:
    log.error("A request failed: %s %s", request.method, request.path, exc_info=error)
    return _refused(InternalServerError(marked("Something went wrong in the relay.")))


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
