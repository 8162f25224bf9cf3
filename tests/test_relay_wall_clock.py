"""Prices by the clock, in many zones and over changes of clocks: one list at a time, and the next change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloud_relay.rules.selling.offers import Offer
from cloud_relay.rules.selling.on_sale import Offers
from cloud_relay.rules.selling.periods import Period
from cloud_relay.rules.selling.wall_clock import DAY_MIN, instants_of, leap_over, minute_of, shown_at
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
BERLIN = ZoneInfo("Europe/Berlin")
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
@example((BERLIN, 1792888200))
def test_every_instant_is_one_of_those_at_which_its_clock_shows_what_it_shows(
    moment: tuple[tzinfo, int],
) -> None:
    """At a change of clocks two instants look alike; no other does."""
    zone, at_s = moment
    alike = instants_of(shown_at(at_s, zone), zone)
    assert at_s in alike
    assert len(alike) <= 2
    assert {shown_at(each, zone) for each in alike} == {shown_at(at_s, zone)}


def berlin(text: str, fold: int = 0) -> int:
    """What clocks in Berlin show, as an instant."""
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp())


def happy(start_min: int, end_min: int) -> Offers:
    """Two credits for one between these minutes of the day, in Berlin."""
    cheap = (Offer(2, 100, "usd"),)
    period = Period("Happy hour", When(start_min=start_min, end_min=end_min), None, cheap)
    return Offers((USUAL,), {}, BERLIN, periods=(period,))


def changes(offers: Offers, now_s: int, count: int) -> list[str]:
    """The next changes one after the other, in UTC, each with the credits that are sold from then on."""
    told: list[str] = []
    for _ in range(count):
        at_s = offers.next_change_s("galaga-01", now_s, 3)
        assert at_s is not None
        utc = datetime.fromtimestamp(at_s, UTC)
        told.append(f"{utc:%d %H:%M} {offers.on_sale('galaga-01', at_s).offers[0].credits}")
        now_s = at_s
    return told


def test_a_period_that_clocks_leap_into_begins_where_they_land() -> None:
    """On 2027-03-28 the clocks in Berlin go from 02:00 to 03:00, at 01:00 UTC."""
    assert changes(happy(150, 240), berlin("2027-03-28T01:59"), 3) == [
        "28 01:00 2",
        "28 02:00 1",
        "29 00:30 2",
    ]


def test_a_period_in_the_hour_that_comes_twice_comes_twice() -> None:
    """On 2026-10-25 the clocks in Berlin show 02:00 to 03:00 once in summer time, and again."""
    assert changes(happy(120, 150), berlin("2026-10-25T01:59"), 4) == [
        "25 00:00 2", "25 00:30 1", "25 01:00 2", "25 01:30 1",
    ]  # fmt: skip


def test_clocks_that_are_set_back_over_midnight_show_the_evening_again() -> None:
    """In St. John's on 2010-11-07 they went from 00:01, at 02:31 UTC, to 23:01 of the day before."""
    zone, cheap = ZoneInfo("America/St_Johns"), (Offer(2, 100, "usd"),)
    night = Period("Night", When(start_min=23 * 60 + 30), None, cheap)
    offers = Offers((USUAL,), {}, zone, periods=(night,))
    before_s, after_s = (datetime(2010, 11, 7, 2, minute, tzinfo=UTC).timestamp() for minute in (30, 31))
    assert (
        f"{shown_at(before_s, zone)} {shown_at(after_s, zone)}" == "2010-11-07 00:00:00 2010-11-06 23:01:00"
    )
    assert changes(offers, int(before_s), 3) == ["07 03:00 2", "07 03:30 1", "08 03:00 2"]


def test_a_period_over_midnight_belongs_to_the_day_that_it_begins_on() -> None:
    """Friday night goes on to Saturday at 02:00; Saturday night is another."""
    when = When(days=frozenset({4}), start_min=22 * 60, end_min=120)
    days = ["27T21:59", "27T22:00", "28T01:59", "28T02:00", "28T22:00", "27T01:00"]
    assert [when.covers(datetime.fromisoformat(f"2026-11-{shown}")) for shown in days] == [
        False,
        True,
        True,
        False,
        False,
        False,
    ]


def test_the_first_period_of_the_list_counts() -> None:
    """Christmas before the happy hour: free play all day."""
    hour = When(start_min=16 * 60, end_min=18 * 60)
    eve = When(dates=(Dates(date(2026, 12, 24), date(2026, 12, 24)),))
    found = (
        Period("Christmas", eve, None, (Offer(9, 100, "usd"),)),
        Period("Happy hour", hour, None, (USUAL,)),
    )
    offers = Offers((USUAL,), {}, BERLIN, periods=found)
    times = ("2026-12-23T17:00", "2026-12-24T17:00", "2026-12-25T17:00", "2026-12-25T18:00")
    told = [offers.on_sale("galaga-01", berlin(text)).period for text in times]
    assert told == ["Happy hour", "Christmas", "Happy hour", ""]
    assert (
        Offers((USUAL,), {}, BERLIN, periods=found[::-1]).on_sale("m", berlin(times[1])).period
        == "Happy hour"
    )


def test_what_never_changes_has_no_next_change() -> None:
    """Without periods nothing is looked for; of a far one nothing is told."""
    far = When(dates=(Dates(date(2027, 12, 24), date(2027, 12, 24)),))
    offers = Offers((USUAL,), {}, BERLIN, periods=(Period("Christmas", far, None, (Offer(9, 100, "usd"),)),))
    assert Offers((USUAL,), {}).next_change_s("galaga-01", 0, 400) is None
    assert offers.next_change_s("galaga-01", berlin("2026-11-28T12:00"), 8) is None
    assert offers.next_change_s("galaga-01", berlin("2026-11-28T12:00"), 400) == berlin("2027-12-24T00:00")


@pytest.mark.parametrize(
    ("shown", "leap"),
    [
        ("2027-03-28T01:59", None),
        ("2027-03-28T02:00", ("02:00", "03:00")),
        ("2027-03-28T02:59", ("02:00", "03:00")),
        ("2027-03-28T03:00", None),
        ("2026-10-25T02:30", None),
    ],
)
def test_a_time_that_no_clock_shows_is_told_with_what_is_shown(
    shown: str, leap: tuple[str, str] | None
) -> None:
    """From what to what they go."""
    found = leap_over(datetime.fromisoformat(shown), BERLIN)
    assert leap == (found and tuple(f"{each:%H:%M}" for each in found))


def test_the_hour_that_comes_twice_is_two_instants() -> None:
    """Summer time first."""
    assert instants_of(minute_of(date(2026, 10, 25), 150), BERLIN) == (1792888200, 1792891800)
