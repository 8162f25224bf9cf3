"""CORE. Reads the periods of OFFERS, and what makes no sense in one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cloud_relay.rules.orders import MOST_CREDITS
from cloud_relay.rules.selling.offers import Offer
from cloud_relay.rules.selling.periods import Bonus, FreePlay, Period
from cloud_relay.rules.selling.reading import (
    Problems,
    object_at,
    offers_at,
    refuse_unknown,
    whole_at,
    words_at,
)
from cloud_relay.rules.selling.reading_when import WHEN_KEYS, when_at
from cloud_relay.rules.selling.scopes import MACHINE_KEYS, Shop, machines_at
from cloud_relay.rules.selling.wall_clock import leap_over, minute_of
from cloud_relay.rules.selling.when import ALWAYS, When

_WAYS = ("offers", "bonus", "free")
_KEYS = ("name", *WHEN_KEYS, *MACHINE_KEYS, "currency", *_WAYS)
_LONGEST_NAME = 40
_FREE_PLAY = "Free play"
_BONUS = re.compile(r"([0-9]{1,2}) for ([0-9]{1,2})")
# As many as a player uses up in the time; a phone gets them once in so many minutes.
_MOST_FREE, _FREE_EACH_MIN, _MOST_FREE_MIN = 10, 5, 24 * 60
ZONE_REMEDY = "write the machines' time zone beside periods, such as Europe/Berlin"


def period_at(value: object, place: str, shop: Shop) -> Period:
    """One period.

    Raises:
        ValueError: a line for each thing that is wrong in it.
    """
    own, problems = object_at(value, place), Problems()
    problems.tried(lambda: refuse_unknown(own, place, _KEYS), None)
    name = problems.tried(lambda: name_at(own, place), "")
    when = problems.tried(lambda: when_at(own, place), ALWAYS)
    machines = problems.tried(lambda: machines_at(own, place, shop), None)
    problems.tried(lambda: _one_way(own, place), None)
    free = problems.tried(lambda: _free(own, place), None)
    bonus = problems.tried(lambda: _bonus(own, place), None)
    problems.finish()
    offers = priced_for(own, place, shop, machines) if "offers" in own else ()
    found = Period(name or (_FREE_PLAY if free else ""), when, machines, offers, bonus, free)
    problems.add(clock_problems(when, machines, place, shop))
    problems.add(_bonus_problems(found, place, shop))
    problems.finish()
    return found


def priced_for(
    own: Mapping[str, Any], place: str, shop: Shop, machines: frozenset[str] | None
) -> tuple[Offer, ...]:
    """The offers of a period or a code, in the currency in which these machines sell."""
    offers = offers_at(own, place + ".", shop.currency_of(machines))
    sold_in = offers[0].currency
    for name, usual in shop.affected(machines).items():
        if usual and usual[0].currency != sold_in:
            raise ValueError(
                f"{place}.offers are in {sold_in}, and {name} sells in {usual[0].currency}: "
                "name the machines that they are for"
            )
    return offers


def name_at(own: Mapping[str, Any], place: str) -> str:
    """What players read of a period or a code; nothing where it has no name."""
    return words_at(own["name"], f"{place}.name", _LONGEST_NAME).strip() if "name" in own else ""


def clock_problems(when: When, machines: frozenset[str] | None, place: str, shop: Shop) -> Iterator[str]:
    """What is wrong with the times themselves: no zone to tell them in, or clocks that leap over them."""
    if when != ALWAYS and shop.lacks_zone(machines):
        yield f"zone is not set, and {place} goes by the clock: {ZONE_REMEDY}"
    single = [dates.first for dates in when.dates if dates.first == dates.last]
    for zone in shop.zones_of(machines):
        for key, minute in (("from", when.start_min), ("to", when.end_min)):
            leaps = ((day, leap_over(minute_of(day, minute), zone)) for day in single)
            for day, leap in leaps:
                if leap is not None:
                    said, (before, after) = minute_of(day, minute), leap
                    yield (
                        f"{place}.{key} is {said:%H:%M}, which no clock shows on {day} ({zone}): "
                        f"it goes from {before:%H:%M} to {after:%H:%M}. Write {after:%H:%M}"
                    )


def _one_way(own: Mapping[str, Any], place: str) -> None:
    ways = [way for way in _WAYS if way in own]
    if len(ways) != 1:
        found = f"has {' and '.join(ways)}" if ways else "changes nothing"
        raise ValueError(f"{place} {found}: write one of offers, bonus and free")
    if "currency" in own and ways != ["offers"]:
        raise ValueError(f"{place}.currency is of use only beside offers: leave it out")


def _free(own: Mapping[str, Any], place: str) -> FreePlay | None:
    if "free" not in own:
        return None
    wanted, problems = object_at(own["free"], f"{place}.free"), Problems()
    problems.tried(lambda: refuse_unknown(wanted, f"{place}.free", ("credits", "minutes")), None)
    credits = problems.tried(
        lambda: whole_at(wanted.get("credits", 1), f"{place}.free.credits", 1, _MOST_FREE, "credits"), 1
    )
    each = wanted.get("minutes", _FREE_EACH_MIN)
    minutes = problems.tried(lambda: whole_at(each, f"{place}.free.minutes", 1, _MOST_FREE_MIN, "minutes"), 1)
    problems.finish()
    return FreePlay(credits, minutes)


def _bonus(own: Mapping[str, Any], place: str) -> Bonus | None:
    if "bonus" not in own:
        return None
    said = own["bonus"]
    parts = _BONUS.fullmatch(said) if isinstance(said, str) else None
    if parts is None or not 0 < int(parts[2]) < int(parts[1]):
        raise ValueError(f'{place}.bonus is {said!r:.80}: write such as "3 for 2", the larger number first')
    return Bonus(given=int(parts[1]), paid=int(parts[2]))


def _bonus_problems(period: Period, place: str, shop: Shop) -> Iterator[str]:
    if period.bonus is None:
        return
    for name, usual in shop.affected(period.machines).items():
        given = period.offers_of(usual)
        if usual and given == usual:
            yield (
                f"{place}.bonus gives {name} nothing: none of its offers has {period.bonus.paid} credits. "
                "Offer more at once, or name other machines"
            )
        for offer in given:
            if offer.credits > MOST_CREDITS:
                much = f"{offer.credits} credits of an offer of {name}"
                yield f"{place}.bonus makes {much}: {MOST_CREDITS} at most"
