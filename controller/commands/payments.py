"""EDGE. `python -m controller payments`: the ledger for the operator, while the daemon runs."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from controller.config.keys import load_config
from controller.ledger.file import LEDGER_NAME
from controller.ledger.reader import LedgerPicture, read_ledger
from controller.pages.payments_report import (
    Wanted,
    payments_json,
    payments_text,
    totals_json,
    totals_text,
)

STATES = ("open", "delivered", "partial", "undelivered", "owed", "conflict", "free", "test")


def add_payments_command(commands: Any, default_config: Path) -> None:
    """Add the command to the parser's `commands`."""
    parser = commands.add_parser(
        "payments",
        help="list the ledger's payments",
        description="Lists the ledger's payments, also while the controller runs. Days and times are local; "
        'pulses are fired/intended: "1?" says that of one nobody knows whether it was fired, and "1!" that '
        "the coin meter did not count one.",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--config", type=Path, default=default_config, help="default: %(default)s")
    where.add_argument("--ledger", type=Path, help="the ledger's file, in place of a configuration")
    parser.add_argument("--state", choices=STATES, help="only these; owed and conflict are of the receipt")
    parser.add_argument("--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="only this day")
    parser.add_argument("--totals", action="store_true", help="what each day came to")
    parser.add_argument("--json", action="store_true", help="one JSON document, amounts in minor units")
    parser.set_defaults(do=payments)


def payments(options: argparse.Namespace) -> int:
    """Do what the command line asks; 0.

    Raises:
        ConfigError: the configuration cannot be used.
        LedgerError: the ledger cannot be read.
    """
    path: Path = options.ledger or load_config(options.config).state_dir / LEDGER_NAME
    print(_report(read_ledger(path), options, datetime.now(UTC)), end="")
    return 0


def _report(picture: LedgerPicture, options: argparse.Namespace, now: datetime) -> str:
    wanted = Wanted(options.state, options.day)
    rows, coins = wanted.of(picture.rows), wanted.coins_of(picture.coins)
    if options.json and options.totals:
        return totals_json(rows, coins, picture.faults, now)
    if options.json:
        return payments_json(rows, picture.faults, now)
    faults = "".join(f"fault: {fault}\n" for fault in picture.faults)
    return faults + (totals_text(rows, coins) if options.totals else payments_text(rows, now))
