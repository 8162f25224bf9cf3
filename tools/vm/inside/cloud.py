"""The cloud on loopback: Mosquitto with the project's access rules, a stand-in for Stripe, and the relay.

`cloud.py FOLDER` runs it until SIGTERM; its secrets stay in FOLDER for the next run. It says "ready" once up.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import requests

from simulator.chain.broker import Broker
from simulator.chain.cabinet import Secrets, relay_environment
from simulator.chain.observer import RULES
from simulator.chain.part import Part
from simulator.stripe.pace import Pace, quick_retries
from simulator.stripe.server import stand_in_stripe

BROKER_PORT, RELAY_PORT, STRIPE_PORT, PAGES_PORT = 28883, 28080, 28111, 28112
# Where the relay, and whoever looks on, reach the broker; cabinets have the other port.
SERVICES_PORT = 28884
RELAY_URL = f"http://127.0.0.1:{RELAY_PORT}"
STRIPE_URL = f"http://127.0.0.1:{STRIPE_PORT}"
# Power and kills are the matter of the guest's tests, and not Stripe's times.
PACE = Pace(quick_retries(), list_page_s=0.0)
RELAY = [
    *(sys.executable, "-m", "waitress", f"--listen=127.0.0.1:{RELAY_PORT}", "--threads=48"),
    *("--call", "cloud_relay.app:create_app_from_environment"),
]


def secrets_in(folder: Path) -> Secrets:
    """The secrets kept there, made if there are none."""
    kept = folder / "secrets.json"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(asdict(Secrets())))
    return Secrets(**json.loads(kept.read_text()))


def broker_in(folder: Path) -> Broker:
    """The broker, not started; its certificate is in the folder once it was."""
    return Broker(
        folder / "broker",
        secrets_in(folder).passwords,
        extra_rules=RULES,
        port=BROKER_PORT,
        services_port=SERVICES_PORT,
    )


@contextmanager
def running_cloud(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The cloud in a process of its own, which finds the project as this one does.

    Raises:
        RuntimeError: it did not come up.
    """
    command = [sys.executable, __file__, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None or process.stdout.readline() != "ready\n":
                raise RuntimeError(f"the cloud did not come up: see {folder}")
            yield process
        finally:
            process.terminate()


def main(folder: Path) -> None:
    """Run it."""
    secrets = secrets_in(folder)
    with (
        broker_in(folder) as broker,
        stand_in_stripe(
            api_key=secrets.stripe_key,
            webhook_url=f"{RELAY_URL}/addCredit",
            webhook_secret=secrets.webhook_secret,
            api_port=STRIPE_PORT,
            checkout_port=PAGES_PORT,
            pace=PACE,
        ) as stripe,
    ):
        environment = relay_environment(
            secrets,
            broker,
            relay_url=RELAY_URL,
            stripe_url=stripe.api_url,
            price_id=stripe.create_price(100, "usd"),
            page_url=stripe.checkout_url,
        )
        relay = Part("relay", RELAY, folder / "relay.log", environment)
        relay.start()
        _wait_for_relay(relay)
        print("ready", flush=True)
        with suppress(KeyboardInterrupt):
            signal.pause()
        relay.stop()


def _wait_for_relay(relay: Part, within_s: float = 600.0) -> None:
    until_s = time.monotonic() + within_s
    while relay.exit_status is None and time.monotonic() < until_s:
        try:
            if requests.get(f"{RELAY_URL}/status", timeout=60).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise relay.failure("did not come up")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main(Path(sys.argv[1]))
