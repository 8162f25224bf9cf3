"""Prices in twenty zones, minute by minute over changes of clocks: one list at a time, until it changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloud_relay.rules.selling.offers import Offer
from cloud_relay.rules.selling.on_sale import Offers
from cloud_relay.rules.selling.periods import Period
from cloud_relay.rules.selling.wall_clock import DAY_MIN, instants_of, shown_at
from cloud_relay.rules.selling.when import Dates, When

# Among them half an hour of summer time (Lord Howe), two hours (Troll), summer time that is taken away
# (Dublin, Casablanca), changes at midnight (Cairo, Beirut, Nuuk, Havana, Santiago), and none at all (UTC).
ZONES = (
    "Europe/Berlin", "Europe/Dublin", "Europe/Lisbon", "Atlantic/Azores", "America/New_York",
    "America/St_Johns", "America/Havana", "America/Santiago", "America/Nuuk", "Africa/Casablanca",
    "Africa/Cairo", "Asia/Beirut",
    "Asia/Kathmandu", "Asia/Jerusalem", "Australia/Lord_Howe", "Australia/Adelaide", "Pacific/Auckland",
    "Pacific/Chatham", "Antarctica/Troll", "UTC",
)  # fmt: skip
USUAL = Offer(1, 100, "usd")
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 24 * 3600
FROM_S, UNTIL_S = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2026, 2029))


def changes_of_clocks(zone: tzinfo) -> list[int]:
    """Every hour of three years, looked at one by one."""
    hours = range(FROM_S, UNTIL_S, HOUR_S)
    offsets = [datetime.fromtimestamp(at_s, zone).utcoffset() for at_s in hours]
    return [hours[n] for n in range(1, len(hours)) if offsets[n] != offsets[n - 1]]


CHANGES = {name: changes_of_clocks(ZoneInfo(name)) for name in ZONES}


@st.composite
def moments(draw: st.DrawFn) -> tuple[tzinfo, int]:
    """A zone, and a minute: often near a change of its clocks."""
    name = draw(st.sampled_from(ZONES))
    anywhere = st.integers(FROM_S, UNTIL_S)
    near = st.sampled_from(CHANGES[name] or [FROM_S]).flatmap(lambda s: st.integers(s - DAY_S, s + DAY_S))
    return ZoneInfo(name), draw(near | anywhere) // MINUTE_S * MINUTE_S


def periods(around: date) -> st.SearchStrategy[Period]:
    """Periods of any kind whose dates lie around this one; each sells something of its own."""
    days = st.integers(-3, 3).map(lambda count: around + timedelta(days=count))
    dates = st.tuples(days, days).map(lambda pair: Dates(min(pair), max(pair)))
    times = st.sampled_from([*range(0, DAY_MIN, 15), 0, 60, 90, 120, 150, 179, 180, 181])
    pairs = st.tuples(times, times.map(lambda minute: minute or DAY_MIN)).filter(
        lambda pair: pair[0] != pair[1]
    )
    whens = st.builds(
        lambda week, of_year, pair: When(week, of_year, *pair),
        st.frozensets(st.integers(0, 6), min_size=1),
        st.lists(dates, max_size=2).map(tuple),
        pairs,
    )
    offers = st.integers(2, 9).map(lambda credits: (Offer(credits, 100, "usd"),))
    return st.builds(lambda when, sold: Period(f"{sold[0].credits}", when, None, sold), whens, offers)


def is_on(when: When, local: datetime) -> bool:
    """The rule in other words: by the texts that a clock and a calendar show."""
    start, end, shown = (f"{m // 60:02}:{m % 60:02}" for m in (when.start_min, when.end_min, 0))
    shown, today = local.strftime("%H:%M"), local.date()
    if start < end:
        begun = today if start <= shown < end else None
    else:
        begun = today if shown >= start else today - timedelta(days=1) if shown < end else None
    if begun is None or int(begun.strftime("%w")) not in {(day + 1) % 7 for day in when.days}:
        return False
    texts = [(d.first.isoformat(), d.last.isoformat()) for d in when.dates]
    return not texts or any(first <= begun.isoformat() <= last for first, last in texts)


def sold_at(found: Sequence[Period], at_s: int, zone: tzinfo) -> int:
    """The credits of the first period that is on, of the usual offer otherwise."""
    on = [each for each in found if is_on(each.when, datetime.fromtimestamp(at_s, zone))]
    return on[0].offers[0].credits if on else USUAL.credits


@settings(max_examples=60, deadline=None)
@given(moments(), st.data())
def test_at_each_minute_one_list_is_on_sale_and_the_next_change_is_the_next(
    moment: tuple[tzinfo, int], data: st.DataObject
) -> None:
    """Minute by minute over a day and a half: no gap, no overlap, and nothing between now and the change."""
    zone, now_s = moment
    around = datetime.fromtimestamp(now_s, zone).date()
    found = tuple(data.draw(st.lists(periods(around), min_size=1, max_size=4)))
    offers = Offers((USUAL,), {}, zone, periods=found)
    minutes = range(now_s, now_s + 36 * HOUR_S + 1, MINUTE_S)
    sold = [sold_at(found, at_s, zone) for at_s in minutes]

    shown = [offers.on_sale("galaga-01", at_s).offers for at_s in minutes]
    assert [[offer.credits for offer in each] for each in shown] == [[credits] for credits in sold]
    changed = next((at_s for at_s, each in zip(minutes, shown, strict=True) if each != shown[0]), None)
    told = offers.next_change_s("galaga-01", now_s, 2)
    assert told == changed or (changed is None and (told is None or told > minutes[-1]))


@given(moments())
@example((ZoneInfo("Europe/Berlin"), 1792888200))
def test_every_instant_is_one_of_those_at_which_its_clock_shows_what_it_shows(
    moment: tuple[tzinfo, int],
) -> None:
    """At a change of clocks two instants look alike; no other does."""
    zone, at_s = moment
    alike = instants_of(shown_at(at_s, zone), zone)
    assert at_s in alike
    assert len(alike) <= 2
    assert {shown_at(each, zone) for each in alike} == {shown_at(at_s, zone)}
