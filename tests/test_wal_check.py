"""The write-ahead log: what a cut commit leaves is no damage, a commit that is gone is."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from controller.formats.wal_check import find_lost_commits

FRAME = 24 + 4096
HEADER_DAMAGED = "the header of its write-ahead log is damaged"


@pytest.fixture
def wal(tmp_path: Path) -> bytes:
    """A log of five commits, of which the last two write three pages each, as SQLite wrote it."""
    path = tmp_path / "some.sqlite"
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; CREATE TABLE t (x)")
    for size in (1, 1, 9000, 9000):
        db.execute("INSERT INTO t VALUES (?)", (os.urandom(size),))
    written = path.with_name("some.sqlite-wal").read_bytes()
    db.close()
    return written


def commits(wal: bytes) -> list[int]:
    """The frames that end a commit."""
    starts = range(32, len(wal), FRAME)
    return [number for number, at in enumerate(starts) if any(wal[at + 4 : at + 8])]


def spoilt(wal: bytes, at: int) -> bytes:
    """The log with one bit turned."""
    return wal[:at] + bytes([wal[at] ^ 1]) + wal[at + 1 :]


def test_a_log_as_sqlite_leaves_it_is_whole(wal: bytes) -> None:
    """Checked by the checksums that SQLite wrote."""
    assert len(commits(wal)) == 5
    assert find_lost_commits(wal) is None


@pytest.mark.parametrize("wal", [b"", bytes(32), bytes(5000)], ids=["empty", "zeros", "many zeros"])
def test_a_log_in_which_nothing_was_ever_written_is_whole(wal: bytes) -> None:
    """A file may grow before its first bytes reach the disk."""
    assert find_lost_commits(wal) is None


def test_a_commit_that_was_cut_by_the_power_is_no_damage(wal: bytes) -> None:
    """At any byte: nobody was told of it."""
    whole = 32 + FRAME * (commits(wal)[-2] + 1)
    assert {find_lost_commits(wal[:end]) for end in range(whole, len(wal), 64)} == {None}


def test_the_last_commit_may_have_holes(wal: bytes) -> None:
    """A disk writes the pages of one commit in any order."""
    last = 32 + FRAME * (commits(wal)[-2] + 1)
    assert {find_lost_commits(spoilt(wal, at)) for at in range(last, len(wal), 64)} == {None}


@pytest.mark.parametrize("where", [0, 4, 8, 12, 24, 100, 4000])
def test_a_commit_that_was_on_the_disk_and_cannot_be_read_is_damage(wal: bytes, where: int) -> None:
    """Wherever its frame is hit: SQLite would silently go back to the commit before it."""
    at = 32 + FRAME * (commits(wal)[1] + 1) + where
    behind = commits(wal)[1] + 1
    assert find_lost_commits(spoilt(wal, at)) == f"its write-ahead log is damaged after frame {behind}"


def test_frames_of_an_earlier_log_are_no_lost_commits(tmp_path: Path) -> None:
    """SQLite writes a log over the one before it, and leaves what it does not reach."""
    path = tmp_path / "some.sqlite"
    db = sqlite3.connect(path, isolation_level=None)
    log = path.with_name("some.sqlite-wal")
    db.executescript("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; CREATE TABLE t (x)")
    for _ in range(5):
        db.execute("INSERT INTO t VALUES (randomblob(9000))")
    longest = log.stat().st_size
    db.execute("PRAGMA wal_checkpoint(RESTART)")
    db.execute("INSERT INTO t VALUES (1)")
    written = log.read_bytes()
    db.close()

    assert len(written) == longest
    assert find_lost_commits(written) is None


@pytest.mark.parametrize("at", range(0, 32, 4))
def test_a_spoilt_header_is_damage(wal: bytes, at: int) -> None:
    """SQLite would take the log for empty."""
    assert find_lost_commits(spoilt(wal, at)) == HEADER_DAMAGED


def test_a_log_shorter_than_its_header_is_damage(wal: bytes) -> None:
    """It was longer once."""
    assert find_lost_commits(wal[:31]) == HEADER_DAMAGED
