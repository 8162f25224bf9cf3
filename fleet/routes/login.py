"""EDGE. The way in, and out."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fleet.book.database.engine import reading, writing
from fleet.book.typed.audit import note_deed
from fleet.logins.guesses import Guesses
from fleet.logins.people import enter as enter_by
from fleet.logins.people import hash_of, proved
from fleet.logins.people import leave as leave_by
from fleet.routes.world import World, person
from fleet.rules.lockout import LONGEST_S

COOKIE = "fleet"
# One answer to whatever was wrong: nobody learns here which names there are.
WRONG = (
    "Name, password or code is wrong. A code counts once: wait for the next one. After several failures it "
    "takes a while before anything is right."
)
TOO_MANY = "Too many wrong ones came from where you are: wait some minutes, and try again."


def login(world: World) -> Blueprint:
    """The login's pages."""
    pages = Blueprint("login", __name__)
    web, guesses = world.settings.web, Guesses()

    @pages.get("/login")
    def form() -> ResponseReturnValue:
        return render_template("login.html", to=_within(request.args.get("to", "")), wrong="")

    @pages.post("/login")
    def enter() -> ResponseReturnValue:
        fields, now = request.form, world.clock()
        name = fields.get("name", "").strip()
        address = request.remote_addr or ""
        if guesses.is_over(address, now):
            return render_template("login.html", to="", wrong=TOO_MANY), 429
        with reading(world.engine) as connection:
            password_hash = hash_of(connection, name)
        # Outside any transaction: whoever guesses must not keep the book from being written.
        proof = proved(password_hash, fields.get("password", ""))
        with writing(world.engine) as connection:
            token = enter_by(connection, name, proof, fields.get("code", ""), now, address=address)
        guesses.note(address, now, was_right=token is not None)
        to = _within(fields.get("to", ""))
        if token is None:
            return render_template("login.html", to=to, wrong=WRONG), 403
        response = redirect(to or url_for("overview.page"))
        response.set_cookie(
            COOKIE, token, max_age=int(LONGEST_S), secure=web.is_secure, httponly=True, samesite="Lax"
        )
        return response

    @pages.post("/logout")
    def leave() -> ResponseReturnValue:
        with writing(world.engine) as connection:
            leave_by(connection, request.cookies.get(COOKIE, ""))
            note_deed(connection, world.clock(), person().name, "logout")
        response = redirect(url_for("login.form"))
        response.delete_cookie(COOKIE, secure=web.is_secure, httponly=True, samesite="Lax")
        return response

    return pages


def _within(to: str) -> str:
    """The path that somebody wanted, if it is one of ours: nobody is led elsewhere from here."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() else ""
