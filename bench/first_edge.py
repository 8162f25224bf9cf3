"""From the webhook to the first edge on the coin line, and what a credit costs in commits."""

from __future__ import annotations

import os
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.measure.machine import machine
from bench.measure.spread import spread
from bench.world.bare_route import TOPIC, bare_route
from bench.world.sales import buy, selling_chain, sells, wait
from controller.system.clock import since_boot_s
from simulator.chain.cabinet import COIN_PIN
from simulator.chain.chain import Chain

TITLE = "Webhook sent -> first edge on the coin line; ledger commits per sale"
EDGE_TARGET_MS = 8.0
EXTRA_COMMITS = 3
# The gap after the last pulse, and the board's game over: what would delay the next sale.
REST_S = 0.5
CREDITS = 3
_EVENT = "payment_intent.amount_capturable_updated"


def run(*, quick: bool) -> None:
    """Sales of 3 credits, one after the other, with a durable ledger."""
    # The stand-in Stripe runs in this process: its threads are not to wait Python's 5 ms for each other.
    sys.setswitchinterval(0.0005)
    sales = 3 if quick else 25
    with selling_chain() as chain, bare_route(chain) as send:
        measured = [(_sale(chain), _bare_ms(chain, send)) for _ in range(sales)]
    edges, published, bare = (
        spread([sale.edge_ms for sale, _ in measured]),
        spread([sale.published_ms for sale, _ in measured]),
        spread([bare_ms for _, bare_ms in measured]),
    )
    commits = max(sale.commits for sale, _ in measured if sale.commits is not None)
    print(f"On {machine()}; {sales} sales of {CREDITS} credits over loopback.")
    print(
        f"first edge: median {edges.median_ms:.1f} ms, worst {edges.worst_ms:.1f} ms (target: median under "
        f"{EDGE_TARGET_MS:g} ms where an fdatasync takes 0.14 ms; here {_fdatasync_ms(sales):.2f} ms)"
    )
    print(
        f"of that until the broker sent it on: median {published.median_ms:.1f} ms, worst "
        f"{published.worst_ms:.1f} ms; by a bare Flask route that publishes with QoS 1 and checks nothing, "
        f"in turn with it: median {bare.median_ms:.1f} ms, worst {bare.worst_ms:.1f} ms"
    )
    print(f"commits: at most {commits} for {CREDITS} pulses (target: no more than {CREDITS + EXTRA_COMMITS})")


@dataclass(frozen=True)
class Sale:
    """Milliseconds from the webhook to the first edge and to a subscriber, and the commits it took."""

    edge_ms: float
    published_ms: float
    commits: int | None


def _sale(chain: Chain) -> Sale:
    edges, log = len(chain.board.edges_of(COIN_PIN)), chain.folder / "state" / "ledger.sqlite-wal"
    before = log.read_bytes()
    payment_id = buy(chain, CREDITS)
    chain.controller.wait_for_line(f"{payment_id}: receipt answered")
    wait(lambda: len(chain.board.edges_of(COIN_PIN)) == edges + 2 * CREDITS, "the edges")
    commits = _commits_since(before, log.read_bytes())
    rose_s = chain.board.edges_of(COIN_PIN)[edges].at_s + time.time() - since_boot_s()
    heard_s = chain.observer.on("coinpulse")[-1].at_s
    sent_s = [d.sent_at_s for d in chain.stripe.webhooks.log if d.event_type == _EVENT][-1]
    wait(chain.board.press_start, "the board to count the coins")
    wait(chain.board.end_game, "the game to end")
    wait(lambda: sells(chain), "the door to sell again")
    time.sleep(REST_S)
    return Sale((rose_s - sent_s) * 1000, (heard_s - sent_s) * 1000, commits)


def _bare_ms(chain: Chain, send: Callable[[], None]) -> float:
    before = len(chain.observer.messages)
    sent_s = time.time()
    send()
    wait(lambda: len(chain.observer.messages) > before, "the bare route's message")
    return (next(m.at_s for m in chain.observer.messages[before:] if m.topic == TOPIC) - sent_s) * 1000


def _commits_since(before: bytes, after: bytes) -> int | None:
    """How many commits a write-ahead log gained; None if SQLite began it anew meanwhile.

    Its format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log.
    """
    page_bytes: int = struct.unpack_from(">I", after, 8)[0]
    if after[16:24] != before[16:24]:  # its salts
        return None
    frames = range(len(before), len(after), 24 + page_bytes)
    return sum(after[at + 4 : at + 8] != bytes(4) for at in frames)


def _fdatasync_ms(times: int) -> float:
    """The median of this disk, where the ledger of the benchmark lies."""
    took_ms = []
    with tempfile.TemporaryFile() as file:
        for _ in range(max(times, 20)):
            file.write(b"x" * 4096)
            file.flush()
            began_s = time.perf_counter()
            os.fdatasync(file.fileno())
            took_ms.append((time.perf_counter() - began_s) * 1000)
    return spread(took_ms).median_ms
