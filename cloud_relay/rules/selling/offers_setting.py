"""CORE. The OFFERS setting: a text of JSON, or every mistake in it at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, tzinfo
from functools import partial
from typing import Any, TypeVar

from cloud_relay.rules.orders import is_machine_id
from cloud_relay.rules.selling.codes import Code
from cloud_relay.rules.selling.offers import Offer, PriceList
from cloud_relay.rules.selling.on_sale import Offers
from cloud_relay.rules.selling.periods import Period
from cloud_relay.rules.selling.reading import Problems, list_at, object_at, offers_at, words_at
from cloud_relay.rules.selling.reading_codes import code_at, twice
from cloud_relay.rules.selling.reading_periods import period_at
from cloud_relay.rules.selling.scopes import Shop, ids_at
from cloud_relay.rules.selling.turns import never_on

ZoneNamed = Callable[[str], tzinfo]
"""Gives the time zone of an IANA name; raises ValueError, with the remedy, where there is none."""

_LONGEST_NAME = 60
_MOST_PERIODS = _MOST_CODES = 50
# What people write for the keys that change prices: passed over, the old prices would hold.
_NEARLY = {"period": "periods", "code": "codes", "group": "groups", "timezone": "zone", "time_zone": "zone"}

T = TypeVar("T")


def no_zone(name: str) -> tzinfo:
    """For whoever reads OFFERS without a clock.

    Raises:
        ValueError: always.
    """
    raise ValueError(f"{name!r:.80} cannot be looked up here")


def read_offers(text: str, zone_named: ZoneNamed = no_zone) -> Offers:
    """The OFFERS setting.

    Raises:
        ValueError: it is not what it should be; each line of the message names a place and the remedy.
    """
    try:
        root = object_at(json.loads(text), "OFFERS")
    except json.JSONDecodeError as why:
        raise ValueError(f"is not JSON: {why}") from None
    except RecursionError:
        raise ValueError("is nested too deep: write it as README.md shows") from None
    problems = Problems()
    shop = _shop(root, zone_named, problems)
    periods = _list_of(period_at, root, "periods", _MOST_PERIODS, shop, problems)
    codes = _list_of(code_at, root, "codes", _MOST_CODES, shop, problems)
    problems.add(_out_of_turn(periods, codes, shop))
    problems.finish()
    return Offers(
        shop.default,
        shop.lists,
        shop.zone or UTC,
        shop.zones,
        tuple(periods.values()),
        tuple(codes.values()),
    )


def _shop(root: dict[str, Any], zone_named: ZoneNamed, problems: Problems) -> Shop:
    no_offers: tuple[Offer, ...] = ()
    utc: tzinfo | None = UTC
    no_machines: dict[str, Any] = {}
    problems.add(_nearly(root))
    default = problems.tried(lambda: offers_at(root, "", None), no_offers)
    zone = problems.tried(lambda: _zone(root, "", zone_named), utc)
    machines = problems.tried(lambda: object_at(root.get("machines", {}), "machines"), no_machines)
    lists = {
        key: problems.tried(partial(_price_list, key, value, root, default), PriceList("", ()))
        for key, value in machines.items()
    }
    own = {key: value for key, value in machines.items() if isinstance(value, dict)}
    zones = {
        key: problems.tried(partial(_zone, value, f"machines.{key[:80]}.", zone_named), utc)
        for key, value in own.items()
    }
    groups = problems.tried(lambda: object_at(root.get("groups", {}), "groups"), no_machines)
    named = {
        key: problems.tried(partial(ids_at, value, f"groups.{key[:80]}"), frozenset[str]())
        for key, value in groups.items()
    }
    known = {key: zone for key, zone in zones.items() if zone is not None}
    return Shop(default, lists, named, zone, known, root.get("currency"))


def _list_of(
    read: Callable[[object, str, Shop], T],
    root: dict[str, Any],
    key: str,
    most: int,
    shop: Shop,
    problems: Problems,
) -> dict[int, T]:
    """What could be read, by its place in the list."""
    no_items: list[Any] = []
    listed = problems.tried(lambda: list_at(root.get(key, []), key, most), no_items)
    found = {
        number: problems.tried(partial(read, value, f"{key}[{number}]", shop), None)
        for number, value in enumerate(listed)
    }
    return {number: item for number, item in found.items() if item is not None}


def _out_of_turn(periods: Mapping[int, Period], codes: Mapping[int, Code], shop: Shop) -> Iterator[str]:
    """What would never count, of all that could be read."""
    zones = {place: shop.zones_of(period.machines) or (UTC,) for place, period in periods.items()}
    for place, hidden in never_on(periods, zones):
        if hidden:
            yield f"periods[{place}] never comes: the first that is on counts, and those before it always are"
        else:
            yield f"periods[{place}] never comes: none of its dates is one of its days"
    for place, code in codes.items():
        alone = {place: Period(code.name, code.when, code.machines)}
        if any(never_on(alone, {place: shop.zones_of(code.machines) or (UTC,)})):
            yield f"codes[{place}] never holds: none of its dates is one of its days"
    for earlier, later in twice(codes):
        yield f"codes[{later}] is the code of codes[{earlier}]: the first counts, so leave one out"


def _nearly(root: dict[str, Any]) -> Iterator[str]:
    for key in root:
        meant = _NEARLY.get(key.lower(), key.lower())
        if key not in (meant,) and meant in ("periods", "codes", "groups", "zone"):
            yield f"{key[:80]} is not read: write {meant}"


def _zone(own: dict[str, Any], place: str, zone_named: ZoneNamed) -> tzinfo | None:
    if "zone" not in own:
        return None
    name = own["zone"]
    try:
        if not isinstance(name, str):
            raise ValueError("write an IANA name such as Europe/Berlin")
        return zone_named(name)
    except ValueError as why:
        raise ValueError(f"{place}zone is {name!r:.80}: {why}") from None


def _price_list(
    machine_id: str, value: object, root: dict[str, Any], default: tuple[Offer, ...]
) -> PriceList:
    place = f"machines.{machine_id[:80]}"
    if not is_machine_id(machine_id):
        raise ValueError(f"{place}: a machine id is 1 to 64 of A-Z a-z 0-9 _ -")
    own, problems = object_at(value, place), Problems()
    name = problems.tried(
        lambda: words_at(own.get("name", machine_id), f"{place}.name", _LONGEST_NAME), machine_id
    )
    offers = default
    if "offers" in own or "currency" in own:
        offers = problems.tried(lambda: offers_at(own, place + ".", root.get("currency")), default)
    problems.finish()
    return PriceList(name, offers)
