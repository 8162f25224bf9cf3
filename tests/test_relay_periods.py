"""Periods and codes in the OFFERS setting: what is read, and every mistake by its place and remedy."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from relay_parts import environment

from cloud_relay.rules.selling.offers import Offer
from cloud_relay.rules.selling.periods import Bonus, FreePlay, Period
from cloud_relay.rules.selling.when import EVERY_DAY, Dates, When
from cloud_relay.rules.selling.words import ask_again_s, note_of
from cloud_relay.setting_reader import SettingsError
from cloud_relay.settings import read_offer_list, read_settings
from cloud_relay.zones import zone_named

ONE = {"credits": 1, "amount": 100}
SHOP = {
    "currency": "usd",
    "zone": "Europe/Berlin",
    "offers": [ONE, {"credits": 3, "amount": 250}],
    "machines": {
        "galaga-01": {"name": "Galaga"},
        "flipper-02": {"currency": "eur", "offers": [{"credits": 1, "amount": 100}]},
    },
    "groups": {"old": ["galaga-01", "pong-03"]},
}
HAPPY = {"from": "16:00", "to": "18:00", "machines": ["galaga-01"], "offers": [{"credits": 2, "amount": 100}]}
FREE: dict[str, Any] = {"free": {}}
LATE = FREE | {"from": "22:00", "to": "04:00"}
CODE = {"code": "SUMMER", "machines": ["galaga-01"], "offers": [ONE]}
DAYS = "write mon, tue, wed, thu, fri, sat, sun, or two of them as mon-fri"
A_TIME = "write a time of the day such as 18:30"
A_DATE = "write a date such as 2026-12-24"
ONE_WAY = "write one of offers, bonus and free"
FIRST = "the first that is on counts, and those before it always are"
KEYS = "write name, days, dates, from, to, machines, groups, currency, offers, bonus, free"
LEAP = "which no clock shows on 2027-03-28 (Europe/Berlin): it goes from 02:00 to 03:00. Write 03:00"
AN_ID = "a machine id is 1 to 64 of A-Z a-z 0-9 _ -"
LETTERS = "write 6 to 32 letters and figures; shorter ones are guessed"


def problems(**changes: Any) -> list[str]:
    """What is wrong with the shop once it is changed so."""
    try:
        read_offer_list({"OFFERS": json.dumps(SHOP | changes)})
    except SettingsError as why:
        return [line.removeprefix("  OFFERS: ") for line in str(why).splitlines()[1:]]
    return []


def test_periods_are_read_as_people_write_them() -> None:
    """Days, dates, times over midnight, groups, and three ways to sell."""
    said = [
        HAPPY | {"name": "Happy hour", "days": "mon-fri"},
        {"bonus": "3 for 2", "days": ["Friday", "sat-mon"], "from": "22:00", "to": "02:00", "groups": ["old"]}
        | {"machines": ["zaxxon-04"], "bonus": "4 for 3"},
        {
            "free": {"credits": 2, "minutes": 15},
            "dates": ["2026-12-24", {"from": "2026-12-30"}],
            "to": "00:00",
        },
    ]
    christmas = (Dates(date(2026, 12, 24), date(2026, 12, 24)), Dates(date(2026, 12, 30), date.max))
    assert read_offer_list({"OFFERS": json.dumps(SHOP | {"periods": said})}).periods == (
        Period(
            "Happy hour",
            When(frozenset(range(5)), (), 960, 1080),
            frozenset({"galaga-01"}),
            (Offer(2, 100, "usd"),),
        ),
        Period(
            "",
            When(frozenset({4, 5, 6, 0}), (), 1320, 120),
            frozenset({"galaga-01", "pong-03", "zaxxon-04"}),
            bonus=Bonus(4, 3),
        ),
        Period("Free play", When(EVERY_DAY, christmas, 0, 1440), None, free=FreePlay(2, 15)),
    )


@pytest.mark.parametrize(
    ("period", "error"),
    [
        (3, "periods[0] is int: write a JSON object"),
        (FREE | {"day": "mon"}, f"periods[0].day is not known here: {KEYS}"),
        (FREE | {"days": "moonday"}, f"periods[0].days has 'moonday': {DAYS}"),
        (FREE | {"days": ["mon-"]}, f"periods[0].days has 'mon-': {DAYS}"),
        (FREE | {"days": [1]}, f"periods[0].days has 1: {DAYS}"),
        (FREE | {"days": []}, 'periods[0].days is []: write "mon-fri", or a list such as ["sat", "sun"]'),
        (FREE | {"from": "25:00"}, f"periods[0].from is '25:00': {A_TIME}"),
        (FREE | {"from": "24:00"}, f"periods[0].from is '24:00': {A_TIME}"),
        (FREE | {"to": "24:01"}, f"periods[0].to is '24:01': {A_TIME} (24:00 is the end of the day)"),
        (FREE | {"from": "9:00"}, f"periods[0].from is '9:00': {A_TIME}"),
        (FREE | {"from": "09:60"}, f"periods[0].from is '09:60': {A_TIME}"),
        (FREE | {"from": 9}, f"periods[0].from is 9: {A_TIME}"),
        (
            FREE | {"from": "18:00", "to": "18:00"},
            "periods[0]: from and to are both 18:00: leave both out for the whole day",
        ),
        (FREE | {"dates": ["2026-02-30"]}, f"periods[0].dates[0] is '2026-02-30': {A_DATE}"),
        (FREE | {"dates": ["20261224"]}, f"periods[0].dates[0] is '20261224': {A_DATE}"),
        (FREE | {"dates": ["0026-12-24"]}, f"periods[0].dates[0] is '0026-12-24': {A_DATE}"),
        (FREE | {"dates": []}, "periods[0].dates is empty: leave it out for every day of the year"),
        (FREE | {"dates": "2026-12-24"}, "periods[0].dates is str: write a list of 100 at most"),
        (
            FREE | {"dates": {"from": "2026-12-24", "to": "2026-12-23"}},
            "periods[0].dates[0] ends on 2026-12-23, before it begins on 2026-12-24: swap them",
        ),
        (FREE | {"dates": [{"until": "x"}]}, "periods[0].dates[0].until is not known here: write from, to"),
        (FREE | {"groups": ["new"]}, "periods[0].groups has 'new', which is no group: old"),
        (FREE | {"machines": ["a/b"]}, f"periods[0].machines has 'a/b': {AN_ID}"),
        (
            FREE | {"machines": []},
            "periods[0] names no machine: leave machines and groups out for all of them",
        ),
        ({"from": "16:00"}, f"periods[0] changes nothing: {ONE_WAY}"),
        (FREE | {"bonus": "3 for 2"}, f"periods[0] has bonus and free: {ONE_WAY}"),
        (FREE | {"currency": "usd"}, "periods[0].currency is of use only beside offers: leave it out"),
        ({"free": {"credits": 11}}, "periods[0].free.credits is 11: write whole credits, 1 to 10"),
        ({"free": {"minutes": 0}}, "periods[0].free.minutes is 0: write whole minutes, 1 to 1440"),
        ({"free": {"each": 5}}, "periods[0].free.each is not known here: write credits, minutes"),
        (
            {"bonus": "2 for 3"},
            "periods[0].bonus is '2 for 3': write such as \"3 for 2\", the larger number first",
        ),
        (
            {"bonus": "5 for 4", "groups": ["old"]},
            "periods[0].bonus gives galaga-01 nothing: none of its offers has 4 credits. "
            "Offer more at once, or name other machines\n"
            "periods[0].bonus gives pong-03 nothing: none of its offers has 4 credits. "
            "Offer more at once, or name other machines",
        ),
        (
            {"bonus": "99 for 1", "machines": ["galaga-01"]},
            "periods[0].bonus makes 297 credits of an offer of galaga-01: 100 at most",
        ),
        (
            {"offers": [ONE]},
            "periods[0].offers are in usd, and flipper-02 sells in eur: name the machines that they are for",
        ),
        (
            HAPPY | {"offers": [{"credits": 1, "amount": 1}]},
            "periods[0].offers[0].amount is 1: write whole minor units of usd, 50 to 99999999",
        ),
        (HAPPY | {"name": " "}, "periods[0].name: write 1 to 40 characters"),
        (FREE | {"dates": ["2027-03-28"], "from": "02:30"}, f"periods[0].from is 02:30, {LEAP}"),
        (FREE | {"dates": ["2027-03-28"], "to": "02:30"}, f"periods[0].to is 02:30, {LEAP}"),
        (
            FREE | {"dates": ["2026-12-24"], "days": ["mon"]},
            "periods[0] never comes: none of its dates is one of its days",
        ),
    ],
)  # fmt: skip
def test_a_wrong_period_is_refused_with_its_place_and_remedy(period: object, error: str) -> None:
    """Each is wrong in one thing only."""
    assert problems(periods=[FREE]) == []
    assert problems(periods=[period]) == error.splitlines()


@pytest.mark.parametrize(
    ("periods", "never"),
    [
        ([FREE, HAPPY], [1]),
        ([HAPPY, FREE], []),
        ([HAPPY, HAPPY | {"from": "16:30", "to": "17:30"}], [1]),
        ([HAPPY | {"from": "16:30", "to": "17:30"}, HAPPY], []),
        ([HAPPY, HAPPY | {"machines": ["galaga-01", "pong-03"]}], []),
        ([HAPPY | {"to": "17:00"}, HAPPY | {"from": "17:00"}, HAPPY], [2]),
        ([HAPPY | {"days": "mon-thu"}, HAPPY | {"days": "fri-sun"}, HAPPY], [2]),
        ([HAPPY | {"days": "mon-thu"}, HAPPY | {"days": "fri-sat"}, HAPPY], []),
        ([FREE | {"dates": {"to": "2026-06-30"}}, FREE | {"dates": {"from": "2026-07-01"}}, HAPPY], [2]),
        ([FREE | {"dates": {"to": "2026-06-30"}}, FREE | {"dates": {"from": "2026-07-02"}}, HAPPY], []),
        ([FREE | {"dates": {"from": "2026-12-01"}}, HAPPY | {"dates": ["2026-12-24"]}], [1]),
        ([LATE, HAPPY | {"from": "01:00", "to": "02:00"}], [1]),
        ([LATE | {"days": "sat"}, HAPPY | {"from": "01:00", "to": "02:00"}], []),
    ],
)  # fmt: skip
def test_a_period_that_never_gets_its_turn_is_refused(
    periods: list[dict[str, Any]], never: list[int]
) -> None:
    """The first that is on counts: what is always behind others was meant otherwise."""
    assert problems(periods=periods) == [f"periods[{place}] never comes: {FIRST}" for place in never]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (CODE | {"code": "SHORT"}, f"codes[0].code: {LETTERS}"),
        (CODE | {"code": "A-B C-D E"}, f"codes[0].code: {LETTERS}"),
        (CODE | {"code": "SÜMMER"}, f"codes[0].code: {LETTERS}"),
        (CODE | {"code": 123456}, f"codes[0].code: {LETTERS}"),
        (CODE | {"code": "X" * 33}, f"codes[0].code: {LETTERS}"),
        (CODE | {"offers": []}, "codes[0].offers: write a list of 1 to 6 offers"),
        (
            CODE | {"dates": ["2026-12-24"], "days": "mon"},
            "codes[0] never holds: none of its dates is one of its days",
        ),
        (CODE | {"from": "25:00"}, f"codes[0].from is '25:00': {A_TIME}"),
        (
            CODE | {"bonus": "3 for 2"},
            "codes[0].bonus is not known here: "
            "write code, name, days, dates, from, to, machines, groups, currency, offers",
        ),
        (
            CODE | {"machines": ["galaga-01", "flipper-02"]},
            "codes[0].offers are in usd, and flipper-02 sells in eur: name the machines that they are for",
        ),
    ],
)
def test_a_wrong_code_is_refused_and_not_shown(code: dict[str, Any], error: str) -> None:
    """Errors go to logs, and codes do not."""
    assert problems(codes=[CODE]) == []
    assert problems(codes=[code]) == [error]


def test_a_code_stands_twice_only_for_other_machines_or_other_times() -> None:
    """One leaflet for halls with two currencies is two entries."""
    euros = CODE | {"machines": ["flipper-02"]}
    assert problems(codes=[CODE, euros, CODE | {"days": "mon"}]) == []
    twice = "codes[2] is the code of codes[0]: the first counts, so leave one out"
    assert problems(codes=[CODE, euros, CODE | {"code": "sum-mer"}]) == [twice]


def test_all_mistakes_are_named_at_once() -> None:
    """In the zone, in groups, in periods and in codes."""
    said = problems(
        zone="Europe/Berlim",
        groups={"old": ["a/b"]},
        timezone="UTC",
        periods=[FREE | {"days": "x", "to": "99:99"}, FREE | {"dates": ["2026-12-24"], "days": "mon"}],
        codes=[CODE | {"code": "x", "offers": 1}],
    )
    assert said == [
        "timezone is not read: write zone",
        "zone is 'Europe/Berlim': no such time zone. Write an IANA name such as Europe/Berlin. "
        "Did you mean Europe/Berlin?",
        f"groups.old has 'a/b': {AN_ID}",
        f"periods[0].days has 'x': {DAYS}",
        f"periods[0].to is '99:99': {A_TIME} (24:00 is the end of the day)",
        f"codes[0].code: {LETTERS}",
        "codes[0].offers: write a list of 1 to 6 offers",
        "periods[1] never comes: none of its dates is one of its days",
    ]


def test_what_goes_by_the_clock_needs_a_zone() -> None:
    """The machines' own, or one for all; what is always on needs none."""
    without = {key: value for key, value in SHOP.items() if key != "zone"}
    said = "zone is not set, and periods[0] goes by the clock: write the machines' time zone beside periods"
    for own, wrong in (({}, True), ({"zone": "Asia/Tokyo"}, False)):
        shop = without | {"machines": {"galaga-01": own}, "periods": [HAPPY]}
        try:
            read_offer_list({"OFFERS": json.dumps(shop)})
            found = False
        except SettingsError as why:
            found = said in str(why)
        assert found == wrong
    always = read_offer_list({"OFFERS": json.dumps(without | {"periods": [FREE], "codes": [CODE]})})
    assert always.on_sale("pong-03", 0).free == FreePlay(1, 5)


@pytest.mark.parametrize(
    "name", ["", "Europe", "../etc/passwd", "/etc/passwd", "right/UTC", "posix/UTC", "a" * 300, "Europe/\0"]
)
def test_what_is_no_time_zone_is_refused_whatever_it_is(name: str) -> None:
    """A folder of the system's data and a path out of it are none."""
    with pytest.raises(ValueError, match=r"no such time zone. Write an IANA name such as Europe/Berlin\."):
        zone_named(name)


def test_machines_have_zones_of_their_own() -> None:
    """Six in the evening in Tokyo is another instant than in Berlin."""
    machines = {"galaga-01": {"zone": "Asia/Tokyo"}, "pong-03": {}}
    shop = SHOP | {"machines": machines, "periods": [HAPPY | {"machines": [*machines]}]}
    offers = read_offer_list({"OFFERS": json.dumps(shop)})
    seven_utc, fifteen_utc = 1795849200, 1795878000
    told = [
        offers.on_sale(name, at_s).offers[0].credits for at_s in (seven_utc, fifteen_utc) for name in machines
    ]
    assert told == [2, 1, 1, 2]


def test_a_bonus_gives_more_for_the_same_amount() -> None:
    """Of each two three; what is over is as it was."""
    bonus = Bonus(3, 2)
    given = [bonus.of(Offer(credits, 100, "usd")).credits for credits in (1, 2, 3, 4, 5, 66)]
    assert given == [1, 3, 4, 6, 7, 99]


def test_codes_do_not_show_in_the_settings() -> None:
    """Neither in their repr nor in any error."""
    settings = read_settings(environment(OFFERS=json.dumps(SHOP | {"codes": [CODE]})))
    assert settings.offers.codes[0].name == ""
    assert "SUMMER" not in repr(settings)


def test_a_note_says_until_when_in_the_machines_zone() -> None:
    """Where no end is near, the name alone; without a name nothing."""
    berlin = zone_named("Europe/Berlin")
    told = [
        note_of(*said, berlin)
        for said in (("Happy hour", 1795878000), ("Happy hour", None), ("", 1795878000))
    ]
    assert told == ["Happy hour until 16:00", "Happy hour", ""]


def test_cabinets_ask_again_after_the_change_and_not_all_at_once() -> None:
    """Each within twenty seconds of it; one always at the same."""
    asked = [ask_again_s(f"m-{number}", 1000, 700.5) for number in range(100)]
    assert (min(asked), max(asked), len(set(asked))) == (300, 319, 20)
    assert asked == [ask_again_s(f"m-{number}", 1000, 700.5) for number in range(100)]
