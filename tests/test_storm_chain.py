"""The whole chain while a wire is shaken 10,000 times a second: money goes on, memory stays, one fault."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from conftest import wait_until
from test_whole_chain import checkout, money, wait_until_it_sells

from bench.idle import memory_mb
from simulator.board.model.arcade_board import Line
from simulator.chain.cabinet import COIN_METER, COIN_METER_PIN, GAME_OVER_PIN, READY_PIN
from simulator.chain.chain import Chain, running_chain

PINS: dict[Line, int] = {"game_over": GAME_OVER_PIN, "ready": READY_PIN, "coin_meter": COIN_METER_PIN}
EDGES_A_SECOND, STORM_S = 10_000, 6.0
# What a storm may leave in caches; its edges would be 20 MB.
MOST_GROWTH_MB = 2.0


def faults(chain: Chain) -> list[str]:
    """What the cabinet last said is wrong."""
    said = [m.payload for m in chain.observer.messages if m.topic.endswith("/status")]
    return list(json.loads(said[-1])["faults"])


@pytest.mark.parametrize("line", PINS)
def test_a_storm_on_a_line_holds_nothing_else_up(tmp_path: Path, line: Line) -> None:
    """A payment is written down at once, and paid out where the line does not matter for it."""
    with running_chain(tmp_path / "chain", coin_meter=COIN_METER) as chain:
        wait_until_it_sells(chain)
        page = checkout(chain)
        before_mb = memory_mb(chain.controller.pid, "Rss")
        storm = threading.Thread(target=chain.board.shake, args=(line, EDGES_A_SECOND, STORM_S))
        storm.start()
        wait_until(lambda: faults(chain) == [f"{line} (GPIO {PINS[line]}) hums"], "the fault")

        payment_id = chain.stripe.pay(page)
        chain.controller.wait_for_line(f"{payment_id}: received", within_s=STORM_S / 2)

        assert storm.is_alive(), "the payment was heard in the storm"
        storm.join()
        grown_mb = memory_mb(chain.controller.pid, "Rss") - before_mb
        # A board that may not take coins, or count them, gets its pulse once its line can be believed again.
        chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled", within_s=60.0)
        assert (money(chain), chain.board.view().coins) == ({"charged": 100}, 1)
        assert grown_mb < MOST_GROWTH_MB
        wait_until(lambda: faults(chain) == [], "the fault to end", within_s=60.0)
        told = [said.text for said in chain.controller.log_lines if f"{line} (GPIO" in said.text]
        assert len(told) == 1
