"""The first person, and whoever lost password or phone: added by command, by who has the server anyway."""

from __future__ import annotations

import getpass
from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import qrcode

from fleet.book.audit import note_deed
from fleet.book.engine import BookError, open_book, writing
from fleet.book.location_list import location_named
from fleet.logins.people import LEAST_PASSWORD, add_person
from fleet.rules.names import read_name
from fleet.rules.roles import Role
from fleet.rules.typed_amounts import BadField
from fleet.settings import read_database

BY_COMMAND = "(command line)"
"""Who did what was done by command, in the audit log: no person's name, which has no brackets."""


def add_people_commands(
    commands: Any, environment: Mapping[str, str], terminal: tuple[TextIO, TextIO], clock: Callable[[], float]
) -> None:
    """Give the parser `add-person`; the terminal is what is read from and written to."""
    added = commands.add_parser(
        "add-person", help="let somebody in, or in anew with another password and code"
    )
    added.add_argument("name")
    added.add_argument("--role", type=Role, choices=list(Role), required=True)
    added.add_argument("--location", help="the one location that a partner sees")
    added.set_defaults(run=lambda options: _add(options, environment, terminal, clock()))


def _add(
    options: Namespace, environment: Mapping[str, str], terminal: tuple[TextIO, TextIO], now: float
) -> int:
    source, out = terminal
    url = read_database(environment)
    name = _read_name(options.name)
    if (options.role is Role.PARTNER) != (options.location is not None):
        raise BookError("--location names the one location of a partner, and of nobody else.")
    password = _read_password(source)
    with writing(open_book(url)) as connection:
        place = None if options.location is None else location_named(connection, options.location)
        if options.location is not None and place is None:
            raise BookError(f"--location: there is no location {options.location!r}.")
        new = add_person(connection, name, options.role, password, place)
        note_deed(connection, now, BY_COMMAND, "person added", name=name, role=options.role)
    out.write(f"\n{name} may log in as {options.role}. Scan this with an authenticator app, now:\n\n")
    code = qrcode.QRCode(border=2)
    code.add_data(new.otpauth_url)
    code.print_ascii(out=out, invert=True)
    out.write(f"\n{new.otpauth_url}\n\nIt is a secret, and never shown again.\n")
    return 0


def _read_name(typed: str) -> str:
    try:
        return read_name(typed)
    except BadField as why:
        raise BookError(str(why)) from None


def _read_password(source: TextIO) -> str:
    """A password typed twice without echo, or one line of what is piped in."""
    if not source.isatty():
        password = source.readline().rstrip("\r\n")
    else:
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            raise BookError("The two passwords differ; nothing was added.")
    if len(password) < LEAST_PASSWORD:
        raise BookError(f"A password has at least {LEAST_PASSWORD} characters; nothing was added.")
    return password
