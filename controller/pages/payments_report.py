"""CORE. The ledger as an operator reads it: rows in, a table, totals or a JSON document out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from attract_screen.model.prices import price
from controller.model.ledger_row import LedgerRow

WIDTH = 100
_DAY_S = 86400


@dataclass(frozen=True)
class Totals:
    """What one day came to. `sales` gave a credit or more; `charged` is (currency, minor units), sorted.

    `free_credits` and `test_credits` were delivered and paid by nobody: they count nowhere else. `cash_coins`
    are of metal, as the coin meter counted them.
    """

    payments: int
    sales: int
    credits: int
    undelivered: int
    open: int
    owed: int
    conflicts: int
    free_credits: int
    test_credits: int
    cash_coins: int
    charged: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Wanted:
    """Which payments to show; None is all of them. `state` is a state of the row or of its receipt."""

    state: str | None = None
    day: date | None = None

    def of(self, rows: Iterable[LedgerRow]) -> list[LedgerRow]:
        """The rows that are wanted."""
        return [row for row in rows if self._is_wanted(row)]

    def coins_of(self, coins: Mapping[date, int]) -> dict[date, int]:
        """The cash coins of the days that are wanted; none if payments of one state are."""
        days = coins if self.state is None else {}
        return {day: coins[day] for day in days if self.day in (None, day)}

    def _is_wanted(self, row: LedgerRow) -> bool:
        is_state = self.state in (None, row.state, row.receipt) or (self.state == "free" and row.is_free)
        return is_state and self.day in (None, row.day)


def totals(rows: Sequence[LedgerRow], cash_coins: int = 0) -> Totals:
    """What `rows` come to together."""
    paid = [row for row in rows if not row.test and not row.is_free]
    states = Counter(row.state for row in paid)
    receipts = Counter(row.receipt for row in paid)
    charged: Counter[str] = Counter()
    for row in paid:
        charged[row.currency or ""] += row.charged
    return Totals(
        payments=len(paid),
        sales=sum(row.credits_delivered > 0 for row in paid),
        credits=sum(row.credits_delivered for row in paid),
        undelivered=states["undelivered"],
        open=states["open"],
        owed=receipts["owed"],
        conflicts=receipts["conflict"],
        free_credits=sum(row.credits_delivered for row in rows if row.is_free),
        test_credits=sum(row.credits_delivered for row in rows if row.test),
        cash_coins=cash_coins,
        charged=tuple(sorted((currency, amount) for currency, amount in charged.items() if amount)),
    )


def payments_text(rows: Sequence[LedgerRow], now: datetime) -> str:
    """A table of payments by day, at most WIDTH wide; why it was not delivered stands below a payment."""
    heads = ("time", "payment", "amount", "credits", "pulses", "state", "receipt", "age")
    if not rows:
        return "no payments\n"
    head, *below = _table(heads, [_cells(row, now) for row in rows])
    text, lines = [head], iter(below)
    for day, of_day in groupby(rows, lambda row: row.day):
        text.append(_day_heading(day))
        for row in of_day:
            text += [next(lines), *_why(row)]
    return "\n".join(text) + "\n"


def totals_text(rows: Sequence[LedgerRow], coins: Mapping[date, int]) -> str:
    """A table of days, with the cash `coins` of each, and their sum in the last line."""
    names = ("sales", "credits", "undelivered", "open", "owed", "conflict", "cash coins", "free", "test")
    days = [_totals_cells(day.isoformat(), came_to) for day, came_to in _by_day(rows, coins)]
    together = _totals_cells("all", totals(rows, sum(coins.values())))
    return "\n".join(_table(("day", *names, "charged"), [*days, together])) + "\n"


def payments_json(rows: Sequence[LedgerRow], faults: tuple[str, ...], now: datetime) -> str:
    """One JSON document: amounts in minor units, times in ISO 8601 UTC."""
    return _document(faults, now, payments=[_fields(row, now) for row in rows])


def totals_json(
    rows: Sequence[LedgerRow], coins: Mapping[date, int], faults: tuple[str, ...], now: datetime
) -> str:
    """One JSON document with a total for each day, and the cash `coins` of each."""
    days = [{"day": day.isoformat(), **_totals_fields(came_to)} for day, came_to in _by_day(rows, coins)]
    return _document(faults, now, totals=days)


def _by_day(rows: Sequence[LedgerRow], coins: Mapping[date, int]) -> list[tuple[date, Totals]]:
    # A clock may have leapt back between two payments: the days are put in order first.
    in_order = sorted(rows, key=lambda row: row.day)
    of_days = {day: list(of_day) for day, of_day in groupby(in_order, lambda row: row.day)}
    days = sorted(of_days.keys() | coins.keys())
    return [(day, totals(of_days.get(day, []), coins.get(day, 0))) for day in days]


def _cells(row: LedgerRow, now: datetime) -> tuple[str, ...]:
    doubt = f" {row.ambiguous}?" if row.ambiguous else ""
    doubt += f" {row.uncounted}!" if row.uncounted else ""
    return (
        row.received_at.strftime("%H:%M:%S"),
        row.payment_id,
        _amount(row),
        f"{row.credits_delivered}/{row.credits}",
        f"{row.fired}/{row.intended}{doubt}",
        row.state,
        row.receipt,
        _age(now - row.received_at),
    )


def _amount(row: LedgerRow) -> str:
    if row.is_free:
        return "free"
    return "-" if row.amount is None or row.currency is None else price(row.amount, row.currency)


def _why(row: LedgerRow) -> list[str]:
    reasons = [row.reason] if row.reason and row.outcome != "delivered" else []
    reasons += ["not charged: below Stripe's least charge"] if row.is_too_little_to_charge else []
    return [f"          {shortened(reason, WIDTH - 10)}" for reason in reasons]


def _day_heading(day: date) -> str:
    return f"{day.isoformat()} {day.strftime('%A')}"


def _totals_cells(day: str, came_to: Totals) -> tuple[str, ...]:
    counts = (
        came_to.sales,
        came_to.credits,
        came_to.undelivered,
        came_to.open,
        came_to.owed,
        came_to.conflicts,
        came_to.cash_coins,
        came_to.free_credits,
        came_to.test_credits,
    )
    money = ", ".join(price(amount, currency) for currency, amount in came_to.charged)
    return (day, *map(str, counts), money or "-")


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """Aligned lines; a second column that is too long for them gives way."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    others = sum(widths) - widths[1] + 2 * (len(widths) - 1)
    widths[1] = max(len(heads[1]), min(widths[1], WIDTH - others))
    return [_line(cells, widths) for cells in (heads, *rows)]


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    cells = (cells[0], shortened(cells[1], widths[1]), *cells[2:])
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def shortened(text: str, width: int) -> str:
    """`text`, without its middle where it is too long: ids differ at their ends."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"


def _age(age: timedelta) -> str:
    """The largest unit that fits; a Pi's clock may have been ahead of now."""
    age_s = int(age.total_seconds())
    if age_s < 0:
        return "-"
    units = ((_DAY_S, "d"), (3600, "h"), (60, "min"), (1, "s"))
    return next((f"{age_s // unit_s} {name}" for unit_s, name in units if age_s >= unit_s), "0 s")


def _document(faults: tuple[str, ...], now: datetime, **lists: list[dict[str, Any]]) -> str:
    return json.dumps({"readAt": _iso(now), "faults": faults, **lists}, indent=2) + "\n"


def _fields(row: LedgerRow, now: datetime) -> dict[str, Any]:
    pulses = {
        "all": row.pulses,
        "intended": row.intended,
        "fired": row.fired,
        "ambiguous": row.ambiguous,
        "uncounted": row.uncounted,
    }
    return {
        "paymentId": row.payment_id,
        "receivedAt": _iso(row.received_at),
        "ageS": int((now - row.received_at).total_seconds()),
        "amount": row.amount,
        "currency": row.currency,
        "charged": row.charged,
        "creditsPaid": row.credits,
        "creditsDelivered": row.credits_delivered,
        "pulses": pulses,
        "state": row.state,
        "free": row.is_free,
        "reason": row.reason,
        "receipt": row.receipt,
    }


def _totals_fields(came_to: Totals) -> dict[str, Any]:
    return {
        "payments": came_to.payments,
        "sales": came_to.sales,
        "credits": came_to.credits,
        "undelivered": came_to.undelivered,
        "open": came_to.open,
        "owed": came_to.owed,
        "conflicts": came_to.conflicts,
        "cashCoins": came_to.cash_coins,
        "freeCredits": came_to.free_credits,
        "testCredits": came_to.test_credits,
        "charged": dict(came_to.charged),
    }


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
