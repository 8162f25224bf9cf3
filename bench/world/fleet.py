"""A broker, a relay and so many machines, for the benchmark of a fleet."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.world.fleet_machines import PASSWORD_VARIABLE, READY, RULES, USERNAME, machine_ids
from simulator.chain.broker import Broker
from simulator.chain.cabinet import Secrets, relay_environment
from simulator.chain.part import Part
from simulator.chain.ports import free_port
from simulator.stripe.server import stand_in_stripe

STARTED_WITHIN_S = 60.0


@dataclass(frozen=True)
class Fleet:
    """What runs, and how to call it."""

    machine_ids: list[str]
    broker_pid: int
    relay: Part
    relay_url: str
    environment: Mapping[str, str]


class _FieldBroker(Broker):
    """As in the field: what makes tests sharp, each message written to the disk and the log, is left out."""

    def _write_files(self) -> None:
        super()._write_files()
        settings = self.folder / "mosquitto.conf"
        sharp = ("autosave_on_changes true", "autosave_interval 1", "log_type all")
        lines = settings.read_text().splitlines()
        settings.write_text("\n".join(line for line in lines if line not in sharp) + "\n")

    @property
    def pid(self) -> int:
        """Of Mosquitto."""
        assert self._process is not None  # noqa: S101
        return self._process.pid


@contextmanager
def running_fleet(folder: Path, count: int) -> Iterator[Fleet]:
    """Start them; all machines have said their status when the context begins."""
    made, password, port = Secrets(), secrets.token_hex(16), free_port()
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as parts:
        passwords = made.passwords | {USERNAME: password}
        broker = _FieldBroker(folder / "broker", passwords, extra_rules=RULES)
        parts.enter_context(broker)
        book = parts.enter_context(
            stand_in_stripe(api_key=made.stripe_key, webhook_url=None, webhook_secret=made.webhook_secret)
        )
        price = book.create_price(100, "usd")
        environment = relay_environment(
            made, broker, relay_url=url, stripe_url=book.api_url, price_id=price, page_url=book.checkout_url
        )
        server = [sys.executable, "-m", "waitress", f"--listen=127.0.0.1:{port}", "--threads=48"]
        server += ["--call", "cloud_relay.app:create_app_from_environment"]
        relay = Part("relay", server, folder / "relay.log", environment)
        speak = [
            sys.executable,
            "-m",
            "bench.world.fleet_machines",
            str(broker.services_port),
            str(broker.ca_file),
            str(count),
        ]
        machines = Part("machines", speak, folder / "machines.log", {PASSWORD_VARIABLE: password})
        for part in (relay, machines):
            part.start()
            parts.callback(part.stop)
        machines.wait_for_line(READY, within_s=STARTED_WITHIN_S)
        yield Fleet(machine_ids(count), broker.pid, relay, url, environment)
