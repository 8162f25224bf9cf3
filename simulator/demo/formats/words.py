"""CORE. What there is to see when something has been broken, by what the cabinet was about: one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from controller.model.ledger_row import LedgerRow


class About(Enum):
    """What the cabinet was about, by its ledger."""

    NOTHING = auto()
    CREDITS = auto()  # no sale is open, and the board has credits from an earlier one
    FIRST_PULSE = auto()
    IN_PULSE = auto()
    NEXT_PULSE = auto()
    RECEIPT = auto()


@dataclass(frozen=True)
class Moment:
    """What the cabinet was about, and at which of how many pulses."""

    about: About
    pulse: int = 0
    pulses: int = 0


def moment(rows: Sequence[LedgerRow], credits_on_board: int) -> Moment:
    """The sale that is under way: one that has begun before one that waits, and a receipt last."""
    trains = sorted((row for row in rows if row.outcome is None), key=lambda row: row.intended == 0)
    if trains:
        return _of_train(trains[0])
    if any(row.receipt == "owed" for row in rows):
        return Moment(About.RECEIPT)
    return Moment(About.CREDITS if credits_on_board else About.NOTHING)


def _of_train(row: LedgerRow) -> Moment:
    if row.intended == 0:
        return Moment(About.FIRST_PULSE, 0, row.pulses)
    ended = row.fired + row.ambiguous + row.uncounted
    in_flight = row.intended > ended
    return Moment(About.IN_PULSE if in_flight else About.NEXT_PULSE, ended + in_flight, row.pulses)


def what_you_see(what: str, at: Moment) -> str:
    """The sentence for what was done; what the table does not part is as with no sale open."""
    sentences = _WORDS[what]
    return sentences.get(at.about, sentences[About.NOTHING]).format(pulse=at.pulse, pulses=at.pulses)


_PLUG_IN_TRAIN = (
    "The plug was pulled at pulse {pulse} of {pulses}: the board lost its credits, so nothing is charged."
)
_WIFI_IN_TRAIN = (
    "The Wi-Fi was cut in mid-sale: the pulses go on; the charge waits for the receipt, which is on disk."
)
_JAM_IN_TRAIN = (
    "The board was jammed at pulse {pulse} of {pulses}: the rest waits up to 3 minutes, "
    "then only whole credits are charged."
)
_COIN_WIRE_IN_TRAIN = (
    "The coin wire was cut at pulse {pulse} of {pulses}: what the board counts is charged, "
    "the rest is released."
)
_COIN_WIRE_MENDED_IN_TRAIN = (
    "The coin wire was mended at pulse {pulse} of {pulses}: the board counts again, "
    "and what it missed is not charged."
)

# By what was broken or mended, and what the cabinet was about.
_WORDS: dict[str, dict[About, str]] = {
    "plug": {
        About.NOTHING: "The plug was pulled with no sale open: the cabinet starts, and the code comes back.",
        About.CREDITS: "The plug was pulled after the sale: credits that were delivered, the board forgets.",
        About.FIRST_PULSE: (
            "The plug was pulled before the first pulse: credited after the start, or not charged."
        ),
        About.IN_PULSE: _PLUG_IN_TRAIN,
        About.NEXT_PULSE: _PLUG_IN_TRAIN,
        About.RECEIPT: (
            "The plug was pulled after the last pulse: the receipt is on disk, and is sent after the start."
        ),
    },
    "controller": {
        About.NOTHING: "The controller was killed with no sale open: it starts again, and the code is back.",
        About.FIRST_PULSE: (
            "The controller was killed before the first pulse: the payment is on disk, and its pulses follow."
        ),
        About.IN_PULSE: (
            "The controller was killed with pulse {pulse} ordered: it follows if it had not begun, "
            "else it is never fired again, and its credit is not charged."
        ),
        About.NEXT_PULSE: (
            "The controller was killed after pulse {pulse} of {pulses}: the rest follows, each pulse once."
        ),
        About.RECEIPT: (
            "The controller was killed before its receipt was answered: it is sent again, and charged once."
        ),
    },
    "wifi": {
        About.NOTHING: (
            "The Wi-Fi is cut: no code, and the door sells nothing. "
            "What is paid now is credited if it comes back in time, else not charged."
        ),
        About.IN_PULSE: _WIFI_IN_TRAIN,
        About.NEXT_PULSE: _WIFI_IN_TRAIN,
        About.RECEIPT: _WIFI_IN_TRAIN,
    },
    "wifi mended": {
        About.NOTHING: "The Wi-Fi is back: within seconds, what was paid or played meanwhile comes through.",
    },
    "broker": {
        About.NOTHING: "The broker restarts: what is paid now is sent until it is back, and credited once.",
    },
    "board": {
        About.NOTHING: (
            "The board takes no coins: no code. Pulses of what is paid now wait up to 3 minutes, "
            "then nothing is charged."
        ),
        About.IN_PULSE: _JAM_IN_TRAIN,
        About.NEXT_PULSE: _JAM_IN_TRAIN,
    },
    "board mended": {
        About.NOTHING: "The board takes coins again: pulses that waited follow, and the code comes back.",
    },
    "coin_wire": {
        About.NOTHING: (
            "The coin wire is cut: pulses leave the pin, the board counts none, so nothing is charged. "
            "After three in a row: out of order."
        ),
        About.IN_PULSE: _COIN_WIRE_IN_TRAIN,
        About.NEXT_PULSE: _COIN_WIRE_IN_TRAIN,
        About.RECEIPT: (
            "The coin wire was cut after the last pulse: what the board had counted is charged, "
            "and nothing after it."
        ),
    },
    "coin_wire mended": {
        About.NOTHING: (
            "The coin wire is mended, and the fault cleared as a technician would: the cabinet sells again."
        ),
        About.IN_PULSE: _COIN_WIRE_MENDED_IN_TRAIN,
        About.NEXT_PULSE: _COIN_WIRE_MENDED_IN_TRAIN,
    },
}
