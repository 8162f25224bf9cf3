from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from descriptors import MANY, left_since, open_now
from fleet_kit import Postgres, has_postgres, running_postgres
from hypothesis import settings
from sqlalchemy import Engine
from sqlalchemy.engine import URL, make_url

from fleet.book.database.engine import open_book
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

# Those that take longest begin first, in this order: else a process is alone with them at the end, and the
# others wait. What keeps a core busy and has deadlines stands apart from its like, among what mostly waits.
LONGEST_FILES = (
    "test_chaos.py", "test_rotation_chain.py", "test_relay_fitness_chain.py",
    "test_remove_machine.py", "test_fleet_journey.py", "test_new_machine.py",
    "test_attract_screen_display.py", "test_whole_chain.py", "test_twins_at_a_broker.py",
    "test_demo_page.py", "test_clear_command.py", "test_storm_chain.py",
    "test_pulse_command.py", "test_technician_page.py", "test_noisy_lines.py",
    "test_cloud_page.py", "test_how_it_works.py", "test_fleet_race.py",
    "test_relay_check_broker.py", "test_card.py", "test_trains_on_boards.py",
)  # fmt: skip
PLACES = {name: place for place, name in enumerate(LONGEST_FILES)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have every file's tests together, the longest files' first."""
    items.sort(key=lambda item: PLACES.get(item.path.name, len(PLACES)))


@pytest.fixture(autouse=True, scope="module")
def descriptors() -> Iterator[None]:
    """A file of tests that leaves many files, sockets or pipes open fails those behind it, in the end."""
    before = open_now()
    yield
    left_open = left_since(before)
    assert len(left_open) < MANY, f"left open: {left_open}"


def wait_until(condition: Callable[[], object], what: str, within_s: float = 60.0) -> None:
    """Wait for a condition to hold; `what` names it in the failure.

    What comes within a second usually takes half a minute where a machine's disk is cold.
    """
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


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that the tests of a process share; each makes a database of its own."""
    if not has_postgres():
        pytest.skip("no PostgreSQL is installed here")
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return make_url(f"sqlite:///{tmp_path / 'book.sqlite'}")
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database(f"book_{secrets.token_hex(6)}")


@pytest.fixture
def book(database: URL) -> Iterator[Engine]:
    """An empty book in a database of each kind."""
    engine = open_book(database)
    yield engine
    engine.dispose()
