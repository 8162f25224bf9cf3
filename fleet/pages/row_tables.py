"""CORE. The rows behind the figures as tables: sales, coins, and what Stripe tells of payments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, TypeAlias

from fleet.reports.amounts import Money
from fleet.reports.rows import RowsOf
from fleet.reports.table import Cell, Moment, Row, Table
from fleet.reports.two_books import Difference, SaleSide, StripeSide

Fields: TypeAlias = Mapping[Any, Any]
LinkToPayment: TypeAlias = Callable[[str], str]

TITLES = {
    RowsOf.SALES: "Sales",
    RowsOf.COINS: "Coins",
    RowsOf.PAYMENTS: "Payments at Stripe",
    RowsOf.RETURNS: "Refunds and disputes",
    RowsOf.MOVEMENTS: "What Stripe moved and kept",
}


def rows_table(rows_of: RowsOf, rows: Sequence[Fields], zone: tzinfo, link_to: LinkToPayment) -> Table:
    """The table of one kind of rows; payments lead to their own page."""
    titles, make = _KINDS[rows_of]
    return Table(str(rows_of), titles, tuple(make(row, zone, link_to) for row in rows))


def differences_table(found: Sequence[Difference], zone: tzinfo, link_to: LinkToPayment) -> Table:
    """What is to be looked at, with both sides and what to do."""
    titles = (
        "payment",
        "machine",
        "when",
        "amount",
        "what is wrong",
        "Stripe says",
        "the cabinet says",
        "what to do",
    )
    return Table("differences", titles, tuple(_difference_row(each, zone, link_to) for each in found))


def _difference_row(each: Difference, zone: tzinfo, link_to: LinkToPayment) -> Row:
    side = each.stripe or each.sale
    return (
        Cell(each.payment_id, link_to(each.payment_id)),
        Cell(each.machine_id),
        Cell(Moment(side.at_s, zone) if side else None),
        Cell(each.money),
        Cell(str(each.trouble)),
        Cell(stripe_words(each.stripe)),
        Cell(sale_words(each.sale)),
        Cell(each.what_to_do),
    )


def stripe_words(side: StripeSide | None) -> str:
    """Stripe's side in a line."""
    if side is None:
        return "no such payment"
    words = [f"{_STATUS.get(side.status, side.status)}, {Money(side.captured, side.currency).words} charged"]
    if side.refunded:
        words.append(f"{Money(side.refunded, side.currency).words} refunded")
    if side.disputed:
        words.append(f"{Money(side.disputed, side.currency).words} disputed")
    return ", ".join([*words, f"by {side.machine_id}"])


def sale_words(side: SaleSide | None) -> str:
    """The cabinet's side in a line."""
    if side is None:
        return "nothing"
    answer = side.answer or "no answer yet"
    charged = "" if side.charged is None else f", {Money(side.charged, side.currency).words} charged"
    return f"{side.outcome or 'open'}, {answer}{charged}, at {side.machine_id}"


_STATUS = {
    "requires_capture": "reserved",
    "succeeded": "charged",
    "canceled": "released",
    "requires_payment_method": "not paid",
}


def _money(row: Fields, name: str, currency: str = "currency") -> Cell:
    if row[name] is None or not row[currency]:
        return Cell(None)
    return Cell(Money(row[name], row[currency]))


def _sale(row: Fields, zone: tzinfo, link_to: LinkToPayment) -> Row:
    is_payment = row["kind"] == "phone"
    return (
        Cell(Moment(row["at"], zone)),
        Cell(row["machine_id"]),
        Cell(row["kind"]),
        Cell(row["payment_id"], link_to(row["payment_id"]) if is_payment else ""),
        _money(row, "amount"),
        _money(row, "charged"),
        Cell(row["credits"]),
        Cell(row["credits_delivered"]),
        Cell(row["fired"]),
        Cell(row["in_doubt"]),
        Cell(row["uncounted"]),
        Cell(row["outcome"]),
        Cell(row["answer"]),
        Cell(row["reason"]),
    )


def _coin(row: Fields, zone: tzinfo, _: LinkToPayment) -> Row:
    return (Cell(Moment(row["at"], zone)), Cell(row["machine_id"]), Cell(row["number"]))


def _payment(row: Fields, zone: tzinfo, link_to: LinkToPayment) -> Row:
    return (
        Cell(Moment(row["created_at"], zone)),
        Cell(row["machine_id"]),
        Cell(row["payment_id"], link_to(row["payment_id"])),
        Cell(_STATUS.get(row["status"], row["status"])),
        *(_money(row, name) for name in ("amount", "captured", "refunded", "disputed")),
    )


def _return(row: Fields, zone: tzinfo, link_to: LinkToPayment) -> Row:
    return (
        Cell(Moment(row["at"], zone)),
        Cell(row["machine_id"]),
        Cell(row["payment_id"], link_to(row["payment_id"])),
        Cell(row["kind"]),
        Cell(row["status"]),
        _money(row, "amount"),
    )


def _movement(row: Fields, zone: tzinfo, link_to: LinkToPayment) -> Row:
    return (
        Cell(Moment(row["at"], zone)),
        Cell(row["machine_id"]),
        Cell(row["payment_id"], link_to(row["payment_id"])),
        Cell(row["kind"].replace("_", " ")),
        *(_money(row, name) for name in ("amount", "fee", "net")),
    )


_Make: TypeAlias = Callable[[Fields, tzinfo, LinkToPayment], Row]
_KINDS: dict[RowsOf, tuple[tuple[str, ...], _Make]] = {
    RowsOf.SALES: (
        (
            "when", "machine", "kind", "payment", "price", "charged", "credits", "delivered", "pulses",
            "in doubt", "uncounted", "outcome", "relay's answer", "reason",
        ),
        _sale,
    ),
    RowsOf.COINS: (("when", "machine", "coin"), _coin),
    RowsOf.PAYMENTS: (
        ("when", "machine", "payment", "state", "price", "charged", "refunded", "disputed"),
        _payment,
    ),
    RowsOf.RETURNS: (("when", "machine", "payment", "kind", "state", "amount"), _return),
    RowsOf.MOVEMENTS: (("when", "machine", "payment", "kind", "amount", "fee", "net"), _movement),
}  # fmt: skip
