"""`python -m controller clear`: what was wrong is over, through the controller and in its ledger."""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import wait_until
from workbench import Workbench, workbench

NOT_COUNTED = "coin meter: the last 2 coin pulses were not counted by the board"
DAMAGED = "ledger damaged: kept as ledger.sqlite.damaged-"
UNCOUNTED = "SELECT value FROM memory WHERE key = 'uncounted'"


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Workbench]:
    """A cabinet whose ledger was damaged, and whose coin meter has missed two pulses: it is out of order."""
    state = tmp_path / "state"
    state.mkdir()
    (state / "ledger.sqlite").write_bytes(b"no database at all" * 100)
    meter = {"pin": 23, "out_of_order_after": 2}
    with workbench(tmp_path, wired_meter=False, coin_meter=meter) as bench:
        bench.start()
        bench.does("pulse", "2")
        wait_until(lambda: shown(bench)["state"] == "out_of_order", "the screen to say so")
        yield bench


def shown(bench: Workbench) -> dict[str, object]:
    """What the attract screen is told."""
    fields: dict[str, object] = json.loads((bench.folder / "screen.json").read_text())
    return fields


def clears(bench: Workbench) -> tuple[int, list[str]]:
    """Run the command; the name of the damaged ledger, which has the time in it, is cut short."""
    status, lines = bench.does("clear")
    return status, [line.partition("damaged-")[0] + "damaged-" * ("damaged-" in line) for line in lines]


JOURNAL_KINDS = "SELECT DISTINCT json_extract(body, '$.kind') FROM journal"
CLEARED = (0, [f"cleared: {NOT_COUNTED}", f"cleared: {DAMAGED}"])


def test_faults_are_cleared_through_the_running_controller(broken: Workbench) -> None:
    """It sells again at once, and there is nothing left to clear."""
    assert clears(broken) == CLEARED
    wait_until(lambda: shown(broken)["state"] != "out_of_order", "the screen to say so")
    assert "coin meter" not in str(shown(broken)["technician_line"])
    assert clears(broken) == (0, ["no faults"])


def test_faults_are_cleared_in_a_stopped_controllers_ledger(broken: Workbench) -> None:
    """The next start finds none."""
    broken.controller.stop()
    assert broken.ledger(UNCOUNTED) == [("2",)]
    assert clears(broken) == CLEARED
    assert clears(broken) == (0, ["no faults"])

    assert broken.ledger(UNCOUNTED) == [("0",)]
    assert [line for line in broken.does("payments")[1] if line.startswith("fault")] == []
    broken.start()
    wait_until(lambda: shown(broken)["state"] != "out_of_order", "the screen to say so")


def test_what_cannot_be_written_is_not_cleared(broken: Workbench) -> None:
    """The technician is told, and the machine stays out of order."""
    # The journal's word of the faults comes after some seconds, and would wait for the lock as well.
    wait_until(lambda: ("fault_begins",) in broken.ledger(JOURNAL_KINDS), "the faults in the journal")
    with closing(sqlite3.connect(broken.folder / "state" / "ledger.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert clears(broken) == (1, ["refused: the ledger cannot be written: database is locked"])
        other.execute("ROLLBACK")
    assert broken.ledger(UNCOUNTED) == [("2",)]


def test_nothing_is_cleared_beside_a_controller(broken: Workbench) -> None:
    """It would go on telling the faults."""
    broken.control.unlink()
    lock = broken.folder / "state" / "ledger.lock"
    assert broken.does("clear") == (1, [f"{lock}: another controller is running: stop it first"])
    assert broken.ledger(UNCOUNTED) == [("2",)]


def test_clearing_the_faults_of_no_ledger_makes_none(tmp_path: Path) -> None:
    """A wrong folder stays empty."""
    with workbench(tmp_path) as bench:
        ledger = bench.folder / "state" / "ledger.sqlite"
        hint = "the controller makes it when it first starts; is this its state_dir?"
        assert bench.does("clear") == (1, [f"{ledger}: No such file or directory: {hint}"])
        assert not ledger.parent.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="takes another user's part")
def test_faults_are_cleared_by_the_ledgers_owner_only(broken: Workbench) -> None:
    """A file that root leaves there, the controller could not write."""
    broken.controller.stop()
    ledger = broken.folder / "state" / "ledger.sqlite"
    os.chown(ledger, 65534, 65534)
    command = shlex.join([sys.executable, *broken.command("clear")[1:]])

    assert broken.does("clear") == (
        1,
        [f"{ledger}: belongs to the user nobody; run this as that user: sudo -u nobody {command}"],
    )
