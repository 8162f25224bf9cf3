"""CORE. The technician's page as the feed tells it: all for who stands there with a screwdriver."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from controller.model.cabinet import Cabinet, accepting
from controller.model.fault import Fault, FaultKind
from controller.model.ledger_row import LedgerRow
from controller.pages.findings import Finding
from controller.pages.remedies import MEANINGS, REMEDIES
from controller.rules.mood import faults, mood
from controller.rules.technician_page import COIN_LINE

# A broker's or a relay's words may be of any length; the screen has to read the whole feed.
MOST_TEXT = 240
_INPUTS = ("game_over", "ready", "coin_meter", "service_button")


@dataclass(frozen=True)
class Site:
    """What of the page stays as long as the controller runs. `relay` is None for a cabinet without one."""

    versions: Mapping[str, str | int]
    coin_pin: int
    broker: str
    relay: str | None


@dataclass(frozen=True)
class MachineFacts:
    """What was looked up beside the loop. `payments` is None if the ledger could not be read."""

    time: str
    addresses: tuple[tuple[str, str], ...] = ()
    celsius: float | None = None
    power: tuple[Finding, ...] = ()
    clock_set: bool | None = None
    clock_ahead_s: float | None = None
    payments: tuple[LedgerRow, ...] | None = None


def technician_page(
    cabinet: Cabinet, site: Site, facts: MachineFacts | None, now_s: float
) -> dict[str, Any] | None:
    """The feed's `technician`, or None while nobody wants it; until something was looked up, `facts` is None.

    Times are in seconds since boot, so that the screen can count them on by itself.
    """
    page = cabinet.technician_page
    if page is None:
        return None
    return {
        "until_s": page.until_s,
        "turned_s": page.turned_s,
        "leaf": page.leaf,
        "versions": dict(site.versions),
        "state": mood(cabinet, now_s),
        "selling": accepting(cabinet, now_s),
        "faults": [_fault(fault) for fault in faults(cabinet, now_s)],
        "broker": {
            "address": site.broker,
            "since_s": cabinet.broker_since_s if cabinet.broker_up else None,
            "trouble": _short(cabinet.broker_trouble),
        },
        "relay": site.relay
        and {
            "address": site.relay,
            "answered_s": cabinet.relay_answered_s,
            "trouble": _short(cabinet.offer_trouble),
        },
        "test_address": _test_address(cabinet, site),
        "lines": list(_lines(cabinet, site)),
        **({} if facts is None else _looked_up(facts)),
    }


def _looked_up(facts: MachineFacts) -> dict[str, Any]:
    return {
        "addresses": [{"interface": name, "address": address} for name, address in facts.addresses],
        "clock": {"time": facts.time, "set": facts.clock_set, "ahead_s": facts.clock_ahead_s},
        "celsius": facts.celsius,
        "power": [{"grade": finding.grade, "text": finding.text} for finding in facts.power],
        "payments": None if facts.payments is None else [_payment(row) for row in facts.payments],
    }


def _fault(fault: Fault) -> dict[str, str | None]:
    said = {"means": MEANINGS[fault.kind], "remedy": _remedy(fault.kind)}
    return {**asdict(fault), "text": _short(fault.text), **said}


def _remedy(kind: FaultKind) -> str:
    """What leads to a part of check's page there leads to the command here."""
    remedy = REMEDIES[kind]
    return re.sub("[Ss]ee under", "run `sudo cabinet check` and see under", remedy, count=1)


def _lines(cabinet: Cabinet, site: Site) -> Iterator[dict[str, Any]]:
    """Each wired line as it stands; a pulse that was ordered is as good as on the line."""
    edges = cabinet.technician_page.edges if cabinet.technician_page else {}
    levels = {COIN_LINE: any(train.in_flight for train in cabinet.trains)}
    levels |= {name: getattr(cabinet, name).seen for name in _INPUTS}
    for name, pin in {COIN_LINE: site.coin_pin, **cabinet.rules.input_pins}.items():
        yield {"line": name, "pin": pin, "active": levels[name], "edges": edges.get(name, 0)}


def _payment(row: LedgerRow) -> dict[str, Any]:
    """Without its name: whoever looks over a shoulder learns nothing of a payer."""
    return {
        "at": row.received_at.strftime("%Y-%m-%d %H:%M"),
        "credits": row.credits,
        "delivered": row.credits_delivered,
        "amount": row.amount,
        "currency": row.currency,
        "outcome": row.state,
        "receipt": row.receipt,
    }


def _test_address(cabinet: Cabinet, site: Site) -> str | None:
    """Where the door tests itself and sells nothing; a fixed link has no door."""
    if site.relay is None or cabinet.rules.payment_link:
        return None
    door = cabinet.offer.address if cabinet.offer else f"{site.relay}/p/{cabinet.rules.machine_id}"
    return f"{door}{'&' if '?' in door else '?'}test"


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"
