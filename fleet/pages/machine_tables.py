"""CORE. The lists of a machine's page: sales with their pulses, games, faults, and what was done to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, TypeAlias

from fleet.reports.amounts import Money
from fleet.reports.table import Cell, Moment, Row, Table

Fields: TypeAlias = Mapping[Any, Any]
LinkToPayment: TypeAlias = Callable[[str], str]


def machine_table(
    what: str, machine_id: str, rows: Sequence[Fields], zone: tzinfo, link_to: LinkToPayment
) -> Table:
    """One of the lists, called after the machine."""
    titles, make = _KINDS[what]
    return Table(f"{what}-{machine_id}", titles, tuple(make(row, zone, link_to) for row in rows))


def length(seconds: float | None) -> str | None:
    """A length of time: `45 s`, `12 min`, `3 h 20 min`, `2 days`."""
    if seconds is None:
        return None
    minutes = int(seconds) // 60
    if minutes < 1:
        return f"{int(seconds)} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} days"


def _sale(row: Fields, zone: tzinfo, link_to: LinkToPayment) -> Row:
    payment = Cell(row["payment_id"], link_to(row["payment_id"]) if row["kind"] == "phone" else "")
    has_money = row["currency"] and row["charged"] is not None
    charged = Cell(Money(row["charged"], row["currency"]) if has_money else None)
    numbers = ("credits", "credits_delivered", "fired", "in_doubt", "uncounted")
    return (
        Cell(Moment(row["at"], zone)),
        Cell(row["kind"]),
        charged,
        *(Cell(row[name]) for name in numbers),
        Cell(row["outcome"]),
        Cell(row["reason"]),
        payment,
    )


def _game(row: Fields, zone: tzinfo, _: LinkToPayment) -> Row:
    return (
        Cell(Moment(row["at"], zone)),
        Cell(row["session_id"]),
        Cell(row["game"]),
        Cell(row["credits"]),
        Cell(length(row["duration_s"])),
        Cell(length(row["idle_s"])),
    )


def _fault(row: Fields, zone: tzinfo, _: LinkToPayment) -> Row:
    ended = row["ended_at"]
    return (
        Cell(Moment(row["began_at"], zone)),
        Cell("lasts" if ended is None else Moment(ended, zone)),
        Cell(None if ended is None else length(ended - row["began_at"])),
        Cell(row["kind"]),
        Cell(row["text"]),
    )


def _happening(row: Fields, zone: tzinfo, _: LinkToPayment) -> Row:
    return (Cell(Moment(row["at"], zone)), Cell(row["kind"]), Cell(row["text"]))


_KINDS: dict[str, tuple[tuple[str, ...], Callable[[Fields, tzinfo, LinkToPayment], Row]]] = {
    "sales": (
        (
            "when", "kind", "charged", "credits", "delivered", "pulses", "in doubt", "uncounted",
            "outcome", "reason", "payment",
        ),
        _sale,
    ),
    "games": (("ended", "session", "game", "credits", "length", "idle before"), _game),
    "faults": (("began", "ended", "length", "kind", "what"), _fault),
    "happenings": (("when", "kind", "what"), _happening),
}  # fmt: skip
