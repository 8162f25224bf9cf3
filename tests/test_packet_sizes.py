"""How large a message may be: at the shipped broker, and for who reads at one that has no limit."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from broker_links import Link
from conftest import PASSWORDS, wait_until
from relay_parts import Cabinet, RelayUnderTest, mqtt_client, publish_reason, relay_under_test
from test_relay_statuses import webhook

from controller.config.keys import BrokerConfig
from controller.model.events import BrokerConnected
from simulator.chain.broker import RELAY_USERNAME, Broker
from simulator.chain.mosquitto_conf import SMALL_PACKETS
from simulator.chain.part import Part
from simulator.chain.ports import free_port

MACHINE, THIEF = "galaga-01", "pacman-02"
HUGE = b'{"machineId":"pacman-02","online":true,"accepting":true,"state":"' + b"x" * 40_000_000 + b'"}'
TOO_LARGE = b"x" * 16_384
DOORS = 12


@pytest.fixture
def unlimited(tmp_path: Path) -> Iterator[Broker]:
    """A broker that takes a message of any size."""
    with Broker(tmp_path / "broker", PASSWORDS, persistence=False, without=(SMALL_PACKETS,)) as running:
        yield running


@contextmanager
def relay_of_its_own(hall: RelayUnderTest, log_file: Path) -> Iterator[tuple[Part, str]]:
    """The relay in a process whose memory can be looked at."""
    port = free_port()
    server = [sys.executable, "-m", "waitress", f"--listen=127.0.0.1:{port}", "--threads=48", "--call"]
    part = Part("relay", [*server, "cloud_relay.app:create_app_from_environment"], log_file, hall.variables)
    part.start()
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/status"), "the relay")
        yield part, f"http://127.0.0.1:{port}"
    finally:
        part.stop()


def test_doors_of_a_huge_status_cost_the_relay_nothing(tmp_path: Path, unlimited: Broker) -> None:
    """A stolen cabinet left 40 MB there: its own door is closed, and others' coins come."""
    with (
        relay_under_test(unlimited) as hall,
        relay_of_its_own(hall, tmp_path / "relay.log") as (part, url),
        Cabinet(MACHINE, unlimited) as cabinet,
        Cabinet(THIEF, unlimited) as thief,
        ThreadPoolExecutor(DOORS) as phones,
    ):
        cabinet.say()
        assert requests.get(f"{url}/p/{MACHINE}", timeout=60).status_code == 200
        before_mb = peak_mb(part)
        thief.say_raw(HUGE)
        doors = [phones.submit(requests.get, f"{url}/p/{THIEF}", timeout=60) for _ in range(DOORS)]
        body, headers = webhook()
        told = requests.post(f"{url}/addCredit", data=body, headers=headers, timeout=60)
        statuses = {door.result().status_code for door in doors}
        growth_mb = peak_mb(part) - before_mb

    assert (told.status_code, told.json()) == (200, {"published": True, "paymentId": "pi_1"})
    assert statuses <= {200, 503}
    assert growth_mb < 20


def test_a_cabinet_is_not_sent_what_it_would_not_read(unlimited: Broker) -> None:
    """And what comes after it is."""
    cabinet = Link(BrokerConfig("localhost", unlimited.port, PASSWORDS[MACHINE], unlimited.ca_file), MACHINE)
    assert cabinet.begin() == BrokerConnected(session_present=False)
    relay = mqtt_client(unlimited, RELAY_USERNAME, PASSWORDS[RELAY_USERNAME])
    for payload in (TOO_LARGE, b"after it"):
        publish_reason(relay, f"arcade/machine/{MACHINE}/coinpulse", payload)
    wait_until(lambda: cabinet.heard, "the coin after it")
    cabinet.leave()
    relay.disconnect()
    relay.loop_stop()

    assert (cabinet.heard, cabinet.events.empty()) == ([b"after it"], True)


def test_the_shipped_broker_hangs_up_on_who_sends_more(broker: Broker) -> None:
    """And keeps what was there before."""
    with Cabinet(THIEF, broker) as thief, relay_under_test(broker) as hall:
        thief.say(state="before")
        ends: list[str] = []
        thief.client.on_disconnect = lambda _c, _u, _f, reason, _p: ends.append(str(reason))
        thief.client.publish(f"arcade/machine/{THIEF}/status", TOO_LARGE, qos=1, retain=True)
        wait_until(lambda: ends, "the end of the connection")
        kept = hall.relay.publisher.retained_status(THIEF)

    assert kept is not None
    assert kept.state == "before"


def peak_mb(part: Part) -> float:
    """The most memory that a process has had at once."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{part.pid}/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=60).ok
    except requests.ConnectionError:
        return False
