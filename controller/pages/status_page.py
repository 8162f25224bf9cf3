"""CORE. One screen that says what the machine is doing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from attract_screen.model.prices import price
from controller.model.ledger_row import LedgerRow
from controller.pages.payments_report import Totals, Wanted, shortened, totals

LAST = 5
WIDTH = 80
_INDENT = 15


@dataclass(frozen=True)
class Status:
    """What is known. `doing` is None if no controller runs, and `rows` where the ledger cannot be read.

    `credits` are on the board or on their way, `waiting` those that it has no room for. `configuration` is
    what of config.yaml does not hold; `trouble` is why the ledger cannot be read.
    """

    title: str
    doing: str | None
    credits: int = 0
    waiting: int = 0
    faults: tuple[str, ...] = ()
    configuration: str = ""
    rows: tuple[LedgerRow, ...] | None = None
    coins_today: int = 0
    trouble: str = ""


def status_text(status: Status, now: datetime) -> str:
    """The screen, with `now` in the local time zone."""
    lines = [status.title, *_line("controller", [status.doing] if status.doing else _STOPPED)]
    lines += _line("faults", status.faults or ["none"])
    if status.configuration:
        lines += _line("config.yaml", [status.configuration])
    if status.doing is not None:
        waiting = f", and {status.waiting} more once a game is over" if status.waiting else ""
        lines += _line("board", [f"{_counted(status.credits, 'credit')}{waiting}"])
    if status.rows is None:
        return _ended([*lines, *_line("ledger", [status.trouble])])
    today = Wanted(day=now.date()).of(status.rows)
    lines += _line("today", _sold(totals(today, status.coins_today)))
    lines += _line("receipts", [_receipts(totals(status.rows))])
    heads = ["  last".ljust(_INDENT), *[" " * _INDENT] * LAST]
    lines += [head + line for head, line in zip(heads, _last(status.rows[-LAST:], now), strict=False)]
    return _ended(lines)


_STOPPED = ("NOT RUNNING: sudo systemctl start arcade-controller", "why it ended: sudo cabinet logs")


def _line(name: str, texts: Iterable[str]) -> list[str]:
    broken = [line for text in texts for line in _broken(text)]
    heads = [f"  {name}".ljust(_INDENT), *[" " * _INDENT] * (len(broken) - 1)]
    return [head + line for head, line in zip(heads, broken, strict=True)]


def _broken(text: str) -> list[str]:
    # Commands and paths stay whole, so that they can be copied.
    return textwrap.wrap(text, WIDTH - _INDENT, break_long_words=False, break_on_hyphens=False)


def _sold(came_to: Totals) -> list[str]:
    money = ", ".join(price(amount, currency) for currency, amount in came_to.charged)
    parts = [
        _counted(came_to.sales, "sale"),
        _counted(came_to.credits, "credit"),
        *([money] if money else []),
        *([_counted(came_to.cash_coins, "cash coin")] if came_to.cash_coins else []),
        *([f"{came_to.undelivered} undelivered"] if came_to.undelivered else []),
        *([_counted(came_to.test_credits, "test credit")] if came_to.test_credits else []),
    ]
    return [", ".join(parts)]


def _receipts(came_to: Totals) -> str:
    conflicts = f", {came_to.conflicts} in conflict: tell the operator" if came_to.conflicts else ""
    return f"{came_to.owed} owed to the relay{conflicts}"


def _last(rows: Sequence[LedgerRow], now: datetime) -> list[str]:
    """The newest first; in columns."""
    cells = [_cells(row, now) for row in reversed(rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in cells]
    room = WIDTH - _INDENT - len(lines[0]) if lines else 0
    ids = [shortened(row.payment_id, room) for row in reversed(rows)]
    return [line + name for line, name in zip(lines, ids, strict=True)] or ["no payments yet"]


def _cells(row: LedgerRow, now: datetime) -> tuple[str, ...]:
    is_today = row.day == now.date()
    return (
        row.received_at.strftime("%H:%M:%S" if is_today else "%Y-%m-%d"),
        "-" if row.amount is None or row.currency is None else price(row.amount, row.currency),
        f"{row.credits_delivered}/{row.credits}",
        row.state,
        row.receipt if row.receipt != "none" else "-",
        "",
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _ended(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
