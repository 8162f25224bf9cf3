"""CORE. Whom a period or a code is for, and what is known of these machines while OFFERS is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from cloud_relay.rules.orders import is_machine_id
from cloud_relay.rules.selling.offers import Offer, PriceList
from cloud_relay.rules.selling.reading import list_at

MACHINE_KEYS = ("machines", "groups")
_MOST_MACHINES = 1000
_ALL_OTHERS = "all others"


@dataclass(frozen=True)
class Shop:
    """The part of OFFERS that knows no clock: price lists, groups of machines, and time zones.

    `zone` is None where none is named.
    """

    default: tuple[Offer, ...]
    lists: Mapping[str, PriceList]
    groups: Mapping[str, frozenset[str]]
    zone: tzinfo | None
    zones: Mapping[str, tzinfo]
    currency: object

    def affected(self, machines: frozenset[str] | None) -> dict[str, tuple[Offer, ...]]:
        """The usual offers of each of these machines, by their names for people; None is all there are."""
        if machines is not None:
            return {name: self._usual(name) for name in sorted(machines)}
        return {name: listed.offers for name, listed in self.lists.items()} | {_ALL_OTHERS: self.default}

    def zones_of(self, machines: frozenset[str] | None) -> tuple[tzinfo, ...]:
        """Each time zone that one of these machines is in."""
        names = self.affected(machines)
        found = {self.zones.get(name, self.zone) for name in names}
        return tuple(zone for zone in found if zone is not None)

    def lacks_zone(self, machines: frozenset[str] | None) -> bool:
        """Whether for one of these machines no time zone is named."""
        return any(self.zones.get(name, self.zone) is None for name in self.affected(machines))

    def currency_of(self, machines: frozenset[str] | None) -> object:
        """What these machines sell in, if all of them sell in the same; else the default currency."""
        found = {offers[0].currency for offers in self.affected(machines).values() if offers}
        return found.pop() if len(found) == 1 else self.currency

    def _usual(self, machine_id: str) -> tuple[Offer, ...]:
        return self.lists[machine_id].offers if machine_id in self.lists else self.default


def machines_at(own: Mapping[str, Any], place: str, shop: Shop) -> frozenset[str] | None:
    """The machines that a period or a code names, by themselves or by groups; None where it names none."""
    if not any(key in own for key in MACHINE_KEYS):
        return None
    named = ids_at(own.get("machines", []), f"{place}.machines")
    for group in list_at(own.get("groups", []), f"{place}.groups", _MOST_MACHINES):
        if not isinstance(group, str) or group not in shop.groups:
            known = ", ".join(sorted(shop.groups)) or "first write groups beside periods"
            raise ValueError(f"{place}.groups has {group!r:.80}, which is no group: {known}")
        named |= shop.groups[group]
    if not named:
        raise ValueError(f"{place} names no machine: leave machines and groups out for all of them")
    return named


def ids_at(value: object, place: str) -> frozenset[str]:
    """A list of machine ids."""
    for machine_id in list_at(value, place, _MOST_MACHINES):
        if not is_machine_id(machine_id):
            raise ValueError(f"{place} has {machine_id!r:.80}: a machine id is 1 to 64 of A-Z a-z 0-9 _ -")
    return frozenset(list_at(value, place, _MOST_MACHINES))
