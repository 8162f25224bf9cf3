"""The ledger's file: what is damaged is set aside and remembered, and a schema is never half new."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from cabinets import payment, session, train

from controller.ledger.file import MIGRATIONS, find_damage, migrate
from controller.ledger.ledger import Ledger, LedgerError
from controller.model.effects import (
    ClearLedgerFaults,
    ClosePayment,
    IntendPulse,
    RecordCoin,
    RecordPayment,
    RecordPulse,
)
from controller.model.events import Started
from controller.model.payment import KnownPayment, Outcome, PulseFate, Receipt

AT = "2026-11-22T03:15:00.000Z"
ASIDE = "ledger.sqlite.damaged-20261122T031500Z"
FAULT = f"ledger damaged: kept as {ASIDE}, a new one begun"
NOTHING = Started(unfinished=(), owed=(), session=None, offer=None, board=None)

VERSION_1 = """
PRAGMA journal_mode = WAL;
CREATE TABLE payments (
  id TEXT PRIMARY KEY, credits INTEGER NOT NULL, amount INTEGER, currency TEXT, has_receipt INTEGER NOT NULL,
  pulses INTEGER NOT NULL, deadline_s REAL NOT NULL, boot_id TEXT NOT NULL, received_at TEXT NOT NULL,
  outcome TEXT, credits_delivered INTEGER, reason TEXT, answer TEXT) STRICT;
CREATE INDEX unsettled ON payments (id) WHERE outcome IS NULL OR (has_receipt AND answer IS NULL);
CREATE TABLE pulses (
  payment_id TEXT NOT NULL REFERENCES payments (id), number INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('intended', 'fired', 'ambiguous')), rose_s REAL, fell_s REAL,
  PRIMARY KEY (payment_id, number)) STRICT;
CREATE TABLE memory (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO payments VALUES
  ('pi_1', 1, 100, 'usd', 1, 1, 60.0, 'boot-a', '2026-06-01T12:00:00.000Z', 'delivered', 1, 'done', NULL);
INSERT INTO pulses VALUES ('pi_1', 1, 'fired', 1.0, 1.1);
PRAGMA user_version = 1;
"""
# What the second version's programs made of that, with a pulse of each state and a session that runs.
VERSION_2 = (
    VERSION_1
    + """
CREATE INDEX received ON payments (received_at);
INSERT INTO payments VALUES
  ('pi_2', 3, 250, 'usd', 1, 3, 60.0, 'boot-a', '2026-06-01T12:00:00.000Z', NULL, NULL, NULL, NULL);
INSERT INTO pulses VALUES ('pi_2', 1, 'fired', 2.0, 2.1), ('pi_2', 2, 'ambiguous', NULL, NULL),
  ('pi_2', 3, 'intended', NULL, NULL);
INSERT INTO memory VALUES
  ('session', '{"id": "pi_1", "boot_id": "boot-a", "started_s": 1.5, "credits": 2}'), ('offer', 'null');
PRAGMA user_version = 2;
"""
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the ledger is."""
    return tmp_path / "ledger.sqlite"


def opened(path: Path) -> Ledger:
    return Ledger(path, lambda: AT)


def filled(path: Path, payments: int = 200) -> None:
    """A ledger of several pages, closed in order."""
    with closing(opened(path)) as ledger:
        ledger.write([RecordPayment(train(payment(f"pi_{number}"))) for number in range(payments)])


def killed_while_filled(path: Path, commits: int = 5) -> None:
    """A ledger whose last commits are still in its log."""

    def fill() -> None:
        ledger = opened(path)
        for number in range(commits):
            ledger.write([RecordPayment(train(payment(f"pi_{number}"))), IntendPulse(f"pi_{number}", 1)])
        os.kill(os.getpid(), signal.SIGKILL)

    in_a_child(fill)


def in_a_child(act: Callable[[], None]) -> int:
    """Do it in a process of its own; returns what `os.waitpid` says of its end."""
    if (child := os.fork()) == 0:
        try:
            act()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


def names(path: Path) -> set[str]:
    return {file.name for file in path.parent.iterdir()}


def spoil(path: Path, at: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * length)


def log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


# What counts as damage


def no_database(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)


def truncated(path: Path) -> None:
    filled(path)
    os.truncate(path, path.stat().st_size // 2)


def a_page_overwritten(path: Path) -> None:
    filled(path)
    spoil(path, at=4096 * 2, length=4096)


def an_index_that_misses_a_row(path: Path) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'received';"
            "INSERT INTO sqlite_schema SELECT 'index', 'received', 'payments', rootpage,"
            " 'CREATE INDEX received ON payments (received_at)' FROM sqlite_schema WHERE name = 'unsettled';"
        )


def a_log_with_a_hole(path: Path) -> None:
    killed_while_filled(path)
    spoil(log_of(path), at=32 + 24 + 100, length=8)


def a_log_without_its_header(path: Path) -> None:
    killed_while_filled(path)
    spoil(log_of(path), at=0, length=32)


def a_log_without_its_main_file(path: Path) -> None:
    killed_while_filled(path)
    path.unlink()


def a_log_whose_main_file_is_empty(path: Path) -> None:
    killed_while_filled(path)
    os.truncate(path, 0)


@pytest.mark.parametrize(
    "damage",
    [
        no_database,
        truncated,
        a_page_overwritten,
        an_index_that_misses_a_row,
        a_log_with_a_hole,
        a_log_without_its_header,
        a_log_without_its_main_file,
        a_log_whose_main_file_is_empty,
    ],
    ids=lambda damage: damage.__name__.replace("_", " "),
)
def test_a_damaged_ledger_is_kept_byte_for_byte_and_a_new_one_begun(
    path: Path, damage: Callable[[Path], None]
) -> None:
    """Main file and log; the shared memory beside them holds nothing of its own."""
    damage(path)
    kept = {file.name: file.read_bytes() for file in (path, log_of(path)) if file.exists()}

    with closing(opened(path)) as ledger:
        assert (ledger.set_aside, ledger.faults()) == (path.with_name(ASIDE), (FAULT,))
        assert ledger.read_start() == NOTHING

    for name, content in kept.items():
        assert path.with_name(name.replace("ledger.sqlite", ASIDE)).read_bytes() == content


def test_a_whole_ledger_is_not_set_aside(path: Path) -> None:
    """However it was closed."""
    filled(path)
    killed_while_filled(path.with_name("other.sqlite"))

    for whole in (path, path.with_name("other.sqlite")):
        with closing(opened(whole)) as ledger:
            assert (ledger.set_aside, ledger.faults()) == (None, ())
            assert ledger.find("pi_4") == KnownPayment(receipt=None)


def test_an_empty_file_is_a_new_ledger(path: Path) -> None:
    """A first start that was killed leaves one."""
    path.touch()

    with closing(opened(path)) as ledger:
        assert (ledger.set_aside, ledger.read_start()) == (None, NOTHING)


def test_the_last_commit_cut_by_the_power_is_no_damage(path: Path) -> None:
    """It was never acknowledged; those before it are all there."""
    killed_while_filled(path)
    os.truncate(log_of(path), log_of(path).stat().st_size - 100)

    with closing(opened(path)) as ledger:
        assert ledger.set_aside is None
        assert [ledger.find(f"pi_{number}") for number in (3, 4)] == [KnownPayment(None), None]


def test_a_log_begins_anew_with_each_run(path: Path) -> None:
    """What one power cut left in it is not added to what the next one leaves."""
    killed_while_filled(path)

    with closing(opened(path)):
        assert log_of(path).stat().st_size == 0


def test_looking_for_damage_changes_neither_file_nor_log(path: Path) -> None:
    """A damaged file is evidence."""
    killed_while_filled(path)
    before = path.read_bytes(), log_of(path).read_bytes()

    assert find_damage(path) is None
    assert (path.read_bytes(), log_of(path).read_bytes()) == before


# Setting aside


def test_two_damaged_in_one_second_are_both_kept(path: Path) -> None:
    """And both are faults."""
    for content in (b"first" * 99, b"second" * 99, b"third" * 99):
        path.write_bytes(content)
        opened(path).close()

    kept = [path.with_name(name).read_bytes()[:5] for name in (ASIDE, f"{ASIDE}-2", f"{ASIDE}-3")]
    assert kept == [b"first", b"secon", b"third"]
    with closing(opened(path)) as ledger:
        assert len(ledger.faults()) == 3


def test_later_starts_know_the_fault_until_it_is_cleared(path: Path) -> None:
    """Only the start that met it says where it was set aside to; a cleared one stays cleared."""
    no_database(path)
    opened(path).close()

    with closing(opened(path)) as ledger:
        assert (ledger.set_aside, ledger.faults()) == (None, (FAULT,))
        ledger.write([ClearLedgerFaults()])
    with closing(opened(path)) as ledger:
        assert ledger.faults() == ()
    assert ASIDE in names(path)


def test_a_fault_outlives_the_file_that_was_kept(path: Path) -> None:
    """Who takes the file away has not read the fault yet."""
    no_database(path)
    opened(path).close()
    path.with_name(ASIDE).unlink()

    with closing(opened(path)) as ledger:
        assert ledger.faults() == (FAULT,)


LEDGER = tuple(f"controller.ledger.{name}" for name in ("set_aside", "file", "ledger", "rows", "writers"))


def lines_of(modules: tuple[str, ...], *, kill_at: int) -> Callable[[types.FrameType, str, object], object]:
    """A tracer that ends its process by SIGKILL before it runs that many lines of `modules`."""
    left = kill_at

    def trace(frame: types.FrameType, event: str, _: object) -> object:
        nonlocal left
        if frame.f_globals["__name__"] not in modules:
            return None
        left -= event == "line"
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


def test_killed_at_any_line_of_setting_aside_the_file_is_kept_and_the_fault_known(tmp_path: Path) -> None:
    """The start after it goes on; no kill makes an old state pass for the present."""
    a_log_with_a_hole(tmp_path / "ledger.sqlite")
    damaged = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.suffix != ".lock"}
    evidence = {damaged["ledger.sqlite"], damaged["ledger.sqlite-wal"]}
    killed, kill_at = True, 0
    while killed:
        path = tmp_path / f"{kill_at}" / "ledger.sqlite"
        path.parent.mkdir()
        for name, content in damaged.items():
            path.with_name(name).write_bytes(content)

        def start(path: Path = path, kill_at: int = kill_at) -> None:
            sys.settrace(lines_of(LEDGER, kill_at=kill_at))  # type: ignore[arg-type]
            opened(path)

        killed = in_a_child(start) == signal.SIGKILL
        with closing(opened(path)) as ledger:
            assert ledger.faults(), f"killed at line {kill_at}"
            assert ledger.read_start() == NOTHING
        assert evidence <= {file.read_bytes() for file in path.parent.iterdir() if "damaged" in file.name}
        kill_at += 1
    assert kill_at > 60


def test_a_ledger_that_cannot_be_opened_is_refused_and_let_go(path: Path) -> None:
    """The error names the file; the lock is free again."""
    path.mkdir()

    for _ in range(2):
        with pytest.raises(
            LedgerError, match=f"^{path}: cannot be opened as a ledger: .*: see to the disk and the owner$"
        ):
            opened(path)
    assert path.is_dir()


# The schema


@pytest.fixture
def version_1(path: Path) -> Iterator[Path]:
    """A ledger of the first version, with one receipt owed."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(VERSION_1)
    return path


def schema(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        query = "SELECT type, name, tbl_name FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
        return [*db.execute("PRAGMA user_version"), *db.execute(query)]


def test_a_ledger_of_the_first_version_is_taken_over(version_1: Path, tmp_path: Path) -> None:
    """With all that it holds, and then looks like a new one."""
    with closing(opened(version_1)) as ledger:
        receipt = Receipt("pi_1", Outcome.DELIVERED, 1, 1)
        assert [owed.receipt for owed in ledger.read_start().owed] == [receipt]
    opened(tmp_path / "new.sqlite").close()

    assert schema(version_1) == schema(tmp_path / "new.sqlite")


def test_a_ledger_of_the_second_version_is_taken_over(path: Path, tmp_path: Path) -> None:
    """Its unfinished train with every pulse, and the session that was running."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(VERSION_2)

    with closing(opened(path)) as ledger:
        start = ledger.read_start()
        ledger.write([RecordPulse("pi_2", 3, 3.0, 3.1, PulseFate.CONFIRMED), RecordCoin(1)])
    opened(tmp_path / "new.sqlite").close()

    unfinished = train(payment("pi_2", 3), deadline_s=60.0, intended=3, fired=1, ambiguous=1)
    assert start.unfinished == (replace(unfinished, payment=replace(unfinished.payment, amount=250)),)
    assert start.session == session("pi_1", 1.5, credits=2)
    assert (start.coins, start.uncounted) == (0, 0)
    assert schema(path) == schema(tmp_path / "new.sqlite")


def test_a_second_version_without_a_session_is_taken_over(path: Path) -> None:
    """Its memory says so with a null, or not at all."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(VERSION_2)
        db.execute("UPDATE memory SET value = 'null' WHERE key = 'session'")

    with closing(opened(path)) as ledger:
        assert ledger.read_start().session is None


def test_a_migration_that_fails_leaves_the_old_version_usable(version_1: Path) -> None:
    """All of its steps, or none."""
    before = schema(version_1)
    broken = (MIGRATIONS[0], "CREATE INDEX received ON payments (received_at); CREATE TABLE payments (x);")

    db = sqlite3.connect(version_1, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError, match="table payments already exists"):
        migrate(db, version_1, broken)
    db.close()
    assert schema(version_1) == before


def test_a_migration_that_is_killed_leaves_the_old_version_usable(version_1: Path) -> None:
    """In the middle of its transaction; the next start does it again."""
    before = schema(version_1)
    deadly = (MIGRATIONS[0], "CREATE INDEX received ON payments (received_at); SELECT die();")

    def die_within() -> None:
        db = sqlite3.connect(version_1, isolation_level=None)
        db.create_function("die", 0, lambda: os.kill(os.getpid(), signal.SIGKILL))
        migrate(db, version_1, deadly)

    assert in_a_child(die_within) == signal.SIGKILL
    assert schema(version_1) == before
    with closing(opened(version_1)) as ledger:
        assert ledger.set_aside is None
        ledger.write([RecordPayment(train(payment("pi_2")))])
        ledger.write([ClosePayment("pi_2", Outcome.UNDELIVERED, 0, "too late", None)])


def test_killed_at_any_line_of_its_first_start_a_ledger_can_be_begun(tmp_path: Path) -> None:
    """Nothing half made is taken for damage."""
    killed, kill_at = True, 0
    while killed:
        path = tmp_path / f"{kill_at}" / "ledger.sqlite"

        def start(path: Path = path, kill_at: int = kill_at) -> None:
            sys.settrace(lines_of(LEDGER, kill_at=kill_at))  # type: ignore[arg-type]
            opened(path)

        killed = in_a_child(start) == signal.SIGKILL
        with closing(opened(path)) as ledger:
            assert (ledger.set_aside, ledger.read_start()) == (None, NOTHING)
        kill_at += 1
    assert kill_at > 30
