"""Opening hours and quiet hours: by the clock on the wall, over midnight and when clocks change."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from fleet.rules.opening import Opening, is_open, is_well_open, parse_opening, spans
from fleet.rules.quiet_hours import parse_quiet, quiet_until

pytestmark = pytest.mark.fleet
BERLIN = ZoneInfo("Europe/Berlin")
BAR = '{"fri": [["18:00", "02:00"]], "sat": [["10:00", "12:00"], ["18:00", "24:00"]], "closed": ["12-25"]}'


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@pytest.mark.parametrize(
    ("when", "open_"),
    [
        ("2026-11-27T17:59", False),
        ("2026-11-27T18:00", True),
        ("2026-11-28T01:59", True),
        ("2026-11-28T02:00", False),
        ("2026-11-28T11:00", True),
        ("2026-11-28T13:00", False),
        ("2026-11-28T23:59", True),
        ("2026-11-29T00:00", False),
        ("2026-12-25T20:00", False),
        ("2026-12-26T01:00", False),
    ],
)
def test_a_place_is_open_by_its_own_clock_and_past_midnight(when: str, open_: bool) -> None:
    """An evening that began on Friday lasts into Saturday, and a closed day takes its night with it."""
    assert is_open(parse_opening(BAR, BERLIN), at(when)) is open_


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_is_as_long_as_the_clocks_make_it(day: str, hours: int) -> None:
    """Always open is 23 hours on the day when clocks go forward, and 25 when they go back."""
    begins = at(f"{day}T00:00")
    whole = next(span for span in spans(Opening(BERLIN), begins, begins + 1) if span.begins_at == begins)
    assert (whole.ends_at - whole.begins_at) / 3600 == hours


def test_ten_is_ten_on_the_day_when_clocks_change() -> None:
    """Opening hours are times of a clock, not hours since midnight."""
    opening = parse_opening('{"sun": [["10:00", "11:00"]]}', BERLIN)
    listed = spans(opening, at("2026-03-28T00:00"), at("2026-03-30T00:00"))
    found = [datetime.fromtimestamp(span.begins_at, UTC).isoformat() for span in listed]
    assert found == ["2026-03-29T08:00:00+00:00"]


def test_margins_are_at_the_edges_of_opening_and_not_at_midnight() -> None:
    """Always open has no edge at midnight; a bar has one at its opening and its closing."""
    bar = parse_opening(BAR, BERLIN)
    assert is_well_open(Opening(BERLIN), at("2026-06-01T00:01"), 600)
    assert not is_well_open(bar, at("2026-11-27T18:05"), 600)
    assert is_well_open(bar, at("2026-11-27T18:10"), 600)
    assert not is_well_open(bar, at("2026-11-28T01:55"), 600)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[1", "opening hours are no JSON: Expecting ',' delimiter: line 1 column 3 (char 2)"),
        ("[]", 'opening hours are {"mon": [["10:00", "23:30"]], ...}'),
        ('{"Mon": []}', "'Mon' is no weekday: write mon, tue, wed, thu, fri, sat, sun, or closed"),
        ('{"mon": "10-12"}', 'mon: \'10-12\' is no list: write [["10:00", "23:30"]]'),
        ('{"mon": [["10:00"]]}', 'mon: [\'10:00\'] is no pair of times: write ["10:00", "23:30"]'),
        ('{"mon": [["9:30", "25:00"]]}', "mon: '9:30' is no time: write 09:30"),
        ('{"mon": [[9, 25]]}', "mon: 9 is no time: write 09:30"),
        (
            '{"mon": [["10:00", "10:00"]]}',
            "mon: ['10:00', '10:00'] has no length: write [\"00:00\", \"24:00\"] for the whole day",
        ),
        ('{"closed": ["25.12."]}', "closed: '25.12.' is no day: write 2026-12-25, or 12-25 for each year"),
    ],
)
def test_wrong_hours_are_refused_with_what_would_be_right(text: str, problem: str) -> None:
    """Whoever types opening hours reads what is wrong with them."""
    with pytest.raises(ValueError, match=re.escape(problem)):
        parse_opening(text, BERLIN)


def test_quiet_hours_end_in_the_morning_of_their_zone() -> None:
    """What begins at night is told in the morning, by day at once, and without quiet hours always at once."""
    quiet = parse_quiet('[["22:00", "07:00"]]', BERLIN)
    night, noon = at("2026-11-27T23:00"), at("2026-11-27T12:00")
    assert quiet_until(quiet, night) == at("2026-11-28T07:00")
    assert quiet_until(quiet, noon) == noon
    assert quiet_until(parse_quiet("", BERLIN), night) == night


def test_quiet_hours_that_follow_each_other_are_one_rest_of_a_day_at_most() -> None:
    """Who is quiet for ever is told once a day, and not never."""
    now = at("2026-06-01T12:00")
    assert quiet_until(
        parse_quiet('[["22:00", "06:00"], ["06:00", "09:00"]]', BERLIN), at("2026-06-01T23:00")
    ) == at("2026-06-02T09:00")
    assert now + 86400 <= quiet_until(parse_quiet('[["00:00", "24:00"]]', BERLIN), now) <= now + 2 * 86400
