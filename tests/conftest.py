from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from simulator.chain.broker import RELAY_USERNAME, Broker
from simulator.chain.part import Part

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("exploring", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

PASSWORDS = {
    RELAY_USERNAME: "relay-password",
    "galaga-01": "galaga-password",
    "pacman-02": "pacman-password",
}


def wait_until(condition: Callable[[], object], what: str, within_s: float = 20.0) -> None:
    """Wait for a condition to hold; `what` names it in the failure."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {within_s:g} s for {what}")
        time.sleep(0.01)


def has_caught_up(controller: Part) -> bool:
    """Whether a cabinet has an answer to all that it asked at its start; Stripe's list takes a second."""
    texts = [line.text for line in controller.log_lines]
    connected = any("broker connected" in text for text in texts)
    asked = sum("asked the relay for open payments" in text for text in texts)
    return connected and asked == sum("open payments received" in text for text in texts)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A real Mosquitto with TLS, passwords and the shipped access rules."""
    with Broker(tmp_path / "broker", PASSWORDS) as running:
        yield running
