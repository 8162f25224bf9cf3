"""Pulls the plug at random moments of sales, and holds the ledger against pin and money: `make test-power`.

The cloud runs on this machine, for its books must outlive the cuts. Each boot gives the ledger as the cut
before left it, copied before a controller has opened it.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from checks import same, wait_for
from cloud import running_cloud
from guest import REAL_TIME, Guest, Place
from phone import Phone
from power_verdict import Boot, Pulse, Sale, broken_at_cut, broken_at_end

CREDITS = 3
NETWORK = ("-netdev", "user,id=network", "-device", "virtio-net-pci,netdev=network")
# The card is eth0 from the first; nobody sees the screen here, and it takes half of a boot.
WORDS = "net.ifnames=0 systemd.mask=arcade-attract-screen.service"
# From the button to behind the receipt: twelve pulses are three seconds.
WITHIN_S = 4.0
BOOTS_WITHIN_S, SETTLES_WITHIN_S = 300.0, 300.0
PULSES_SQL = "SELECT payment_id, number, state FROM pulses ORDER BY rowid"
PAYMENTS_SQL = "SELECT id, pulses, outcome, coalesce(credits_delivered, 0) FROM payments"
FILES = {"ledger.sqlite", "ledger.sqlite-shm", "ledger.sqlite-wal", "ledger.lock"}


def cut_power(place: Place, cuts: int, seed: int) -> None:
    """So many cuts, each checked as the next boot finds it; then the money."""
    print(f"      {cuts} power cuts, seed {seed}", flush=True)
    with running_cloud(place.payload / "cloud"):
        cabinet = _Cabinet(place, random.Random(seed))
        for cut in range(1, cuts + 1):
            cabinet.sell_and_cut(cut)
        cabinet.settle_all()
        cabinet.judge()


class _Cabinet:
    """One disk, its boots so far, and the players."""

    def __init__(self, place: Place, moments: random.Random) -> None:
        self._place = place
        self._moments = moments
        self._phone = Phone(place.payload / "cloud")
        self._boots: list[Boot] = []
        self._rises = 0
        self._earlier: int | None = None  # pulses that the ledger had before the first cut
        self._payments: dict[str, tuple[Any, ...]] = {}

    def sell_and_cut(self, cut: int) -> None:
        """Boot, sell, and pull the plug somewhere between the button and the receipt."""
        with self._boot() as guest:
            wait_for("the cabinet to sell", self._phone.sells, BOOTS_WITHIN_S, 0.2)
            page = self._phone.choose(CREDITS)
            wait_s = self._moments.uniform(0.0, WITHIN_S)
            player = threading.Thread(target=self._phone.press_pay, args=(page,))
            player.start()
            time.sleep(wait_s)
            guest.pull_the_plug()
            player.join()
            self._rises = guest.rises()
        print(f"      cut {cut}: {wait_s:.2f} s after the button, {self._rises} pulses had begun", flush=True)

    def settle_all(self) -> None:
        """Boot once more, until no money is reserved any more; and pull the plug again."""
        with self._boot() as guest:
            wait_for("every payment to be settled", self._none_is_open, SETTLES_WITHIN_S, 0.5)
            guest.pull_the_plug()
            self._rises = guest.rises()

    def judge(self) -> None:
        """Read the ledger a last time, and compare it with Stripe's books."""
        with self._boot():
            pass
        intents = self._phone.intents().items()
        sales = [
            Sale(
                payment_id,
                CREDITS,
                *self._payments.get(payment_id, (0, None, 0)),
                intent["status"],
                intent["amount"],
                intent["amount_received"],
            )
            for payment_id, intent in intents
        ]
        same(
            "every payment is settled for what it was given, once",
            [],
            list(broken_at_end(self._boots, sales)),
        )
        ends = [sale.outcome for sale in sales]
        print(
            f"      {', '.join(f'{ends.count(end)} {end}' for end in sorted(set(ends), key=str))}", flush=True
        )

    def _none_is_open(self) -> bool:
        return all(intent["status"] != "requires_capture" for intent in self._phone.intents().values())

    @contextmanager
    def _boot(self) -> Iterator[Guest]:
        with Guest(self._place, "powered", REAL_TIME, *NETWORK, words=WORDS) as guest:
            if "@ledger" not in guest.lines():
                raise RuntimeError("the guest ended while it booted: see its console")
            self._read_ledger()
            yield guest

    def _read_ledger(self) -> None:
        folder = self._place.results / "ledger"
        found = {path.name for path in folder.iterdir()}
        with closing(sqlite3.connect(folder / "ledger.sqlite")) as db:
            [(whole,)] = db.execute("PRAGMA integrity_check(1)")
            pulses = [Pulse(*row) for row in db.execute(PULSES_SQL)]
            self._payments = {payment_id: tuple(row) for payment_id, *row in db.execute(PAYMENTS_SQL)}
        if self._earlier is None:
            self._earlier = len(pulses)
            return
        boot = Boot(self._rises, tuple(pulses[self._earlier :]))
        before = self._boots[-1].pulses if self._boots else ()
        self._boots.append(boot)
        cut = f"cut {len(self._boots)}"
        same(f"{cut}: the ledger opens, and none was set aside", ("ok", set()), (whole, found - FILES))
        same(f"{cut}: ledger and pin agree", [], list(broken_at_cut(before, boot)))


def main(cache: str, disk: str, payload: str, results: str, cuts: str, seed: str) -> None:
    """Run it, and say so at the end."""
    try:
        cut_power(Place(Path(cache), Path(disk), Path(payload), Path(results)), int(cuts), int(seed))
    except Exception:
        print(f"FAIL  the cuts went to their end\n{traceback.format_exc()}", flush=True)
    print("@end", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
