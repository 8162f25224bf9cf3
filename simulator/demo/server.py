"""EDGE. The demo's page over HTTP: its files, what it shows, and its buttons, which play and break."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, redirect, request, send_file, send_from_directory
from flask.typing import ResponseReturnValue

from fleet.routes.login import COOKIE
from simulator.board.board_server import BoardServer
from simulator.demo.breaks import Breaks
from simulator.demo.operator import Operator
from simulator.demo.state import DemoState
from simulator.stripe.checkout import checkout_blueprint
from simulator.stripe.keeper import Keeper

PAGE = Path(__file__).parent / "page"


def demo_app(
    state: DemoState,
    board: BoardServer,
    breaks: Breaks,
    keeper: Keeper,
    *,
    page_url: str,
    relay_url: str,
    operator: Operator | None = None,
) -> Flask:
    """The application behind `page_url`; the payment pages of the stand-in Stripe are in it too.

    It answers to no other host name, and takes its buttons from its own page only: no other page in the
    same browser can press them.
    """
    app = Flask("simulator.demo.server", static_folder=None)
    app.before_request(_only_at(page_url))
    app.register_blueprint(_page(relay_url))
    if operator is not None:
        app.register_blueprint(_operator(operator))
    app.register_blueprint(_views(state))
    app.register_blueprint(_board_buttons(board, breaks, page_url))
    app.register_blueprint(_breaks(breaks, page_url))
    app.register_blueprint(checkout_blueprint(keeper))
    return app


def _only_at(page_url: str) -> Callable[[], ResponseReturnValue | None]:
    def check() -> ResponseReturnValue | None:
        if request.host_url.rstrip("/") == page_url:
            return None
        return redirect(page_url + "/", 303)

    return check


def _page(relay_url: str) -> Blueprint:
    page = Blueprint("page", __name__)
    policy = f"default-src 'self'; frame-src 'self' {relay_url}; base-uri 'none'; frame-ancestors 'none'"

    @page.get("/")
    def index() -> Response:
        response = send_from_directory(PAGE, "index.html", max_age=0)
        response.headers["Content-Security-Policy"] = policy
        return response

    @page.get("/page/<path:name>")
    def file(name: str) -> Response:
        return send_from_directory(PAGE, name, max_age=0)

    return page


def _operator(operator: Operator) -> Blueprint:
    """The way to the fleet's pages, as somebody who has logged in: a cookie is any port's of this machine."""
    way = Blueprint("operator", __name__)

    @way.get("/operator")
    def enter() -> ResponseReturnValue:
        if not operator.is_there():
            return "The operator's pages are just starting.", 503, {"Refresh": "1"}
        response = redirect(operator.url + "/", 303)
        response.set_cookie(COOKIE, operator.token, httponly=True, samesite="Lax")
        return response

    return way


def _views(state: DemoState) -> Blueprint:
    views = Blueprint("views", __name__)

    @views.get("/state")
    def now() -> ResponseReturnValue:
        return state.since(_index("edges"), _index("messages")), {"Cache-Control": "no-store"}

    @views.get("/screen.png")
    def picture() -> Response:
        if not state.picture.exists():
            abort(404, "the attract screen has drawn nothing yet")
        return send_file(state.picture, mimetype="image/png", max_age=0)

    return views


def _index(name: str) -> int:
    text = request.args.get(name, "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        abort(400, f"{name}={text!r:.40} is no index: send the one that the last answer named as next")
    return int(text)


def _buttons(name: str, prefix: str, page_url: str) -> Blueprint:
    """A blueprint that answers only to the page itself."""
    buttons = Blueprint(name, __name__, url_prefix=prefix)

    @buttons.before_request
    def check() -> None:
        if request.headers.get("Origin") != page_url:
            abort(403, f"this button is pressed on its own page, {page_url}")

    return buttons


def _board_buttons(board: BoardServer, breaks: Breaks, page_url: str) -> Blueprint:
    buttons = _buttons("board", "/board", page_url)

    @buttons.post("/start")
    def start() -> ResponseReturnValue:
        return {"done": board.press_start()}

    @buttons.post("/game-over")
    def game_over() -> ResponseReturnValue:
        return {"done": board.end_game()}

    @buttons.post("/coin")
    def coin() -> ResponseReturnValue:
        whole = breaks.whole()
        taken = whole["power"] and whole["board"]  # else the mech gives it back
        if taken:
            board.insert_cash_coin()
        return {"done": taken}

    return buttons


def _breaks(breaks: Breaks, page_url: str) -> Blueprint:
    buttons = _buttons("break", "/break", page_url)

    @buttons.post("/<what>")
    def break_it(what: str) -> ResponseReturnValue:
        return {"done": _do(breaks, what)}

    @buttons.post("/<what>/mended")
    def mend(what: str) -> ResponseReturnValue:
        return {"done": _do(breaks, f"{what} mended")}

    return buttons


def _do(breaks: Breaks, what: str) -> bool:
    if what not in breaks.ways:
        abort(404, f"{what!r:.40} is nothing that can be done here; choose from {sorted(breaks.ways)}")
    return breaks.do(what)
