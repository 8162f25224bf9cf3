"""People from the command line: the first owner, and whoever has lost password or phone."""

from __future__ import annotations

import getpass
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from sqlalchemy import Connection

from fleet.book.database.engine import BookError, open_book, writing
from fleet.book.typed.audit import note_deed
from fleet.book.typed.locations import location_names
from fleet.logins.codes import as_text
from fleet.logins.people import add_person, checked_password, checked_place, everybody
from fleet.reports.table import one_line
from fleet.rules.roles import Role
from fleet.rules.typed_amounts import read_text
from fleet.settings import read_database

# In brackets, as no person is called.
_WHO = "(command line)"


def add_people_commands(
    commands: Any, environment: Mapping[str, str], out: TextIO, ask: Callable[[], str] | None = None
) -> None:
    """Give the parser these commands; `ask` gives the new password."""
    added = commands.add_parser(
        "add-person", help="let somebody in, or let somebody in anew who has lost password or phone"
    )
    added.add_argument("name")
    added.add_argument("--role", required=True, choices=[str(role) for role in Role])
    added.add_argument("--location", help="its name; a partner sees this one alone")
    added.set_defaults(run=lambda options: _add(options, environment, out, ask or ask_password))


def ask_password() -> str:
    """A new password: typed twice without being shown, or one line of standard input.

    Raises:
        ValueError: the second was another one.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != first:
        raise ValueError("The second password was another one: nobody was added")
    return first


def _add(options: Any, environment: Mapping[str, str], out: TextIO, ask: Callable[[], str]) -> int:
    engine = open_book(read_database(environment))
    try:
        name = one_line(read_text(options.name, "name", 200, is_needed=True))
        role = Role(options.role)
        with writing(engine) as connection:
            # Before anybody types a password for nothing.
            place = checked_place(role, _place(connection, options.location))
            _refuse_another_role(connection, name, role)
        password = checked_password(ask())
        with writing(engine) as connection:
            new = add_person(connection, name, role, password, place)
            note_deed(connection, time.time(), _WHO, "person added", person=name, role=role, location=place)
    except ValueError as why:
        raise BookError(str(why)) from None
    finally:
        engine.dispose()
    out.write(f"{as_text(new.otpauth_url)}\n{new.otpauth_url}\n")
    out.write(f"{name} can log in now: read the code above with an authenticator app.\n")
    return 0


def _refuse_another_role(connection: Connection, name: str, role: Role) -> None:
    """Who is let in anew stays what they are: else a slip could leave nobody who adds people."""
    known = {each.name: each.role for each in everybody(connection)}
    if known.get(name, role) != role:
        raise ValueError(f"{name} is {known[name]}: name that role, or change it on the page People")


def _place(connection: Connection, name: str | None) -> int | None:
    if name is None:
        return None
    names = location_names(connection)
    for number, each in names.items():
        if each.casefold() == name.strip().casefold():
            return number
    known = ", ".join(names.values()) or "none yet; an owner adds them on the page"
    raise ValueError(f"There is no location {name!r:.80}: there are {known}")
