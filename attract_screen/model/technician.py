"""CORE. The technician's page in words: what the feed tells, and the time -> sections, lines and codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from attract_screen.model.leaf_times import SHOWN_S, leaf_at
from attract_screen.model.prices import price
from attract_screen.model.technician_format import Clock, Fault, Line, Link, Payment, Technician

TOO_HOT_CELSIUS = 80.0
# More would fill every leaf of a small screen: those that count most come first.
MOST_FAULTS = 4
_DOING = {
    "starting": "starting",
    "attract": "waiting for a player",
    "paying": "a payment goes to the board",
    "playing": "a game is being played",
    "not_ready": "the board takes no coins",
    "offline": "offline: no broker",
    "out_of_order": "out of order",
}
_PAYMENTS = "LAST PAYMENTS: credits given / paid"
_MORE = "Over SSH: sudo cabinet check"


class Machine(Protocol):
    """Whose page it is."""

    @property
    def machine_id(self) -> str:
        """Its name in addresses."""

    @property
    def machine_name(self) -> str:
        """Its name for people."""


class Tone(Enum):
    """How a value is to be taken; its words say it too."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    DIM = "dim"


@dataclass(frozen=True)
class Row:
    """One thing and how it is; without a label it goes on from the row above."""

    label: str
    value: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True)
class Section:
    """Rows that belong together."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Code:
    """What a phone is to read, the fullest text first, and what stands beside the code."""

    caption: str
    hint: str
    texts: tuple[str, ...]
    is_long: bool = False
    """Whether it is for a phone held close, and rather coarse than sturdy against scratches and glare."""


@dataclass(frozen=True)
class Chapter:
    """What is shown together if there is room: sections, and one code, for a phone takes the first one."""

    sections: tuple[Section, ...]
    code: Code | None = None


@dataclass(frozen=True)
class TechnicianPage:
    """All that is on the page; `leaf` is how often it has turned, and `left_s` how long it stays."""

    machine_id: str
    left_s: int
    leaf: int
    chapters: tuple[Chapter, ...]
    lines: tuple[Line, ...]


def page_of(feed: Machine, technician: Technician, now_s: float) -> TechnicianPage | None:
    """The page at `now_s`; None once its time is up."""
    left_s = technician.until_s - now_s
    if left_s <= 0:
        return None
    chapters = (*_chapters(feed, technician, now_s), Chapter((_payments(technician),)))
    turned_s = technician.until_s - SHOWN_S if technician.turned_s is None else technician.turned_s
    leaf = leaf_at(technician.leaf, turned_s, now_s)
    return TechnicianPage(feed.machine_id, int(left_s), leaf, chapters, technician.lines)


def _chapters(feed: Machine, technician: Technician, now_s: float) -> tuple[Chapter, Chapter]:
    """Where something is wrong it has the first one for itself, and its own code; else the door has."""
    now, network = _now(technician), _network(technician, now_s)
    machine, test = _machine(technician, feed), _test_code(technician)
    if not technician.faults:
        return Chapter((now, network), test), Chapter((machine,))
    return Chapter((now,), _fault_code(technician.faults[0], feed.machine_id)), Chapter(
        (network, machine), test
    )


def _now(technician: Technician) -> Section:
    doing = _DOING.get(technician.state, technician.state)
    selling = Row("sells", "yes", Tone.GOOD) if technician.selling else Row("sells", "NO", Tone.BAD)
    rows = [Row("state", doing), selling]
    for fault in technician.faults[:MOST_FAULTS]:
        rows += [Row("FAULT", fault.text, Tone.BAD), Row("", fault.remedy)]
    if more := len(technician.faults[MOST_FAULTS:]):
        rows.append(Row("", f"and {more} more: sudo cabinet status", Tone.BAD))
    if not technician.faults:
        rows.append(Row("faults", "none", Tone.GOOD))
    return Section("NOW", tuple(rows))


def _network(technician: Technician, now_s: float) -> Section:
    links = (*_broker(technician.broker, now_s), *_relay(technician.relay, now_s))
    return Section("NETWORK", (*_addresses(technician), *links))


def _addresses(technician: Technician) -> Iterator[Row]:
    if technician.addresses is None:
        yield Row("address", "not known yet", Tone.DIM)
    elif not technician.addresses:
        yield Row("address", "NONE: no network", Tone.BAD)
    for interface, address in technician.addresses or ():
        yield Row(interface, address)


def _broker(broker: Link | None, now_s: float) -> Iterator[Row]:
    if broker is None:
        return
    if broker.at_s is None:
        yield Row("broker", "NOT connected", Tone.BAD)
        yield Row("", broker.trouble or broker.address, Tone.DIM)
    else:
        yield Row("broker", f"connected for {_span(now_s - broker.at_s)}", Tone.GOOD)
        yield Row("", broker.address, Tone.DIM)


def _relay(relay: Link | None, now_s: float) -> Iterator[Row]:
    if relay is None:
        yield Row("relay", "none in config.yaml", Tone.DIM)
        return
    tone = Tone.BAD if relay.trouble or relay.at_s is None else Tone.GOOD
    last = "has NOT answered yet" if relay.at_s is None else f"answered {_span(now_s - relay.at_s)} ago"
    yield Row("relay", last, tone)
    yield Row("", relay.trouble or relay.address, Tone.DIM)


def _machine(technician: Technician, feed: Machine) -> Section:
    versions = ", ".join(f"{what} {version}" for what, version in technician.versions)
    heat = technician.celsius
    rows = [
        Row("machine", feed.machine_id),
        Row("name", feed.machine_name),
        Row("versions", versions),
        *(_clock(technician.clock) if technician.clock else ()),
    ]
    if heat is not None:
        rows.append(Row("heat", f"{heat:.0f} °C", Tone.BAD if heat >= TOO_HOT_CELSIUS else Tone.GOOD))
    rows += [Row("power", text, Tone.GOOD if grade == "ok" else Tone.BAD) for grade, text in technician.power]
    if not technician.power:
        rows.append(Row("power", "nothing here tells", Tone.DIM))
    return Section("MACHINE", tuple(rows))


def _clock(clock: Clock) -> Iterator[Row]:
    yield Row("clock", clock.time)
    if clock.was_set is False:
        yield Row("", "NOT set by the network", Tone.BAD)
    elif clock.was_set:
        yield Row("", "set by the network", Tone.GOOD)
    if clock.ahead_s is not None:
        off_s, side = abs(clock.ahead_s), "ahead of" if clock.ahead_s > 0 else "behind"
        text = "as the relay's, within 2 s" if off_s < 2 else f"{_span(off_s)} {side} the relay's"
        yield Row("", text, Tone.BAD if off_s > 60 else Tone.GOOD)


def _payments(technician: Technician) -> Section:
    if technician.payments is None:
        return Section(_PAYMENTS, (Row("", "not known yet", Tone.DIM),))
    rows = tuple(_payment(each) for each in technician.payments)
    return Section(_PAYMENTS, rows or (Row("", "none yet", Tone.DIM),))


def _payment(payment: Payment) -> Row:
    paid = (
        ""
        if payment.amount is None or not payment.currency
        else f"{price(payment.amount, payment.currency)}  "
    )
    receipt = "" if payment.receipt in ("none", "settled", "already") else f", receipt {payment.receipt}"
    is_bad = payment.outcome in ("undelivered", "partial") or payment.receipt in ("conflict", "unknown")
    text = f"{paid}{payment.delivered}/{payment.credits}  {payment.outcome}{receipt}"
    return Row(payment.at[5:], text, Tone.BAD if is_bad else Tone.PLAIN)


def _test_code(technician: Technician) -> Code | None:
    if technician.test_address is None:
        return None
    hint = "The way from your phone to this machine is looked at. Nothing is sold."
    return Code("TEST THE DOOR", hint, (technician.test_address,))


def _fault_code(fault: Fault, machine_id: str) -> Code:
    """What the docs say of it is in the code itself: the phone needs no network for that."""
    texts = tuple(_fault_texts(fault, machine_id))
    return Code("WHAT TO DO", "As text on your phone, without any network.", texts, is_long=True)


def _fault_texts(fault: Fault, machine_id: str) -> Iterator[str]:
    head, what = f"{machine_id}: {fault.kind}", f"What to do: {fault.remedy}"
    yield "\n".join((head, fault.text, f"It means: {fault.means}", what, _MORE))
    yield "\n".join((head, f"It means: {fault.means}", what, _MORE))
    yield "\n".join((head, what, _MORE))


def _span(seconds: float) -> str:
    """In words that do not change with each second."""
    units = ((86400, "day"), (3600, "h"), (60, "min"))
    for unit_s, name in units:
        if seconds >= 2 * unit_s:
            return f"{seconds // unit_s:.0f} {name}{'s' if name == 'day' else ''}"
    return "a minute" if seconds >= 60 else "less than a minute"
