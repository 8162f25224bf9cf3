"""EDGE. The page that the player sees on the phone: pay, or have the card declined."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from simulator.stripe.keeper import Keeper
from simulator.stripe.model.book import Book
from simulator.stripe.model.errors import Refusal
from simulator.stripe.model.money import amount_text
from simulator.stripe.model.objects.table import CheckoutSession
from simulator.stripe.model.shop import open_link
from simulator.stripe.model.till import decline, pay

DECLINED = "Your card was declined. No money was reserved."
MISSING = "There is no such payment page."


def checkout_blueprint(keeper: Keeper) -> Blueprint:
    """The payment pages `/pay/<session>` and `/b/<payment link>`, for any Flask application."""
    pages = Blueprint("checkout", __name__, template_folder="templates")

    @pages.get("/pay/<session_id>")
    def show(session_id: str) -> AnyResponse:
        return _page(_session(keeper, session_id))

    @pages.post("/pay/<session_id>")
    def press(session_id: str) -> AnyResponse:
        act = decline if request.form.get("card") == "declined" else pay
        keeper.turn(lambda book, now_s: act(book, session_id, now_s))
        session = _session(keeper, session_id)
        if session.status == "complete":
            return redirect(_after(session), 303)
        return _page(session, problem=DECLINED)

    @pages.get("/b/<link_id>")
    def open_by_link(link_id: str) -> AnyResponse:
        reference = request.args.get("client_reference_id")
        session = keeper.turn(lambda book, now_s: open_link(book, link_id, reference, now_s))
        return redirect(session.url, 303)

    @pages.get("/pay/<session_id>/done")
    def done(session_id: str) -> AnyResponse:
        return _page(_session(keeper, session_id))

    @pages.errorhandler(Refusal)
    def refused(refusal: Refusal) -> AnyResponse:
        missing = refusal.status == 404
        problem = MISSING if missing else refusal.message
        page = render_template("checkout.html", session=None, problem=problem)
        return _html(page, 404 if missing else 410)

    return pages


def _session(keeper: Keeper, session_id: str) -> CheckoutSession:
    def find(book: Book, _now_s: int) -> CheckoutSession:
        return book.get(CheckoutSession, session_id, param="session")

    return keeper.turn(find)


def _after(session: CheckoutSession) -> str:
    """Where the payer goes after paying, with the session's id filled in as Stripe does."""
    if session.success_url is None:
        return f"{session.url}/done"
    return session.success_url.replace("{CHECKOUT_SESSION_ID}", session.id)


def _page(session: CheckoutSession, problem: str | None = None) -> AnyResponse:
    page = render_template(
        "checkout.html",
        session=session,
        amount=amount_text(session.amount_total, session.currency),
        lines=[(line.quantity, line.price.product_name) for line in session.lines],
        reserves=session.intent_data.capture_method == "manual",
        after=_after(session),
        problem=problem,
    )
    return _html(page, 410 if session.status == "expired" else 200)


def _html(page: str, status: int) -> Response:
    response = Response(page, status, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response
