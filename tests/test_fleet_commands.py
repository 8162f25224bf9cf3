"""The fleet as a program: what it says of wrong settings, how it ends, and how its book is copied."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest
from conftest import wait_until
from fleet_kit import NOON, Postgres, SmallCabinet, whole_book
from sqlalchemy import func, select
from sqlalchemy.engine import URL, make_url

from fleet.book import tables
from fleet.book.came.recording import Came, record
from fleet.book.computed.rebuilding import rebuild
from fleet.book.database.copying import NotEmpty, backup, copy_book, restore
from fleet.book.database.engine import open_book, reading, writing

pytestmark = pytest.mark.fleet

ROOT = Path(__file__).parent.parent
COMPLETE = {
    "MQTT_BROKER": "127.0.0.1",
    "MQTT_PORT": "1",
    "MQTT_PASSWORD": "secret-password",
    "FLEET_URL": "http://localhost:8090",
    "FLEET_SECRET": "s" * 32,
}


def fleet(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fleet", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_wrong_setting_is_named_at_once_and_no_secret_shown() -> None:
    """By 78, so that the service manager does not try the same again."""
    done = fleet(
        "ingest",
        FLEET_DATABASE="mysql://book:hidden@host/x",
        MQTT_PORT="none",
        FLEET_SECRET="short-secret",
        STRIPE_READ_KEY="sk_live_hidden",
    )
    assert done.returncode == 78
    named = [line.split(":")[0].strip() for line in done.stderr.splitlines()[1:]]
    assert named == [
        "FLEET_DATABASE",
        "MQTT_BROKER",
        "MQTT_PORT",
        "MQTT_PASSWORD",
        "FLEET_URL",
        "FLEET_SECRET",
        "STRIPE_READ_KEY",
        "RELAY_TAGS",
    ]
    assert "hidden" not in done.stderr
    assert "short-secret" not in done.stderr


def test_an_ingester_without_a_broker_goes_on_trying_and_ends_when_asked(tmp_path: Path) -> None:
    """Its log says why, and the service manager sees it end well."""
    environment = COMPLETE | {"FLEET_DATABASE": f"sqlite:///{tmp_path}/book.sqlite"}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "fleet", "ingest"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **environment},
            stderr=log,
        )
    wait_until(lambda: "cannot be reached" in (tmp_path / "log").read_text(), "its word")
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert "secret-password" not in (tmp_path / "log").read_text()


ASKED_WHILE_IT_BEGINS = """
import os, signal, sys, threading
from fleet.serving import serve
from fleet.settings import read_settings

class Part:
    def __init__(self):
        self.stopped = threading.Event()
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGTERM)
    def run(self):
        self.stopped.wait()
        print("ended in good order")
    def stop(self):
        os.kill(os.getpid(), signal.SIGINT)
        self.stopped.set()

sys.exit(serve(read_settings(os.environ), [("part", lambda settings, engine: Part())]))
"""


def test_asked_to_end_at_any_moment_it_ends_in_good_order(tmp_path: Path) -> None:
    """While it begins, and again while it ends: no signal is missed, and none cuts anything short."""
    ended = subprocess.run(
        [sys.executable, "-c", ASKED_WHILE_IT_BEGINS],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **COMPLETE, "FLEET_DATABASE": f"sqlite:///{tmp_path}/book.sqlite"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "ended in good order\n")


def test_a_database_that_cannot_be_reached_is_named_without_its_password() -> None:
    """One line, and no traceback."""
    done = fleet("ingest", **COMPLETE, FLEET_DATABASE="postgresql://fleet:hidden@127.0.0.1:1/book")
    assert done.returncode == 1
    assert done.stderr.startswith("The book postgresql+psycopg://fleet:***@127.0.0.1:1/book cannot be used: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_port_that_is_taken_is_named_by_its_setting(tmp_path: Path) -> None:
    """One line, and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        book = f"sqlite:///{tmp_path}/book.sqlite"
        done = fleet("web", **COMPLETE, FLEET_DATABASE=book, FLEET_LISTEN=listen)
    assert (done.returncode, done.stderr) == (1, "FLEET_LISTEN: Address already in use\n")


def filled(database: URL) -> URL:
    engine = open_book(database)
    cabinet = SmallCabinet()
    for number in range(5):
        cabinet.sell(f"pi_{number}")
        cabinet.write("coin", number=number)
    with writing(engine) as connection:
        record(connection, [Came(cabinet.batch(), NOON)], lambda _: UTC)
    engine.dispose()
    return database


def test_a_backup_restored_elsewhere_is_the_same_book(database: URL, tmp_path: Path) -> None:
    """Readable by its owner alone, and it goes on from there."""
    file, place = tmp_path / "backup.sqlite", make_url(f"sqlite:///{tmp_path}/restored.sqlite")
    rows = backup(filled(database), file)
    assert (file.stat().st_mode & 0o777, sorted(tmp_path.glob("backup*"))) == (0o600, [file])
    assert restore(file, place) == rows
    was, now = open_book(database), open_book(place)
    with reading(was) as old, writing(now) as new:
        assert whole_book(new) == whole_book(old)
        rebuild(new, lambda _: UTC)
        assert whole_book(new) == whole_book(old)
    was.dispose()
    now.dispose()


def test_a_book_is_moved_to_postgresql_and_written_on_there(tmp_path: Path, postgres: Postgres) -> None:
    """What comes next is numbered after what was copied."""
    source, target = make_url(f"sqlite:///{tmp_path}/book.sqlite"), postgres.new_database("moved")
    copy_book(filled(source), target)
    with pytest.raises(NotEmpty, match="not empty"):
        copy_book(source, target)
    engine = open_book(target)
    other = SmallCabinet("pacman-02")
    other.sell("pi_x")
    with writing(engine) as connection:
        record(connection, [Came(other.batch(), NOON)], lambda _: UTC)
        counted = connection.execute(select(func.count(), func.max(tables.entries.c.id))).one()
    assert tuple(counted) == (17, 17)
    engine.dispose()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["restore", "/nowhere/book"], "/nowhere/book: there is no such file\n"),
        (
            ["import", "mysql://x"],
            "The address is neither sqlite:////var/lib/arcade-fleet/book.sqlite nor postgresql://user@host/name\n",
        ),
    ],
)
def test_a_copy_that_cannot_be_made_is_one_line(tmp_path: Path, words: list[str], said: str) -> None:
    """And nothing is left behind."""
    done = fleet(*words, FLEET_DATABASE=f"sqlite:///{tmp_path}/book.sqlite")
    assert (done.returncode, done.stderr) == (1, said)


def test_rebuild_says_how_much_it_computed(tmp_path: Path) -> None:
    """As a command, on the book that the settings name."""
    database = filled(make_url(f"sqlite:///{tmp_path}/book.sqlite"))
    done = fleet("rebuild", FLEET_DATABASE=str(database))
    assert (done.returncode, done.stdout) == (0, "Computed anew from 15 entries.\n")
