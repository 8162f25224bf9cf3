"""CORE. What each machine sells at a moment, and when it next sells something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo

from cloud_relay.rules.selling.codes import Code, digest_of
from cloud_relay.rules.selling.offers import Offer, PriceList
from cloud_relay.rules.selling.periods import FreePlay, Period
from cloud_relay.rules.selling.wall_clock import next_change_s, shown_at


@dataclass(frozen=True)
class OnSale:
    """What the machine of this name sells at one moment; `period` is the name of the period that is on.

    `by_code` are the offers of the code that was given, `code` is that code's name.
    """

    name: str
    currency: str
    offers: tuple[Offer, ...]
    free: FreePlay | None = None
    period: str = ""
    code: str = ""
    by_code: tuple[Offer, ...] = ()

    @property
    def all_offers(self) -> tuple[Offer, ...]:
        """What can be bought, each once; first what the code is for."""
        return tuple(dict.fromkeys((*self.by_code, *self.offers)))

    def offer(self, key: str | None) -> Offer | None:
        """The offer of this key, if it is on sale."""
        return next((offer for offer in self.all_offers if offer.key == key), None)


@dataclass(frozen=True)
class Offers:
    """All that is sold: the usual price lists of all machines, and what a clock or a code changes.

    Of the periods that are on at a time, the first counts. `zone` is that of machines without their own.
    """

    default: tuple[Offer, ...]
    machines: Mapping[str, PriceList]
    zone: tzinfo = UTC
    zones: Mapping[str, tzinfo] = field(default_factory=dict)
    periods: tuple[Period, ...] = ()
    codes: tuple[Code, ...] = ()

    def of(self, machine_id: str) -> PriceList:
        """A machine's usual price list; one without its own goes by its id."""
        return self.machines.get(machine_id) or PriceList(machine_id, self.default)

    def zone_of(self, machine_id: str) -> tzinfo:
        """The time zone that a machine's periods are told in."""
        return self.zones.get(machine_id, self.zone)

    def on_sale(self, machine_id: str, at_s: float, code: str = "") -> OnSale:
        """What a machine sells at a time in Unix seconds, to somebody who knows this code."""
        usual, shown = self.of(machine_id), shown_at(at_s, self.zone_of(machine_id))
        sale = OnSale(usual.name, usual.offers[0].currency, usual.offers)
        known = self._code(machine_id, shown, code) if code else None
        if known is not None:
            sale = replace(sale, code=known.name, by_code=known.offers)
        for period in self.periods:
            if period.is_for(machine_id) and period.when.covers(shown):
                offers = period.offers_of(usual.offers)
                return replace(sale, offers=offers, free=period.free, period=period.name)
        return sale

    def next_change_s(self, machine_id: str, now_s: float, days: int) -> int | None:
        """When the machine next sells something else, in Unix seconds; None if not within so many days."""
        periods = [period for period in self.periods if period.is_for(machine_id)]
        if not periods:
            return None
        minutes = frozenset(minute for each in periods for minute in (each.when.start_min, each.when.end_min))
        zone = self.zone_of(machine_id)
        return next_change_s(now_s, days, zone, minutes, lambda at_s: self.on_sale(machine_id, at_s))

    def takes_codes(self, machine_id: str) -> bool:
        """Whether there is any code for this machine, be it now or at another time."""
        return any(code.is_for(machine_id) for code in self.codes)

    def _code(self, machine_id: str, shown: datetime, text: str) -> Code | None:
        digest = digest_of(text)
        # All are compared: the time that it takes tells nobody which of them is nearly right.
        same = [code for code in self.codes if code.is_same(digest)]
        return next((code for code in same if code.is_for(machine_id) and code.when.covers(shown)), None)
