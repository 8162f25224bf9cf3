"""How long a player and a webhook wait while somebody attacks the relay: without its limits, and with."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from bench.measure.machine import machine
from bench.world.siege_attack import GUESSES, HALF_SENT, MACHINE, MANY, ONE
from bench.world.siege_world import (
    NEIGHBOUR,
    PATIENCE_S,
    TAKES_S,
    Site,
    Waits,
    buy,
    hall,
    relay,
    waiting,
    webhook,
)
from simulator.chain.broker import Broker
from simulator.chain.nginx import nginx_before, nginx_program

TITLE = "Siege: what a player and a webhook wait for under attack, before and after"
BEFORE, AFTER = "bench.world.unlimited:create_app", "cloud_relay.app:create_app_from_environment"
# It begins, fills queues and empties buckets before anything is measured.
HEAD_START_S = 2.0


@dataclass(frozen=True)
class Attack:
    """So many at once of one kind, a player at `machine_id`; `at_nginx` where the proxy is the remedy."""

    words: str
    kind: str
    at_once: int
    at_nginx: bool = False
    machine_id: str = MACHINE


ATTACKS = (
    Attack("nobody", ONE, 0),
    Attack("90 purchases in flight", ONE, 90),
    Attack("300 purchases in flight", ONE, 300),
    Attack("300, each its own address", MANY, 300),
    Attack("... and a player next to it", MANY, 300, machine_id=NEIGHBOUR),
    Attack("50 guessed sessions in flight", GUESSES, 50),
    Attack("130 half-sent bodies", HALF_SENT, 130, at_nginx=True),
)


@dataclass(frozen=True)
class Result:
    """What one attack came to."""

    player: Waits
    webhook: Waits
    sessions: int
    reads: int


def run(*, quick: bool) -> None:
    """Each attack on a fresh relay without limits, and on a fresh one as it ships."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # the stand-in's, which may be kept busy
    lasts_s = 3.0 if quick else 8.0
    print(f"On {machine()}; loopback, {lasts_s:g} s each, and a call of Stripe takes {TAKES_S:g} s.")
    print(
        "Median/worst seconds of a try, which goes on until it works; in brackets who gave up after ", end=""
    )
    print(f"{PATIENCE_S:g} s. Then what Stripe was asked: sessions made + reads.")
    print(_row("attack", "player before", "after", "webhook before", "after", "Stripe before", "after"))
    with tempfile.TemporaryDirectory(prefix="siege-") as name, ExitStack() as stack:
        folder = Path(name)
        broker = stack.enter_context(hall(folder / "broker"))
        for number, attack in enumerate(ATTACKS):
            if attack.at_nginx and nginx_program() is None:
                print(f"{attack.words}: left out, nginx is not installed (sudo apt install nginx-light)")
                continue
            before = _measured(folder / f"{number}-before", broker, attack, BEFORE, lasts_s)
            after = _measured(folder / f"{number}-after", broker, attack, AFTER, lasts_s)
            print(
                _row(
                    attack.words,
                    *(_waits(before.player), _waits(after.player)),
                    *(_waits(before.webhook), _waits(after.webhook)),
                    *(f"{each.sessions}+{each.reads}" for each in (before, after)),
                )
            )


def _measured(folder: Path, broker: Broker, attack: Attack, app: str, lasts_s: float) -> Result:
    with _site(folder, broker, app, behind_nginx=attack.at_nginx and app == AFTER) as site:
        ends = threading.Event()
        buy(site), webhook(site)  # the first of each connects and imports
        made, read = _asked(site)
        with _attacking(attack, site, HEAD_START_S + lasts_s + PATIENCE_S), ThreadPoolExecutor(2) as two:
            time.sleep(HEAD_START_S)
            player = two.submit(waiting, partial(buy, machine_id=attack.machine_id), site, ends, 0.5)
            stripe = two.submit(waiting, webhook, site, ends, 0.2)
            time.sleep(lasts_s)
            ends.set()
            waits = player.result(), stripe.result()
        made_now, read_now = _asked(site)
        return Result(*waits, made_now - made, read_now - read)


def _asked(site: Site) -> tuple[int, int]:
    return site.stripe.keeper.turn(lambda book, _: len(book.sessions)), site.stripe.reads.total


@contextmanager
def _site(folder: Path, broker: Broker, app: str, *, behind_nginx: bool) -> Iterator[Site]:
    with ExitStack() as stack:
        settings = {"TRUSTED_PROXIES": "1"} if behind_nginx else {}
        site = stack.enter_context(relay(folder, broker, app, settings))
        if behind_nginx:
            nginx = stack.enter_context(nginx_before(urlsplit(site.url).port or 0, folder / "nginx"))
            site = replace(site, url=nginx.url, ca_file=nginx.ca_file)
        yield site


@contextmanager
def _attacking(attack: Attack, site: Site, seconds: float) -> Iterator[None]:
    port = str(urlsplit(site.url).port)
    command = [
        sys.executable,
        "-m",
        "bench.world.siege_attack",
        attack.kind,
        port,
        str(attack.at_once),
        str(seconds),
    ]
    attacker = subprocess.Popen([*command, *([str(site.ca_file)] if site.ca_file else [])])
    try:
        yield
    finally:
        attacker.kill()
        attacker.wait()


def _waits(waits: Waits) -> str:
    gave_up = f" ({waits.gave_up})" if waits.gave_up else ""
    if not waits.took_s:
        return f"never{gave_up}"
    ranked = sorted(waits.took_s)
    return f"{ranked[len(ranked) // 2]:.2f}/{ranked[-1]:.2f}{gave_up}"


def _row(words: str, *cells: str) -> str:
    return f"{words:<30}" + "".join(f"{cell:>16}" for cell in cells)
