"""CORE. The pictures of a machine's page: takings by hour and by day, pulses that went wrong, faults."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, TypeAlias

from fleet.pages.bars import Plot, columns_over, stretch
from fleet.reports.amounts import Money
from fleet.reports.table import one_line

DAYS, HOURS = 30, 48
Series: TypeAlias = dict[str, Counter[str]]
NO_VALUE = ""
"""In the place of a currency: coins of which nobody said what one is worth."""


@dataclass(frozen=True)
class Coin:
    """What one coin of the machine's slot is worth; without a currency it is counted, not added up."""

    value: int
    currency: str


def day_labels(now: float, zone: tzinfo) -> list[str]:
    """The last days, where the machine stands, today included."""
    today = datetime.fromtimestamp(now, zone).date()
    return [str(today - timedelta(days=back)) for back in reversed(range(DAYS))]


def takings_by_day(rows: Sequence[Mapping[Any, Any]], coin: Coin, labels: Sequence[str]) -> list[Plot]:
    """A plot for each currency: phone and cash of the last days."""
    found: dict[str, Series] = defaultdict(_nothing)
    for row in rows:
        if row["kind"] == "cash":
            found[coin.currency]["cash"][row["day"]] += row["sales"] * coin.value
        elif row["kind"] == "phone" and row["currency"]:
            found[row["currency"]]["phone"][row["day"]] += row["charged"]
    return _plots("by day", found, labels)


def takings_by_hour(
    phone: Sequence[tuple[float, int, str]], coins: Sequence[float], coin: Coin, now: float, zone: tzinfo
) -> list[Plot]:
    """A plot for each currency: phone and cash of the last hours."""
    found: dict[str, Series] = defaultdict(_nothing)
    for at, charged, currency in phone:
        found[currency]["phone"][_hour(at, zone)] += charged
    for at in coins:
        found[coin.currency]["cash"][_hour(at, zone)] += coin.value
    labels = [_hour(now - back * 3600, zone) for back in reversed(range(HOURS))]
    # Where clocks go back, two hours have one name.
    return _plots("by hour", found, list(dict.fromkeys(labels)))


def pulses_by_day(rows: Sequence[Mapping[Any, Any]], labels: Sequence[str]) -> Plot:
    """Pulses in doubt and uncounted: a wire that goes bad is seen before it fails."""
    series: Series = {"in doubt": Counter(), "uncounted": Counter()}
    for row in rows:
        series["in doubt"][row["day"]] += row["in_doubt"]
        series["uncounted"][row["day"]] += row["uncounted"]
    return columns_over("Pulses in doubt and uncounted, by day", labels, series, str)


@dataclass(frozen=True)
class FaultLine:
    """When one kind of fault was there: beginning, width and words of each time."""

    kind: str
    times: tuple[tuple[float, float, str], ...]


def fault_lines(rows: Sequence[Mapping[Any, Any]], now: float) -> list[FaultLine]:
    """A line for each kind of fault over the last days."""
    begins, found = now - DAYS * 86400, defaultdict(list)
    for row in rows:
        ended_at = now if row["ended_at"] is None else row["ended_at"]
        x, width = stretch(row["began_at"], ended_at, begins, now)
        found[one_line(row["kind"]).replace("_", " ")].append((x, width, one_line(row["text"])))
    return [FaultLine(kind, tuple(times)) for kind, times in sorted(found.items())]


def _nothing() -> Series:
    return {"phone": Counter(), "cash": Counter()}


def _hour(at: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%m-%d %H:00")


def _plots(when: str, found: Mapping[str, Series], labels: Sequence[str]) -> list[Plot]:
    return [_plot(when, currency, found[currency], labels) for currency in sorted(found)]


def _plot(when: str, currency: str, series: Series, labels: Sequence[str]) -> Plot:
    if currency == NO_VALUE:
        return columns_over(f"Coins {when}", labels, {"cash": series["cash"]}, lambda n: f"{n:,} coins")
    title = f"Takings {when}, {currency.upper()}"
    return columns_over(title, labels, series, lambda amount: Money(amount, currency).words)
