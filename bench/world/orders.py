"""A coin line's real parent: it orders pulses as far ahead as the controller, and commits after each.

It is a process of its own: `python -m bench.world.orders --help`.
"""

from __future__ import annotations

import argparse
import logging
import queue
import sys
from pathlib import Path

from bench.measure.load import be_a_busy_controller
from bench.measure.spread import spread
from controller.board.coin_line import CoinLine
from controller.board.coin_line_start import ForkedProcess, fork_early
from controller.config.applied import ordered_ahead
from controller.config.keys import CoinLineConfig
from controller.ledger.ledger import Ledger
from controller.model.effects import RememberUse
from controller.model.events import CoinLineFailed, PulseFired
from controller.system.clock import since_boot_s, wall_time

log = logging.getLogger(__name__)

PIN = 17


def give_orders(options: argparse.Namespace, process: ForkedProcess) -> None:
    """One train, fired by a process as the daemon has it; RuntimeError if it failed."""
    told: queue.SimpleQueue[PulseFired | CoinLineFailed] = queue.SimpleQueue()
    shape = CoinLineConfig(pin=PIN, pulse_ms=options.pulse_ms, gap_ms=options.gap_ms, pulses_per_credit=1)
    ledger = Ledger(options.folder / "ledger.sqlite", wall_time)
    tally = options.folder / "tally"
    line = CoinLine(shape, options.board, tally, ledger.identity, told.put, lambda: process)
    line.start()
    commits_ms: list[float] = []
    in_line = 1 + ordered_ahead(shape)
    try:
        line.begin_tally()
        for number in range(1, options.pulses + in_line + 1):
            if number > in_line:
                # What is told is on disk before the next is ordered.
                if isinstance(answer := told.get(), CoinLineFailed):
                    raise RuntimeError(f"the coin line failed: {answer}")
                began_s = since_boot_s()
                ledger.write([RememberUse("bench", str(number))])
                commits_ms.append((since_boot_s() - began_s) * 1000)
            if number <= options.pulses:
                line.fire("pi_bench", number)
    finally:
        line.stop()
        ledger.close()
    took = spread(commits_ms)
    log.info("commits took: median %.1f ms, worst %.0f ms", took.median_ms, took.worst_ms)


def main() -> None:
    """Do what the command line asks, and log as the controller does."""
    parser = argparse.ArgumentParser(prog="python -m bench.world.orders", description=__doc__)
    parser.add_argument("--board", type=Path, required=True, help="the socket of a recorder")
    parser.add_argument("--folder", type=Path, required=True, help="for the ledger")
    parser.add_argument("--pulse-ms", type=int, required=True)
    parser.add_argument("--gap-ms", type=int, required=True)
    parser.add_argument("--pulses", type=int, required=True)
    parser.add_argument(
        "--busy", action="store_true", help="with threads that spin, and messages that arrive"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    process = fork_early()
    if options.busy:
        be_a_busy_controller()
    give_orders(options, process)


if __name__ == "__main__":
    main()
