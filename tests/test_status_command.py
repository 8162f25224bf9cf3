"""`status`, `logs` and `--help`: what a technician reads first."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from check_parts import on_path
from conftest import wait_until
from workbench import workbench

from controller.__main__ import parser
from controller.model.ledger_row import LedgerRow
from controller.pages.help_page import GROUPS, help_page
from controller.pages.status_page import Status, status_text

NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
ROW: dict[str, Any] = {
    "payment_id": "pi_3QxYzAbCdEfGhIjKlMnOpQr",
    "received_at": NOW - timedelta(hours=1),
    "credits": 3,
    "amount": 250,
    "currency": "usd",
    "has_receipt": True,
    "test": False,
    "pulses": 3,
    "intended": 3,
    "fired": 3,
    "ambiguous": 0,
    "uncounted": 0,
    "outcome": "delivered",
    "credits_delivered": 3,
    "reason": "its last pulse was fired",
    "answer": "settled",
    "charged_by_relay": None,
}


def row(**changes: Any) -> LedgerRow:
    return LedgerRow(**(ROW | changes))


def test_a_busy_evening_fits_one_screen() -> None:
    """Whole, and none of its lines is wider than 80."""
    rows = (
        row(payment_id="pi_old", received_at=NOW - timedelta(days=1)),
        row(),
        row(payment_id="pi_2", outcome="undelivered", credits_delivered=0, answer=None),
        row(payment_id="pi_3", answer="conflict"),
        row(payment_id="test-1a2b", test=True, amount=None, currency=None, has_receipt=False, answer=None),
    )
    status = Status(
        "Galaga (galaga-01)",
        "a game is being played, not selling",
        credits=2,
        waiting=1,
        faults=("coin meter: the last 3 coin pulses were not counted by the board", "broker: refused us"),
        configuration="restart to apply broker.host, coin_line.pin",
        rows=rows,
        coins_today=5,
    )
    assert status_text(status, NOW) == (
        "Galaga (galaga-01)\n"
        "  controller   a game is being played, not selling\n"
        "  faults       coin meter: the last 3 coin pulses were not counted by the board\n"
        "               broker: refused us\n"
        "  config.yaml  restart to apply broker.host, coin_line.pin\n"
        "  board        2 credits, and 1 more once a game is over\n"
        "  today        2 sales, 6 credits, $2.50, 5 cash coins, 1 undelivered, 3 test\n"
        "               credits\n"
        "  receipts     1 owed to the relay, 1 in conflict: tell the operator\n"
        "  last         17:00:00    -      3/3  test         -         test-1a2b\n"
        "               17:00:00    $2.50  3/3  delivered    conflict  pi_3\n"
        "               17:00:00    $2.50  0/3  undelivered  owed      pi_2\n"
        "               17:00:00    $2.50  3/3  delivered    settled   pi_3QxYzA…KlMnOpQr\n"
        "               2026-05-31  $2.50  3/3  delivered    settled   pi_old\n"
    )


def test_a_machine_that_stands_still_says_so() -> None:
    """First, and with what to do."""
    status = Status("Galaga (galaga-01)", None, trouble="/var/x: Permission denied: read it as root")
    assert status_text(status, NOW) == (
        "Galaga (galaga-01)\n"
        "  controller   NOT RUNNING: sudo systemctl start arcade-controller\n"
        "               why it ended: sudo cabinet logs\n"
        "  faults       none\n"
        "  ledger       /var/x: Permission denied: read it as root\n"
    )


def without_times(lines: list[str]) -> list[str]:
    return [re.sub(r"\d\d:\d\d:\d\d|test-[0-9a-f]+", "#", line) for line in lines]


def test_status_follows_the_running_controller(tmp_path: Path) -> None:
    """Running, then with a test credit, then with a broken config.yaml, then stopped."""
    with workbench(tmp_path) as bench:
        bench.start()
        wait_until(lambda: bench.does("status")[0] == 0, "a feed")
        bench.does("pulse", "1")
        status, lines = bench.does("status")
        text = bench.config_file.read_text()
        bench.config_file.write_text(text.replace("name:", "nam:"))
        broken = bench.does("status")
        bench.config_file.write_text(text)
        bench.controller.stop()
        stopped = bench.does("status")

    assert (status, without_times(lines)) == (
        0,
        [
            "Star Raider (star-raider-01)",
            "  controller   a game is being played, not selling",
            f"  faults       broker: 127.0.0.1:{broker_port(text)} cannot be reached: [Errno 111] Connection",
            "               refused",
            "  board        1 credit",
            "  today        0 sales, 0 credits, 1 test credit",
            "  receipts     0 owed to the relay",
            "  last         #  -  1/1  test  -  #",
        ],
    )
    assert (broken[0], broken[1][0]) == (0, "no name (star-raider-01)")
    assert any(
        "config.yaml" in line and "name is missing (and 1 more)" in line for line in [" ".join(broken[1])]
    )
    assert (stopped[0], stopped[1][1]) == (
        1,
        "  controller   NOT RUNNING: sudo systemctl start arcade-controller",
    )


def broker_port(text: str) -> str:
    return text.partition("port: ")[2].split()[0]


def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "controller", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ([], "--unit=arcade-controller --lines=50 --no-hostname --no-pager"),
        (["-f", "7"], "--unit=arcade-controller --lines=7 --no-hostname --no-pager --follow"),
    ],
)
def test_logs_becomes_journalctl(tmp_path: Path, arguments: list[str], given: str) -> None:
    """With its exit status."""
    on_path(tmp_path, "journalctl", 'echo "$@"; exit 3')
    assert run("logs", *arguments, PATH=str(tmp_path) + ":/bin") == (3, f"{given}\n", "")


def test_without_journalctl_logs_says_where_to_look(tmp_path: Path) -> None:
    """On a developer's machine, say."""
    said = (
        "journalctl cannot be run: No such file or directory: without systemd, the controller speaks to the "
        "terminal that it was started from\n"
    )
    assert run("logs", PATH=str(tmp_path)) == (1, "", said)


def test_logs_refuses_what_is_no_number() -> None:
    """And says what would be one."""
    status, _, said = run("logs", "all")
    assert (status, said.splitlines()[-1]) == (
        2,
        "python -m controller logs: error: argument N: 'all' is no number of lines: write 50, say",
    )


def commands() -> set[str]:
    (found,) = (each for each in parser()._actions if isinstance(each, argparse._SubParsersAction))
    return set(found.choices)


def test_every_command_stands_on_the_help_page_once() -> None:
    """A command that nobody finds is none."""
    listed = [name for group in GROUPS.values() for name in group]
    assert (sorted(listed), max(map(len, help_page("cabinet").splitlines())) <= 90) == (
        sorted(commands()),
        True,
    )


def test_the_page_calls_the_program_as_it_was_called() -> None:
    """The wrapper says its name; without one it is the module's."""
    pages = run("--help", CABINET_COMMAND="cabinet")[1], run("--help")[1]
    assert pages == (help_page("cabinet"), help_page("python -m controller"))
    assert "\n  cabinet logs -f " in pages[0]
