"""CORE. What is noted beside a payment, in its metadata at Stripe, for the operator to see."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cloud_relay.rules.orders import is_machine_id
from cloud_relay.rules.prices import price

SHOWN_FOR_S = 30 * 24 * 3600
_MARKED_BY, _MACHINE, _MARKED_S = "marked_by", "marked_machine_id", "marked_s"
_LONGEST_VALUE = 500  # of a metadata field: https://docs.stripe.com/api/metadata
_CLOSED = ("won", "lost", "warning_closed")


class MarkKind(StrEnum):
    """What a note is about, and its field in the metadata."""

    CONFLICT = "conflict"
    UNSELLABLE = "unsellable"
    REFUND = "refund"
    DISPUTE = "dispute"
    FRAUD_WARNING = "fraud_warning"


@dataclass(frozen=True)
class Mark:
    """One note; `machine_id` is empty where the payment names none that can be one."""

    kind: MarkKind
    payment_id: str
    machine_id: str
    text: str

    @property
    def line(self) -> str:
        """The note as its operator reads it."""
        of = f" of {self.machine_id}" if self.machine_id else ""
        if self.kind is MarkKind.CONFLICT:
            return f"conflict: {self.payment_id}{of}, which says {self.text}"
        return f"{self.kind.replace('_', ' ')}: {self.payment_id}{of}, {self.text}"


def mark_metadata(kind: MarkKind, text: str, tag: str, machine_id: str, now_s: float) -> dict[str, str]:
    """The metadata that notes `text`; without a text the note is taken away.

    `tag` tells this relay's notes from another's, also on a payment of an older link, which has no tag.
    """
    if not text:
        return {kind.value: ""}
    known = machine_id if is_machine_id(machine_id) else ""
    about = {_MARKED_BY: tag, _MACHINE: known, _MARKED_S: str(int(now_s))}
    return {kind.value: text[:_LONGEST_VALUE], **about}


def marks_query(tag: str, made_before_s: float, made_since_s: float) -> str:
    """The search for notes on older payments, in the words of https://docs.stripe.com/search ."""
    made = f"created<{int(made_before_s)} AND created>{int(made_since_s)}"
    return f'metadata["{_MARKED_BY}"]:"{tag}" AND {made}'


def marks_in(payment_id: str, metadata: Mapping[str, str], created_s: int, now_s: float) -> Iterator[Mark]:
    """The notes on a payment; none, where the last of them is too old to be news."""
    marked_s = metadata.get(_MARKED_S, "")
    if now_s - (int(marked_s) if marked_s.isdecimal() else created_s) > SHOWN_FOR_S:
        return
    machine_id = metadata.get(_MACHINE) or metadata.get("machine_id", "")
    machine_id = machine_id if is_machine_id(machine_id) else ""
    for kind in MarkKind:
        if text := metadata.get(kind.value):
            yield Mark(kind, payment_id, machine_id, _printable(text))


def is_marked_by(metadata: Mapping[str, str], tags: Collection[str]) -> bool:
    """Whether this relay, by one of its tags, has noted something."""
    return metadata.get(_MARKED_BY) in tags


@dataclass(frozen=True)
class Dispute:
    """A player's bank takes the money of a payment back, or (a `warning_` status) asks about it."""

    dispute_id: str
    status: str
    reason: str
    amount: int
    currency: str

    @property
    def mark(self) -> str:
        """The note about it."""
        return f"{self.status}: {price(self.amount, self.currency)}, {self.reason} ({self.dispute_id})"

    def is_news(self, noted: str) -> bool:
        """Whether it says more than the note so far; events come in any order, a closed one is last."""
        if self.status in _CLOSED or f"({self.dispute_id})" not in noted:
            return True
        return not noted.startswith(_CLOSED)


def _printable(text: str) -> str:
    """Safe on a terminal, whoever wrote the metadata."""
    return text if text.isprintable() else repr(text)
