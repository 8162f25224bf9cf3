"""Prices by the clock: periods, their order, and what the clocks show where they are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from cloud_relay.rules.selling.offers import Offer
from cloud_relay.rules.selling.on_sale import Offers
from cloud_relay.rules.selling.periods import Period
from cloud_relay.rules.selling.wall_clock import instants_of, leap_over, minute_of, shown_at
from cloud_relay.rules.selling.when import Dates, When

USUAL = Offer(1, 100, "usd")
BERLIN = ZoneInfo("Europe/Berlin")


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
