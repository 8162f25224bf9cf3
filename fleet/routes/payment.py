"""EDGE. One payment with both books' sides, and its refund: through the relay, once, with who and why."""

from __future__ import annotations

import hashlib
import logging
import secrets

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cloud_relay.errors import RelayError
from cloud_relay.rules.receipts import is_payment_id
from fleet.book.database.engine import reading, writing
from fleet.book.figures.differences import difference_of
from fleet.book.figures.one_payment import OnePayment, one_payment
from fleet.book.typed.audit import note_deed
from fleet.book.typed.posts import answer_of, answer_post, take_post
from fleet.pages.row_tables import rows_table
from fleet.reconciling.part import stripe_reading
from fleet.reconciling.reader import StripeReader
from fleet.reconciling.reading import Reading
from fleet.reconciling.relay_desk import RelayAnswer, RelayDesk
from fleet.reports.rows import RowsOf
from fleet.routes.asked import allowed_scope
from fleet.routes.world import World, person
from fleet.rules.typed_amounts import BadField, read_text

_TOKEN_BYTES, _LONGEST_TOKEN = 16, 64
_NOT_KNOWN = (
    "This form was sent before, and what came of it is not known here. Look at the payment in a minute; what "
    "is asked again is never given back twice."
)

log = logging.getLogger(__name__)


def payment_address(payment_id: str) -> str:
    """The address of a payment's page."""
    return url_for("money.payment", payment_id=payment_id)


def add_payment_pages(pages: Blueprint, world: World) -> None:
    """A payment's page, and what its form does."""

    @pages.get("/money/payments/<payment_id>")
    def payment(payment_id: str) -> ResponseReturnValue:
        found = _found(world, payment_id)
        with reading(world.engine) as connection:
            differs = difference_of(connection, payment_id, allowed_scope())
        sides = (
            (RowsOf.SALES, found.sales),
            (RowsOf.PAYMENTS, found.payments),
            (RowsOf.RETURNS, found.returns),
            (RowsOf.MOVEMENTS, found.movements),
        )
        zone = world.settings.zone
        return render_template(
            "money_payment.html",
            payment_id=payment_id,
            found=found,
            differs=differs,
            tables=[rows_table(kind, rows, zone, payment_address) for kind, rows in sides if rows],
            has_relay=world.settings.relay is not None,
            token=secrets.token_urlsafe(_TOKEN_BYTES),
        )

    @pages.post("/money/payments/<payment_id>/refund")
    def refund(payment_id: str) -> ResponseReturnValue:
        found = _found(world, payment_id)
        try:
            reason = read_text(request.form.get("reason", ""), "reason for the refund", is_needed=True)
            token = read_text(request.form.get("token", ""), "form's token", _LONGEST_TOKEN, is_needed=True)
        except BadField as why:
            flash(f"Nothing was done. {why}.")
            return redirect(payment_address(payment_id))
        flash(_give_back(world, payment_id, found, reason, token))
        return redirect(payment_address(payment_id))


def _found(world: World, payment_id: str) -> OnePayment:
    if not is_payment_id(payment_id):
        abort(404)
    with reading(world.engine) as connection:
        found = one_payment(connection, payment_id, allowed_scope())
    return found or abort(404)


def _give_back(world: World, payment_id: str, found: OnePayment, reason: str, token: str) -> str:
    if world.settings.relay is None:
        return "Nothing was done: set RELAY_URL and OPERATOR_KEY, or use python -m cloud_relay refund."
    token = hashlib.sha256(f"refund {payment_id} {token}".encode()).hexdigest()
    who, now, machine_id = person().name, world.clock(), found.machine_id
    with writing(world.engine) as connection:
        if not take_post(connection, token, now):
            return answer_of(connection, token) or _NOT_KNOWN
        # Before the money moves: whatever happens then, it is known who asked for it, and why.
        note_deed(connection, now, who, "refund_asked", machine_id, payment=payment_id, reason=reason)
    answer = RelayDesk(world.settings.relay).give_back(payment_id)
    with writing(world.engine) as connection:
        answer_post(connection, token, answer.message)
        said = {"payment": payment_id, "reason": reason, "done": answer.is_done, "answer": answer.message}
        note_deed(connection, world.clock(), who, "refund", machine_id, **said)
    log.info("%s asked to give %s back: %s", who, payment_id, answer.message)
    _read_again(world, payment_id, answer)
    return answer.message


def _read_again(world: World, payment_id: str, answer: RelayAnswer) -> None:
    """Have the page show what is so now; the hourly run would find it too."""
    if world.settings.stripe is None or not answer.is_done:
        return
    reader = StripeReader(stripe_reading(world.settings.stripe))
    try:
        Reading(world.engine, reader, world.settings.zone).read_one(payment_id, world.clock())
    except RelayError as why:
        log.warning("Did not read %s again: %s", payment_id, why)
