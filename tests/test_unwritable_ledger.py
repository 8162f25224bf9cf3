"""A ledger that cannot be written for a while: nothing is lost, and nothing given twice."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import requests
from conftest import wait_until

from simulator.chain.chain import Chain, running_chain


def buy(chain: Chain) -> str:
    """Press the button for three credits, and pay."""
    door = requests.get(chain.door, timeout=60).text
    button = re.search(r'value="(3-[^"]+)"', door)
    assert button is not None, door
    answer = requests.post(chain.door, {"offer": button[1]}, allow_redirects=False, timeout=60)
    return chain.stripe.pay(answer.headers["Location"])


def test_a_train_that_the_disk_cuts_goes_on_when_it_can_be_written(tmp_path: Path) -> None:
    """No pulse leaves without its record, and the QR is gone meanwhile."""
    with running_chain(tmp_path / "chain") as chain:
        (file,) = wait_for_ledger(chain.folder)
        wait_until(lambda: "3 credits" in requests.get(chain.door, timeout=60).text, "the door to sell")
        payment_id = buy(chain)
        chain.controller.wait_for_line(f"{payment_id}: received")
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            chain.controller.wait_for_line("ledger cannot be written: database is locked")
            wait_until(
                lambda: "3 credits" not in requests.get(chain.door, timeout=60).text, "the door to close"
            )
            other.execute("ROLLBACK")
        chain.controller.wait_for_line("ledger can be written again")
        chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")

        wait_until(lambda: chain.board.view().coins == 3, "three coins")
        assert chain.stripe.money() == {"charged": 250, "refunded": 0, "released": 0, "reserved": 0}
        wait_until(lambda: "3 credits" in requests.get(chain.door, timeout=60).text, "the door to sell again")


def wait_for_ledger(folder: Path) -> list[Path]:
    """The controller's ledger, once it is there."""
    wait_until(lambda: list(folder.rglob("ledger.sqlite")), "the ledger")
    return list(folder.rglob("ledger.sqlite"))
