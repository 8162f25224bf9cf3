"""A whole sale, from the phone to the operator's page: the book has what the cabinet's ledger has."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import has_caught_up, wait_until
from fleet_kit import rows
from sqlalchemy.engine import make_url
from test_surroundings import buy

from fleet.book import tables
from fleet.book.database.engine import open_book, reading
from simulator.chain.cabinet import MACHINE_ID
from simulator.chain.chain import running_chain
from simulator.chain.fleet import running_fleet

pytestmark = pytest.mark.fleet


def test_a_sale_is_in_the_fleet_s_book_as_it_is_in_the_ledger(tmp_path: Path) -> None:
    """A fleet that came after the first sale has that, too; and the second one at once."""
    with running_chain(tmp_path / "chain") as chain:
        wait_until(lambda: has_caught_up(chain.controller), "the cabinet to have caught up")
        before = buy(chain)
        chain.controller.wait_for_line(f"payment {before}: receipt answered: settled")
        with running_fleet(chain.broker, tmp_path / "book.sqlite") as fleet:
            engine = open_book(make_url(fleet.database))

            def charged() -> dict[str, tuple[int, int]]:
                with reading(engine) as connection:
                    found = rows(connection, tables.sales, "payment_id", "machine_id", "fired", "charged")
                assert {row[1] for row in found} <= {MACHINE_ID}
                return {row[0]: (row[2], row[3]) for row in found if row[3] is not None}

            wait_until(lambda: before in charged(), "the sale of before")
            after = buy(chain)
            wait_until(lambda: after in charged(), "the sale of now", within_s=60)
            assert charged() == {before: (1, 100), after: (1, 100)}
            with reading(engine) as connection:
                assert rows(connection, tables.statuses, "machine_id", "is_online") == [(MACHINE_ID, True)]
                kinds = {kind for (kind,) in rows(connection, tables.entries, "kind")}
                assert {"start", "configuration", "sale", "settled"} <= kinds
            engine.dispose()
        assert fleet.part.exit_status == 0
