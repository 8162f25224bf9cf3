"""CORE. The tables of cash: each collection, and how far machines and collectors are off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from fleet.reports.amounts import Money
from fleet.reports.cash import Collected, Variance
from fleet.reports.table import Cell, Moment, Row, Table


def collections_table(collected: Sequence[Collected], names: Mapping[str, str], zone: tzinfo) -> Table:
    """Every collection, newest first."""
    titles = ("when", "machine", "counted", "coins", "metered", "variance", "collector", "note")
    return Table("collections", titles, tuple(_row(each, names, zone) for each in collected))


def variances_table(found: Sequence[Variance], about: str, names: Mapping[str, str]) -> Table:
    """Counted against metered, by machine or by collector."""
    titles = (about, "collections", "counted", "metered", "variance", "of metered")
    rows = tuple(
        (
            Cell(names.get(each.about, each.about)),
            Cell(each.collections),
            Cell(Money(each.counted, each.currency)),
            Cell(Money(each.metered, each.currency)),
            Cell(Money(each.amount, each.currency)),
            Cell(each.words),
        )
        for each in found
    )
    return Table(f"variance-by-{about}", titles, rows)


def _row(each: Collected, names: Mapping[str, str], zone: tzinfo) -> Row:
    def money(amount: int | None) -> Cell:
        return Cell(None if amount is None else Money(amount, each.currency))

    return (
        Cell(Moment(each.at_s, zone)),
        Cell(names.get(each.machine_id, each.machine_id)),
        money(each.counted),
        Cell(each.coins),
        money(each.metered),
        money(each.variance),
        Cell(each.collector),
        Cell(each.note),
    )
