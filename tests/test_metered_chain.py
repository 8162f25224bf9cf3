"""The whole chain at a board whose coin meter is wired: what it counts is charged, and nothing else."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import wait_until
from test_whole_chain import COIN, checkout, coin_levels, feed, money, wait_until_it_sells

from simulator.chain.cabinet import COIN_METER
from simulator.chain.chain import Chain, running_chain


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """A cabinet that sells and hears its board count."""
    with running_chain(tmp_path / "chain", coin_meter=COIN_METER) as running:
        wait_until_it_sells(running)
        yield running


def status(chain: Chain) -> dict[str, object]:
    """What the cabinet last said of itself, once it has said anything."""
    said = [m.payload for m in chain.observer.messages if m.topic.endswith("/status")]
    return dict(json.loads(said[-1])) if said else {"coins": None}


def fates(chain: Chain) -> list[tuple[int, str]]:
    """The pulses in the ledger, and what became of each."""
    with closing(sqlite3.connect(chain.folder / "state" / "ledger.sqlite")) as db:
        return db.execute("SELECT number, state FROM pulses ORDER BY rowid").fetchall()


def sell(chain: Chain, credits: int) -> str:
    """Sell so many credits, and wait until the money is settled."""
    payment_id = chain.stripe.pay(checkout(chain, credits))
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    return payment_id


def test_each_pulse_is_confirmed_by_the_board(chain: Chain) -> None:
    """Three pulses, three counts, three credits charged, and no coin of metal."""
    sell(chain, 3)

    assert fates(chain) == [(1, "confirmed"), (2, "confirmed"), (3, "confirmed")]
    assert (coin_levels(chain), chain.board.view().coins, money(chain)) == (COIN * 3, 3, {"charged": 250})
    assert status(chain)["coins"] == 0


def test_a_cash_coin_is_counted_and_starts_a_session(chain: Chain) -> None:
    """It is told to the operator, and its game over is published like any other."""
    chain.board.insert_cash_coin()
    wait_until(lambda: status(chain)["coins"] == 1, "the coin in the status")
    assert (feed(chain)["state"], money(chain)) == ("playing", {})

    chain.board.press_start()
    chain.board.end_game()

    wait_until(lambda: [m for m in chain.observer.messages if m.topic.endswith("/gameover")], "the game over")


def test_a_broken_coin_wire_charges_nothing_and_closes_the_machine(chain: Chain) -> None:
    """The pulses left the pin, and the board counted none: other products would call that a sale."""
    chain.board.break_coin_wire(True)

    payment_id = chain.stripe.pay(checkout(chain, 3))

    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    assert (coin_levels(chain), chain.board.view().coins) == (COIN * 3, 0)
    assert (fates(chain), money(chain)) == ([(n, "uncounted") for n in (1, 2, 3)], {"released": 250})
    wait_until(lambda: status(chain)["state"] == "out_of_order", "the machine to close")
    trouble = "coin meter: the last 3 coin pulses were not counted by the board"
    assert (status(chain)["accepting"], status(chain)["faults"]) == (False, [trouble])
    wait_until(lambda: feed(chain)["state"] == "out_of_order", "the screen to say so")
    assert (feed(chain)["qr"], feed(chain)["technician_line"]) == (None, trouble)


def test_a_wire_that_breaks_in_mid_sale_charges_what_was_counted(chain: Chain) -> None:
    """One credit of three; the rest goes back."""
    payment_id = chain.stripe.pay(checkout(chain, 3))
    wait_until(lambda: chain.board.view().coins == 1, "the first coin")
    chain.board.break_coin_wire(True)

    chain.controller.wait_for_line(f"{payment_id}: partial, 1 of 3 credits")
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    assert money(chain) == {"charged": 83, "released": 167}
    with closing(sqlite3.connect(chain.folder / "state" / "ledger.sqlite")) as db:
        assert db.execute("SELECT answer, charged FROM payments").fetchall() == [("settled", 83)]
