"""The fleet beside the chain: its program as it is installed, on a book of its own."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from simulator.chain.broker import FLEET_USERNAME
from simulator.chain.chain import Chain
from simulator.chain.part import Part
from simulator.chain.ports import free_port


@dataclass(frozen=True)
class RunningFleet:
    """Where its pages and its book are."""

    url: str
    database: str
    part: Part


@contextmanager
def running_fleet(
    chain: Chain, book: Path, port: int = 0, *, is_waited_for: bool = True
) -> Iterator[RunningFleet]:
    """Start `python -m fleet serve` for a chain, with its book in a file of SQLite's, and stop it after.

    Raises:
        PartFailedError: it was waited for, and ended or did not come up.
    """
    port = port or free_port()
    url, database = f"http://127.0.0.1:{port}", f"sqlite:///{book}"
    environment = {
        "FLEET_DATABASE": database,
        "FLEET_URL": url,
        "FLEET_LISTEN": f"127.0.0.1:{port}",
        "FLEET_SECRET": secrets.token_hex(32),
        "MQTT_BROKER": "localhost",
        "MQTT_PORT": str(chain.broker.services_port),
        "MQTT_PASSWORD": chain.broker.passwords[FLEET_USERNAME],
        "MQTT_CA_FILE": str(chain.broker.ca_file),
    }
    part = Part("fleet", [sys.executable, "-m", "fleet", "serve"], book.parent / "fleet.log", environment)
    part.start()
    try:
        if is_waited_for:
            part.wait_for_line("broker connected")
            requests.get(f"{url}/health", timeout=10).raise_for_status()
        yield RunningFleet(url, database, part)
    finally:
        part.stop()
