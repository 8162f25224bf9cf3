"""One machine's page: its figures, its lists and files, and its days when it moves."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from fleet_alerts_kit import SETTINGS, Channels
from fleet_kit import NOON, SmallCabinet
from fleet_site import BASE, OURS, FullSite
from sqlalchemy import Engine, select, update

from fleet.alerting.alerter import Alerter
from fleet.book import tables
from fleet.book.came.recording import Came, record
from fleet.book.computed.dating import date_due
from fleet.book.database.engine import reading, writing
from fleet.book.figures.machine import games_of, quarters_of
from fleet.pages.location_form import DATED_LATER
from fleet.reports.machine import Bars, Coins, Day, Games, Quarter, days_table, pulses_by_day, takings_by_hour
from fleet.rules.roles import Role

pytestmark = pytest.mark.fleet
DAY = Day("2026-11-18", "phone", "eur", 2, 350, 1, 0)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullSite]:
    site = FullSite(tmp_path_factory.mktemp("site"))
    yield site
    site.engine.dispose()


def lines(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_hours_are_those_of_the_clock_where_the_machine_stands() -> None:
    """Also where clocks differ by a quarter of an hour."""
    at = 1_795_000_500  # 11:15 in UTC, and 17:00 in Kathmandu
    drawn = takings_by_hour(
        [Quarter(at, "eur", 250)], [(at, 2)], Coins(50, "eur"), ZoneInfo("Asia/Kathmandu"), "eur"
    )
    taken = [
        (name, [hour for hour, each in zip(drawn.labels, sums, strict=True) if each], max(sums))
        for name, sums in drawn.series
    ]
    assert taken == [("phone", ["17"], 2.5), ("cash", ["17"], 1.0)]


def test_a_day_is_a_line_for_each_currency() -> None:
    """Money of one is never added to another's, and coins without a worth are still counted."""
    days = [DAY, Day("2026-11-18", "phone", "usd", 1, 100, 0, 0), Day("2026-11-18", "cash", "", 3, 0, 0, 0)]
    table = days_table("days", days, Coins(0, ""))
    assert [[cell.words for cell in row] for row in table.rows] == [
        ["2026-11-18", "$1.00", "", "0", "1", "0", "0"],
        ["2026-11-18", "€3.50", "", "0", "2", "0", "0"],
        ["2026-11-18", "", "", "3", "0", "0", "0"],
    ]


def test_pulses_that_went_wrong_are_counted_by_day() -> None:
    """A wire that goes bad is seen, whatever was sold."""
    days = [DAY, Day("2026-11-18", "test", "", 1, 0, 2, 3)]
    assert pulses_by_day(days, ["2026-11-17", "2026-11-18"]) == Bars(
        "Pulses that went wrong, per day",
        ("11-17", "11-18"),
        (("in doubt", (0.0, 3.0)), ("uncounted", (0.0, 3.0))),
        is_counted=True,
    )


def test_both_databases_add_up_alike(book: Engine) -> None:
    """By quarters of an hour, and games on the average."""
    cabinet = SmallCabinet()
    cabinet.sell("pi_1", amount=250)
    cabinet.now_s += 900
    cabinet.sell("pi_2", amount=100)
    cabinet.write("game", sessionId="s", game=1, credits=2, durationS=60, idleS=None)
    cabinet.write("game", sessionId="s", game=2, credits=1, durationS=91, idleS=10)
    with writing(book) as connection:
        record(connection, [Came(cabinet.batch(), cabinet.sent_at)], lambda _: UTC)
    first = int(NOON // 900 * 900)
    with reading(book) as connection:
        found = quarters_of(connection, cabinet.machine_id, NOON - 900)
        games = games_of(connection, cabinet.machine_id, NOON)
    assert sorted(found, key=lambda each: each.at) == [
        Quarter(first, "eur", 250),
        Quarter(first + 900, "eur", 100),
    ]
    assert games == Games(2, 3, 76, 10)


def test_every_sale_is_on_a_page_once_and_in_the_file(site: FullSite) -> None:
    """However many there are, also where many were at one moment."""
    cabinet = SmallCabinet("busy-01", ledger="b" * 32)
    for number in range(120):
        cabinet.sell(f"pi_{number:03d}")
        cabinet.now_s -= 2.0
    parts = [Came(cabinet.batch(after, 20), cabinet.sent_at) for after in range(0, 240, 20)]
    with writing(site.engine) as connection:
        record(connection, parts, lambda _: UTC)
    browser, address, seen = site.as_(Role.VIEWER), "/machines/busy-01/sales", []
    while address:
        text = browser.get(address, base_url=BASE).text
        seen += [part[:6] for part in text.split("/money/payments/")[1:]]
        address = text.partition('class="button" href="')[2].partition('"')[0].replace("&amp;", "&")
    expected = [f"pi_{number:03d}" for number in reversed(range(120))]
    assert seen == expected
    file = lines(browser.get("/machines/busy-01/sales.csv", base_url=BASE).text)
    assert [row[1] for row in file[1:]] == expected


@pytest.mark.parametrize("before", ["", "x", "nan,pi_1", "1e999,", ",,,", "1795000000.0,\u0661"])
def test_a_mark_that_is_none_is_no_error(site: FullSite, before: str) -> None:
    """Whoever changes an address sees a page."""
    browser = site.as_(Role.OWNER)
    for what in ("sales", "games"):
        answer = browser.get(f"/machines/{OURS}/{what}", query_string={"before": before}, base_url=BASE)
        assert answer.status_code == 200


@pytest.mark.parametrize("what", ["days", "hours", "pulses", "faults"])
def test_a_plot_is_an_image_in_which_nothing_runs(site: FullSite, what: str) -> None:
    """It has no script and loads nothing."""
    browser = site.as_(Role.PARTNER)
    address = f"/machines/{OURS}/{what}.svg?currency=eur"
    answer = browser.get(address, base_url=BASE)
    names = {
        each.tag.rpartition("}")[2]
        for each in ElementTree.fromstring(answer.data).iter()  # noqa: S314 (our own)
        if isinstance(each.tag, str)
    }
    assert (answer.mimetype, names & {"script", "image", "foreignObject", "a"}) == ("image/svg+xml", set())
    assert (
        answer.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )


@pytest.mark.parametrize("currency", ["", "usd", "<b>", "eur2"])
def test_there_is_no_plot_of_money_that_was_not_taken(site: FullSite, currency: str) -> None:
    """Nor of what is no currency."""
    answer = site.as_(Role.OWNER).get(
        f"/machines/{OURS}/days.svg", query_string={"currency": currency}, base_url=BASE
    )
    assert answer.status_code == 404


def test_days_move_with_the_zone_of_the_place(tmp_path: Path) -> None:
    """In both books, with the note of who did it; and a machine that is put elsewhere goes by that clock."""
    site = FullSite(tmp_path)
    with writing(site.engine) as connection:
        payment = {"payment_id": "pi_ours0", "machine_id": OURS, "created_at": NOON, "day": "2026-11-18"}
        rest = site.rest_of(tables.stripe_payments, payment) | {
            "status": "succeeded",
            "currency": "eur",
            "notes": "{}",
        }
        connection.execute(tables.stripe_payments.insert().values(**payment, **rest))
    browser = site.as_(Role.STAFF)
    form = {
        "name": "Kino",
        "zone": "Pacific/Kiritimati",
        "share": "33,5",
        "mon": "10:00-14:00, 16:00 - 01:00",
    }
    assert browser.post("/locations/1", data=form, base_url=BASE).status_code == 303
    assert days_of(site) == ({"2026-11-19"}, {"2026-11-19"})
    settings = {"name": "Galaga", "location": "2", "coin_value": "0,50", "coin_currency": "eur"}
    assert browser.post(f"/machines/{OURS}/settings", data=settings, base_url=BASE).status_code == 303
    assert days_of(site) == ({"2026-11-18"}, {"2026-11-18"})
    with reading(site.engine) as connection:
        deeds = connection.execute(
            select(tables.audit.c.who, tables.audit.c.what, tables.audit.c.details)
        ).all()
        opening = connection.execute(
            select(tables.locations.c.opening).where(tables.locations.c.id == 1)
        ).scalar()
    assert opening == '{"mon": [["10:00", "14:00"], ["16:00", "01:00"]]}'
    assert [tuple(each) for each in deeds[-1:]] == [
        ("the-staff", "machine changed", '{"name": "Galaga", "location_id": 2, "coin_value": 50}')
    ]
    site.engine.dispose()


def test_pages_with_days_of_another_zone_say_so_until_these_are_dated_anew(tmp_path: Path) -> None:
    """A machine with years of sales is left to the process of alerts: its page waits for nothing."""
    site = FullSite(tmp_path)
    browser = site.as_(Role.OWNER)

    def say_so() -> list[bool]:
        pages = (f"/machines/{OURS}", "/money", "/money?location=2", "/statement?location=1")
        return [DATED_LATER in browser.get(each, base_url=BASE).text for each in pages]

    date_due(site.engine, UTC, 60.0)
    assert say_so() == [False] * 4
    with writing(site.engine) as connection:
        connection.execute(
            update(tables.machines)
            .where(tables.machines.c.machine_id == OURS)
            .values(zone="Pacific/Honolulu")
        )
    assert say_so() == [True, True, False, True]
    Alerter(SETTINGS, site.engine, send=Channels()).go_round()
    assert say_so() == [False] * 4
    site.engine.dispose()


def days_of(site: FullSite) -> tuple[set[str], set[str]]:
    with reading(site.engine) as connection:
        found = [
            set(connection.execute(select(table.c.day).where(table.c.machine_id == OURS)).scalars())
            for table in (tables.days, tables.stripe_payments)
        ]
    return found[0], found[1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": " "}, "Write the name"),
        ({"name": "foreign hall"}, "There is a location foreign hall already"),
        ({"zone": "Mars/Base"}, "Time zone: "),
        ({"tue": "10-12"}, "tue: "),
        ({"tue": "noon"}, "Tuesday: &#39;noon&#39; are no hours: write 10:00-23:30"),
        ({"closed": "christmas"}, "closed: &#39;christmas&#39; is no day"),
        ({"share": "101"}, "Share: &#39;101&#39; is no share"),
        ({"share": "nan"}, "Share: &#39;nan&#39; is no share"),
    ],
)
def test_a_location_that_cannot_be_is_refused_with_the_remedy(
    site: FullSite, changes: dict[str, str], said: str
) -> None:
    """And what was typed stands there still."""
    form = {"name": "Kino", "zone": "Europe/Berlin", "owner_name": "Typed Before"} | changes
    answer = site.as_(Role.STAFF).post("/locations", data=form, base_url=BASE)
    assert (answer.status_code, said in answer.text, "Typed Before" in answer.text) == (422, True, True)
