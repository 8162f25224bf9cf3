"""Writes the migration from the newest one to the tables as they are: `new_migration.py NUMBER MESSAGE`."""

from __future__ import annotations

import sys
import tempfile

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import make_url

from fleet.book.database.engine import MIGRATIONS, open_book, writing


def main() -> None:
    """Write it beside the others: `0002 "Keep what a coin is worth"`, to be read and formatted."""
    number, message = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        engine = open_book(make_url(f"sqlite:///{folder}/book.sqlite"))
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with writing(engine) as connection:
            config.attributes["connection"] = connection
            command.revision(config, message, autogenerate=True, rev_id=number)
        engine.dispose()


if __name__ == "__main__":
    main()
