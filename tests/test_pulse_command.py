"""`python -m controller pulse`: through a real controller and in its place, on a board that counts."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import wait_until
from workbench import Workbench, workbench

from simulator.chain.cabinet import COIN_PIN

STOPPED = "control: no controller answers: this is done in its place"
NEVER_THE_SAME = {r"test-[0-9a-f]{12}": "test", r"\d+\.\d ms": "# ms", r"^/.*/control:": "control:"}
COUNTED = "# ms, counted by the coin meter"
NOT_COUNTED = "# ms, not counted by the coin meter"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """A controller that runs, on a board with a coin meter."""
    with workbench(tmp_path) as running:
        running.start()
        yield running


@pytest.fixture
def stopped(bench: Workbench) -> Workbench:
    """The same, after the technician has stopped it."""
    bench.controller.stop()
    return bench


def told(done: tuple[int, list[str]]) -> tuple[int, list[str]]:
    """What was said, without what is never the same: ids, widths and the log."""
    lines = [line for line in done[1] if not line.startswith(("WARNING ", "ERROR "))]
    for what, name in NEVER_THE_SAME.items():
        lines = [re.sub(what, name, line) for line in lines]
    return done[0], lines


def pulses(count: int, each: str) -> list[str]:
    return [f"pulse {number} of {count}: {each}" for number in range(1, count + 1)]


def levels(bench: Workbench) -> list[int]:
    return [edge.level for edge in bench.board.edges_of(COIN_PIN)]


PAYMENTS = "SELECT credits, amount, has_receipt, test, outcome, credits_delivered, answer FROM payments"
PULSES = "SELECT number, state FROM pulses ORDER BY payment_id, number"


# Through the controller


def test_test_credits_go_through_the_running_controller(bench: Workbench) -> None:
    """The board counts exactly so many; the ledger has them as a test that owes nobody a receipt."""
    assert told(bench.does("pulse", "3")) == (
        0,
        ["test: 3 test credits, 3 pulses", *pulses(3, COUNTED), "test: delivered, 3 of 3 credits"],
    )
    assert bench.coins() == 3
    assert levels(bench) == [1, 0] * 3
    assert bench.ledger(PAYMENTS) == [(3, None, 0, 1, "delivered", 3, None)]
    assert bench.ledger(PULSES) == [(number, "confirmed") for number in (1, 2, 3)]


def test_what_the_meter_does_not_count_is_said(tmp_path: Path) -> None:
    """The wire of the meter is off: the exit status says so too."""
    with workbench(tmp_path, wired_meter=False) as bench:
        bench.start()
        assert told(bench.does("pulse", "2")) == (
            1,
            [
                "test: 2 test credits, 2 pulses",
                *pulses(2, NOT_COUNTED),
                "test: undelivered, 0 of 2 credits (pulses not counted: 2 of 2)",
            ],
        )
        assert bench.ledger(PULSES) == [(1, "uncounted"), (2, "uncounted")]


def test_out_of_order_by_the_meter_refuses_no_test(tmp_path: Path) -> None:
    """For the next one may be counted, which ends it."""
    broken = {"coin_meter": {"pin": 23, "out_of_order_after": 1}}
    with workbench(tmp_path, wired_meter=False, **broken) as bench:
        bench.start()
        for _ in range(2):
            code, lines = told(bench.does("pulse", "1"))
            assert (code, lines[:2]) == (1, ["test: 1 test credit, 1 pulse", *pulses(1, NOT_COUNTED)])
        assert levels(bench) == [1, 0] * 2


def test_without_a_meter_each_pulse_is_fired(tmp_path: Path) -> None:
    """Two pulses make a credit here."""
    with workbench(tmp_path, coin_meter={}, coin_line={"pin": COIN_PIN, "pulses_per_credit": 2}) as bench:
        bench.start()
        assert told(bench.does("pulse", "2")) == (
            0,
            ["test: 2 test credits, 4 pulses", *pulses(4, "# ms, fired"), "test: delivered, 2 of 2 credits"],
        )
        bench.wait_for_coins(4)
        assert levels(bench) == [1, 0] * 4


def test_a_board_that_is_not_ready_gets_no_pulse(bench: Workbench) -> None:
    """The technician need not wait for what cannot come."""
    bench.board.set_ready(False)
    bench.controller.wait_for_line("board not ready")

    assert told(bench.does("pulse", "1")) == (1, ["refused: the board is not ready for coins"])
    assert (levels(bench), bench.ledger(PAYMENTS)) == ([], [])


def test_behind_the_fence_no_pulse_leaves(tmp_path: Path) -> None:
    """The relay has not named yet what was open before this ledger."""
    with workbench(tmp_path, relay={"url": "http://127.0.0.1:1", "token": f"1.{'ab' * 32}"}) as bench:
        bench.start()
        reason = "the ledger is new: no pulse leaves until the relay has named what was open"
        assert told(bench.does("pulse", "1")) == (1, [f"refused: {reason}"])

        bench.controller.stop()
        assert told(bench.does("pulse", "1")) == (1, [STOPPED, f"refused: {reason}"])
        assert levels(bench) == []


def test_what_cannot_be_written_is_not_fired(bench: Workbench) -> None:
    """Nor is it kept for when the disk is mended: the technician will have gone."""
    with closing(sqlite3.connect(bench.folder / "state" / "ledger.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        reason = "refused: the ledger cannot be written: database is locked"
        assert told(bench.does("pulse", "1")) == (1, [reason])
        other.execute("ROLLBACK")

    assert told(bench.does("pulse", "1"))[0] == 0
    assert levels(bench) == [1, 0]


def test_while_the_loop_waits_for_the_disk_it_is_refused(bench: Workbench) -> None:
    """A cash coin waits to be written; whoever asks is told why nothing goes on."""
    with closing(sqlite3.connect(bench.folder / "state" / "ledger.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        bench.board.insert_cash_coin()
        bench.controller.wait_for_line("ledger cannot be written")
        reason = "refused: the ledger cannot be written: database is locked"
        assert told(bench.does("pulse", "1")) == (1, [reason])
        other.execute("ROLLBACK")
    bench.controller.wait_for_line("ledger can be written again")

    assert told(bench.does("pulse", "1"))[0] == 0


def test_a_controller_that_dies_is_said(bench: Workbench) -> None:
    """What it had begun goes on behind the pulse in doubt, when it is started again."""
    asking = subprocess.Popen(bench.command("pulse", "3"), stderr=subprocess.PIPE, text=True)
    wait_until(lambda: levels(bench), "the first pulse")
    bench.controller.kill()
    _, said = asking.communicate(timeout=60)

    assert (asking.returncode, said) == (
        1,
        f"{bench.control}: the controller has hung up: it was stopped, or restarted\n",
    )


def test_interrupted_the_controller_goes_on(bench: Workbench) -> None:
    """Ctrl-C ends the watching, not the pulses."""
    asking = subprocess.Popen(bench.command("pulse", "2"), stdout=subprocess.PIPE, text=True)
    wait_until(lambda: levels(bench), "the first pulse")
    asking.send_signal(signal.SIGINT)
    said, _ = asking.communicate(timeout=60)

    assert (asking.returncode, said.splitlines()[-1]) == (130, "the controller goes on with it")
    bench.wait_for_coins(2)


def test_guests_that_never_read_hold_up_nothing(bench: Workbench) -> None:
    """Three of them stay connected; the pulses keep their time."""
    with ExitStack() as guests:
        for _ in range(3):
            guest = guests.enter_context(socket.socket(socket.AF_UNIX))
            guest.connect(str(bench.control))
        assert told(bench.does("pulse", "3"))[0] == 0
    assert bench.coins() == 3


# In its place


def test_a_stopped_controllers_work_is_done_in_its_place(stopped: Workbench) -> None:
    """By the same rules, with the same ledger and meter; the next start finds nothing left."""
    assert told(stopped.does("pulse", "2")) == (
        0,
        [STOPPED, "test: 2 test credits, 2 pulses", *pulses(2, COUNTED), "test: delivered, 2 of 2 credits"],
    )
    assert stopped.ledger(PAYMENTS) == [(2, None, 0, 1, "delivered", 2, None)]
    assert stopped.ledger(PULSES) == [(1, "confirmed"), (2, "confirmed")]

    stopped.start()
    assert told(stopped.does("pulse", "1"))[0] == 0
    assert (stopped.coins(), levels(stopped)) == (3, [1, 0] * 3)


def test_in_its_place_a_board_that_is_not_ready_gets_no_pulse(stopped: Workbench) -> None:
    """The ready line is read as the controller reads it."""
    stopped.board.set_ready(False)
    assert told(stopped.does("pulse", "1")) == (1, [STOPPED, "refused: the board is not ready for coins"])
    assert levels(stopped) == []


def test_interrupted_in_its_place_the_pulse_ends_and_the_rest_follows(stopped: Workbench) -> None:
    """Nothing is cut, and nothing is fired twice."""
    asking = subprocess.Popen(stopped.command("pulse", "3"), stdout=subprocess.PIPE, text=True)
    wait_until(lambda: levels(stopped), "the first pulse")
    asking.send_signal(signal.SIGINT)
    said, _ = asking.communicate(timeout=60)

    assert asking.returncode == 1
    assert said.splitlines()[-1].endswith(": stopped; what is left of it follows when the controller starts")
    stopped.start()
    stopped.wait_for_coins(3)
    wait_until(lambda: stopped.ledger("SELECT outcome FROM payments") != [(None,)], "its end")
    assert levels(stopped) == [1, 0] * 3
    widths_ms = [(to.at_s - at.at_s) * 1000 for at, to in pairwise(stopped.board.edges_of(COIN_PIN))]
    assert min(widths_ms) >= 100


def test_it_never_runs_beside_a_controller(bench: Workbench) -> None:
    """Even if that one's socket is gone."""
    bench.control.unlink()
    lock = bench.folder / "state" / "ledger.lock"
    assert told(bench.does("pulse", "1")) == (
        1,
        [STOPPED, f"not asked: {lock}: another controller is running: stop it first"],
    )
    assert levels(bench) == []


def test_a_cabinet_that_never_ran_gets_no_ledger(tmp_path: Path) -> None:
    """It would belong to whoever typed the command."""
    with workbench(tmp_path) as bench:
        ledger = bench.folder / "state" / "ledger.sqlite"
        hint = "the controller makes it when it first starts; is this its state_dir?"
        assert bench.does("pulse", "1") == (1, [f"{ledger}: No such file or directory: {hint}"])
        assert not ledger.parent.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="takes another user's part")
def test_only_the_ledgers_owner_does_it_in_its_place(stopped: Workbench) -> None:
    """What root leaves beside the ledger, the controller could not write."""
    state = stopped.folder / "state"
    for file in (state, *state.iterdir()):
        os.chown(file, 65534, 65534)
    before = sorted(state.iterdir())
    command = shlex.join([sys.executable, *stopped.command("pulse", "1")[1:]])

    assert stopped.does("pulse", "1") == (
        1,
        [
            f"{state / 'ledger.sqlite'}: belongs to the user nobody; "
            f"run this as that user: sudo -u nobody {command}"
        ],
    )
    assert sorted(state.iterdir()) == before
    assert levels(stopped) == []


@pytest.mark.parametrize("credits", ["0", "21", "-1", "three", "1.5"])
def test_so_many_credits_are_a_mistake(tmp_path: Path, credits: str) -> None:
    """Before anything is read or asked."""
    ended = subprocess.run(
        [sys.executable, "-m", "controller", "pulse", "--", credits],
        capture_output=True,
        text=True,
        check=False,
    )
    said = f"error: argument N: '{credits}' is not 1 to 20 credits\n"
    assert (ended.returncode, ended.stderr.endswith(said)) == (2, True)
