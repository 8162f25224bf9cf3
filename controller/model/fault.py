"""CORE. A fault: what is wrong with the machine, as a kind for programs and a text for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What a fault is about; its words stand in the screen's feed and in the status."""

    COIN_LINE = "coin_line"
    """The coin line's process failed: no pulse can leave."""
    LEDGER = "ledger"
    """Nothing can be written down."""
    COIN_METER = "coin_meter"
    """The board did not count our pulses."""
    INPUT_LINE = "input_line"
    """A line from the board is no steady contact: it hums, or flickers."""
    READY = "ready"
    """The board has not been ready for long."""
    FENCE = "fence"
    """The ledger is new to this board, and waits to hear what was open before it."""
    TOKEN = "token"  # noqa: S105 - no secret
    """The relay refuses our token, or signs with another."""
    RECEIPTS = "receipts"
    """The relay does not settle what was sold."""
    TWIN = "twin"
    """Another cabinet seems to have our id."""
    BROKER = "broker"
    """No payment can reach us."""
    RELAY = "relay"
    """The relay does not say what the machine sells, or is none."""
    CONFLICT = "conflict"
    """Receipts contradict what had happened to their money."""
    DAMAGED_LEDGER = "damaged_ledger"
    """An earlier ledger was damaged and set aside."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong; the `text` is for the operator and the technician."""

    kind: FaultKind
    text: str
