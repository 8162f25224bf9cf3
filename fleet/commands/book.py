"""The care of the book: backup, restore, rebuild, and the move to another database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from fleet.book.computed.rebuilding import rebuild
from fleet.book.database.copying import NotEmpty, backup, copy_book, restore
from fleet.book.database.engine import BookError, open_book, read_url, writing
from fleet.book.typed.places import zones
from fleet.settings import read_database, read_zone


def add_book_commands(commands: Any, environment: Mapping[str, str], out: TextIO) -> None:
    """Give the parser these commands."""
    saved = commands.add_parser("backup", help="copy the book into a file, while the fleet runs")
    saved.add_argument("file", type=Path)
    saved.set_defaults(run=lambda options: _backup(options.file, environment, out))
    restored = commands.add_parser("restore", help="put a backup in the place of an empty book")
    restored.add_argument("file", type=Path)
    restored.set_defaults(run=lambda options: _restore(options.file, environment, out))
    rebuilt = commands.add_parser("rebuild", help="compute anew all that is computed from the entries")
    rebuilt.set_defaults(run=lambda _: _rebuild(environment, out))
    imported = commands.add_parser("import", help="copy another book into this one, which must be empty")
    imported.add_argument("database", help="its address, such as sqlite:////var/lib/arcade-fleet/book.sqlite")
    imported.set_defaults(run=lambda options: _import(options.database, environment, out))


def _backup(file: Path, environment: Mapping[str, str], out: TextIO) -> int:
    return _copied(lambda: backup(read_database(environment), file), f"into {file}", out)


def _restore(file: Path, environment: Mapping[str, str], out: TextIO) -> int:
    return _copied(lambda: restore(file, read_database(environment)), f"from {file}", out)


def _import(text: str, environment: Mapping[str, str], out: TextIO) -> int:
    try:
        source = read_url(text)
    except ValueError as why:
        raise BookError(f"The address {why}") from None
    return _copied(lambda: copy_book(source, read_database(environment)), "from that book", out)


def _rebuild(environment: Mapping[str, str], out: TextIO) -> int:
    zone, engine = read_zone(environment), open_book(read_database(environment))
    with writing(engine) as connection:
        count = rebuild(connection, zones(connection, zone))
    out.write(f"Computed anew from {count:,} entries.\n")
    return 0


def _copied(copy: Callable[[], int], where: str, out: TextIO) -> int:
    try:
        rows = copy()
    except NotEmpty as why:
        raise BookError(str(why)) from None
    except OSError as why:
        raise BookError(f"{why.filename}: {why.strerror}") from None
    out.write(f"{rows:,} rows copied {where}.\n")
    return 0
