"""EDGE. What is on sale at a given minute, and what changes after it, in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import TextIO

from cloud_relay.operator.table import table
from cloud_relay.rules.selling.on_sale import Offers, OnSale
from cloud_relay.rules.selling.wall_clock import instants_of, leap_over, shown_at

EVERY_OTHER = "(all others)"
_HEAD = ("machine", "from", "on sale", "because of")
_CHANGES, _WITHIN_DAYS = 3, 400
_USUAL = "usual prices"
_YEARS = range(2000, 3000)


class NoSuchTime(ValueError):
    """A time that cannot be read, or that no clock shows; the message says what would be right."""


def list_on_sale(offers: Offers, at: str, machine_id: str | None, now_s: float, out: TextIO) -> int:
    """List what each machine, or the one, sells at a time of its own clock, and the next changes.

    Raises:
        NoSuchTime: the time is none, or a change of clocks leaps over it.
    """
    names = [machine_id] if machine_id else [*_named(offers), EVERY_OTHER]
    # By zone: one time of the clock is another instant in another zone.
    zones = {name: offers.zone_of(name) for name in names}
    moments = {zone: _instants(at, zone, now_s) for zone in set(zones.values())}
    for zone in dict.fromkeys(zones.values()):
        for number, at_s in enumerate(moments[zone]):
            out.write(f"{_when(at_s, zone)} in {zone}{_twice(number, len(moments[zone]))}\n")
            here = [name for name in names if zones[name] == zone]
            out.write(table(_HEAD, [row for name in here for row in _rows(offers, name, at_s)]))
            for line in _codes(offers, here, shown_at(at_s, zone)):
                out.write(line + "\n")
    return 0


def _instants(at: str, zone: tzinfo, now_s: float) -> tuple[float, ...]:
    if at == "now":
        return (now_s,)
    try:
        said = datetime.fromisoformat(at).replace(microsecond=0)
        if said.year not in _YEARS:
            raise ValueError
    except ValueError:
        raise NoSuchTime(f"--at is {at!r:.80}: write a time such as 2026-12-24T18:30, or now") from None
    if said.tzinfo is not None:
        return (said.timestamp(),)
    if leap := leap_over(said, zone):
        before, after = leap
        raise NoSuchTime(
            f"--at is {at!r:.80}: no clock in {zone} shows that, it goes from {before:%H:%M} to {after:%H:%M}"
        )
    return instants_of(said, zone)


def _twice(number: int, count: int) -> str:
    if count == 1:
        return ""
    order = "the first time" if number == 0 else "the second time"
    return f", {order}: clocks are set back, and show it twice"


def _named(offers: Offers) -> list[str]:
    whose = [period.machines for period in offers.periods] + [code.machines for code in offers.codes]
    return sorted({*offers.machines, *(name for machines in whose for name in machines or ())})


def _rows(offers: Offers, machine_id: str, at_s: float) -> Iterator[tuple[str, ...]]:
    """What is sold then, and from each of the next changes on."""
    zone, from_s, name = offers.zone_of(machine_id), at_s, machine_id
    yield (name, "then", *_sold(offers.on_sale(machine_id, at_s)))
    for _ in range(_CHANGES):
        change_s = offers.next_change_s(machine_id, from_s, _WITHIN_DAYS)
        if change_s is None:
            return
        yield ("", _when(change_s, zone), *_sold(offers.on_sale(machine_id, change_s)))
        from_s = change_s


def _sold(sale: OnSale) -> tuple[str, str]:
    free = [f"{sale.free.words} free"] if sale.free else []
    offers = [f"{offer.words} {offer.price}" for offer in sale.offers]
    return ", ".join([*free, *offers]), sale.period or _USUAL


def _codes(offers: Offers, machines: list[str], shown: datetime) -> Iterator[str]:
    for number, code in enumerate(offers.codes):
        holds = [name for name in machines if code.is_for(name)] if code.when.covers(shown) else []
        if holds:
            sold = ", ".join(f"{offer.words} {offer.price}" for offer in code.offers)
            yield f"With codes[{number}]{f' ({code.name})' if code.name else ''}: {sold} ({', '.join(holds)})"


def _when(at_s: float, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(at_s, zone):%a %Y-%m-%d %H:%M (UTC%z)}"
