"""The fleet: what a door, the operator's list and webhooks take with 100, 1,000 and 10,000 machines."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests
import stripe

from bench.idle import memory_mb
from bench.measure.machine import machine
from bench.measure.spread import Spread, spread
from bench.world.fleet import Fleet, running_fleet
from cloud_relay.broker.publisher import Publisher
from cloud_relay.broker.statuses import Statuses
from cloud_relay.errors import Busy
from cloud_relay.rules.orders import Order
from cloud_relay.settings import read_settings

TITLE = "A fleet on one broker: door's look-up, list of machines, webhooks, memory"
LOOK_UP_TARGET_MS, LIST_TARGET_S = 5.0, 10.0
AT_ONCE = 16


def run(*, quick: bool) -> None:
    """For each size a broker, a relay and machines of its own; all machines renew all the time."""
    print(f"On {machine()}; the machines are four connections that speak for all of them.")
    print(
        f"Targets: look-up, {AT_ONCE} at once, under {LOOK_UP_TARGET_MS:g} ms in the median; list under "
        f"{LIST_TARGET_S:g} s; every status kept."
    )
    for count in (100, 1_000) if quick else (100, 1_000, 10_000):
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as folder,
            running_fleet(Path(folder), count) as fleet,
        ):
            _print(count, _measure(fleet, 500 if quick else 3_000))


@dataclass(frozen=True)
class Measured:
    """The figures of one size."""

    look_up: Spread
    turned_away: int
    list_s: float
    list_cpu_s: float
    listed: int
    webhook: Spread
    webhooks_per_s: float
    relay_mb: float
    broker_mb: float


def _measure(fleet: Fleet, times: int) -> Measured:
    look_up, turned_away = _look_ups(fleet, times)
    began_s = time.monotonic()
    webhook = _webhooks(fleet, times // 2)
    webhooks_per_s = webhook.count / (time.monotonic() - began_s)
    began_s, took_s = time.monotonic(), _children_s()
    listed = _listed(fleet)
    list_s, list_cpu_s = time.monotonic() - began_s, _children_s() - took_s
    memory = [memory_mb(pid, "Pss") for pid in (fleet.relay.pid, fleet.broker_pid)]
    return Measured(look_up, turned_away, list_s, list_cpu_s, listed, webhook, webhooks_per_s, *memory)


def _print(count: int, found: Measured) -> None:
    print(f"\n{count:,} machines, {count / 60:,.0f} statuses a second:")
    print(
        f"  look-up: median {found.look_up.median_ms:.1f} ms, worst {found.look_up.worst_ms:.0f} ms, "
        f"{found.turned_away} of {found.look_up.count:,} turned away"
    )
    print(
        f"  python -m cloud_relay machines: {found.list_s:.1f} s, of which {found.list_cpu_s:.1f} s of "
        f"processor time; {found.listed:,} statuses kept"
    )
    print(
        f"  webhooks, {AT_ONCE} at once: {found.webhooks_per_s:.0f} a second, median "
        f"{found.webhook.median_ms:.0f} ms, worst {found.webhook.worst_ms:.0f} ms"
    )
    print(f"  memory (PSS): relay {found.relay_mb:.0f} MB, broker {found.broker_mb:.0f} MB")


def _children_s() -> float:
    """Seconds of processor time of the commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _look_ups(fleet: Fleet, times: int) -> tuple[Spread, int]:
    publisher = Publisher(read_settings(fleet.environment).mqtt)
    statuses = Statuses(publisher, time.time)
    turned_away: list[str] = []

    def took_ms(number: int) -> float:
        began_s = time.perf_counter()
        machine_id = fleet.machine_ids[number * 7919 % len(fleet.machine_ids)]
        try:
            found = statuses.of(machine_id)
        except Busy:  # on a machine with too little time: the player is asked to try again
            turned_away.append(machine_id)
        else:
            if not found.accepting:
                raise RuntimeError(f"{machine_id} sells, and was not found")
        return (time.perf_counter() - began_s) * 1000

    try:
        return _at_once(took_ms, times), len(turned_away)
    finally:
        publisher.close()


def _webhooks(fleet: Fleet, times: int) -> Spread:
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=AT_ONCE))

    def took_ms(number: int) -> float:
        body = _event(fleet.machine_ids[number % len(fleet.machine_ids)], number)
        secret = fleet.environment["STRIPE_WEBHOOK_SECRET"]
        signature = stripe.WebhookSignature.generate_signature_header(body, secret)
        began_s = time.perf_counter()
        told = session.post(
            f"{fleet.relay_url}/addCredit", data=body, headers={"Stripe-Signature": signature}, timeout=30
        )
        if not (told.ok and told.json().get("published")):
            raise RuntimeError(f"a webhook was not published: {told.status_code} {told.text[:200]}")
        return (time.perf_counter() - began_s) * 1000

    return _at_once(took_ms, times)


def _at_once(took_ms: Callable[[int], float], times: int) -> Spread:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return spread(list(threads.map(took_ms, range(times))))


def _event(machine_id: str, number: int) -> str:
    now_s = int(time.time())
    intent = {
        "id": f"pi_bench{number}",
        "created": now_s,
        "status": "requires_capture",
        "amount_capturable": 100,
        "currency": "usd",
        "metadata": Order(machine_id, 1, 100, "usd").metadata(),
    }
    kind = "payment_intent.amount_capturable_updated"
    return json.dumps(
        {"object": "event", "type": kind, "created": now_s, "livemode": False, "data": {"object": intent}}
    )


def _listed(fleet: Fleet) -> int:
    """How many of the machines the operator's own command lists as heard of."""
    command = [sys.executable, "-m", "cloud_relay", "machines", "--json"]
    environment = {**os.environ, **fleet.environment}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return sum(row["heardOf"] for row in json.loads(said))
