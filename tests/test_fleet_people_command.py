"""`add-person`: how the first person gets in, and whoever lost password or phone."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import pyotp
import pytest
from fleet_kit import NOON
from sqlalchemy import select
from sqlalchemy.engine import make_url

from fleet.book import tables
from fleet.book.engine import BookError, open_book, reading, writing
from fleet.commands.people import add_people_commands
from fleet.logins.people import enter

pytestmark = pytest.mark.fleet
PASSWORD = "correct horse battery"
NO_NAME = "The name %s cannot be one: write up to 200 letters, no brackets."
NO_PLACE = "--location names the one location of a partner, and of nobody else."


def add(folder: Path, *arguments: str, typed: str = PASSWORD + "\n") -> str:
    """Call the command; gives what it wrote."""
    parser, out = argparse.ArgumentParser(), io.StringIO()
    environment = {"FLEET_DATABASE": f"sqlite:///{folder}/book.sqlite"}
    add_people_commands(parser.add_subparsers(), environment, (io.StringIO(typed), out), lambda: NOON)
    options = parser.parse_args(["add-person", *arguments])
    assert options.run(options) == 0
    return out.getvalue()


def test_a_person_who_was_added_gets_in_with_the_code_that_was_shown(tmp_path: Path) -> None:
    """And the audit log says who let them in; adding them anew ends what was before."""
    add(tmp_path, "ada", "--role", "owner", typed="another password\n")
    text = add(tmp_path, "ada", "--role", "staff")
    (url,) = [line for line in text.splitlines() if line.startswith("otpauth://")]
    with writing(open_book(make_url(f"sqlite:///{tmp_path}/book.sqlite"))) as connection:
        code = pyotp.parse_uri(url).at(int(NOON))  # type: ignore[union-attr]
        assert enter(connection, "ada", "another password", code, NOON) is None
        assert enter(connection, "ada", PASSWORD, code, NOON) is not None
        deeds = connection.execute(select(tables.audit.c.who, tables.audit.c.what, tables.audit.c.details))
        assert [tuple(deed) for deed in deeds] == [
            ("(command line)", "person added", '{"name": "ada", "role": "owner"}'),
            ("(command line)", "person added", '{"name": "ada", "role": "staff"}'),
        ]


@pytest.mark.parametrize(
    ("arguments", "typed", "why"),
    [
        (("ada", "--role", "owner"), "short", "A password has at least 10 characters; nothing was added."),
        ((" ", "--role", "owner"), PASSWORD, NO_NAME % "''"),
        (("a\x1bb", "--role", "owner"), PASSWORD, NO_NAME % r"'a\x1bb'"),
        (("ada", "--role", "partner"), PASSWORD, NO_PLACE),
        (
            ("ada", "--role", "partner", "--location", "Bar"),
            PASSWORD,
            "--location: there is no location 'Bar'.",
        ),
    ],
)
def test_who_cannot_be_added_is_not(tmp_path: Path, arguments: tuple[str, ...], typed: str, why: str) -> None:
    """Whatever is wrong is named, and nothing is kept."""
    with pytest.raises(BookError) as told:
        add(tmp_path, *arguments, typed=typed)
    assert str(told.value) == why
    with reading(open_book(make_url(f"sqlite:///{tmp_path}/book.sqlite"))) as connection:
        assert connection.execute(select(tables.people.c.name)).all() == []
