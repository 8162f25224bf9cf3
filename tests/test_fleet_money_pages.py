"""The money's pages and files: one set of figures, each with its rows, for whoever may see them."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PASSWORDS
from fleet_money_site import Browser, MoneySite, money_site
from relay_parts import OPERATOR_KEY, RelayUnderTest, relay_under_test
from sqlalchemy import insert, select

from cloud_relay.rules.orders import Order
from fleet.book import tables
from fleet.book.database.engine import reading, writing
from fleet.rules.roles import Role
from fleet.settings import RelaySettings, StripeSettings
from simulator.chain.broker import Broker
from simulator.stripe.model.permissions import READ_ONLY

pytestmark = pytest.mark.fleet

PERIOD = "from=2026-11-01&to=2026-11-30"
# Every page with a table that has a file, and the file.
TABLES = [
    *(
        (f"/money?by={by}&{PERIOD}", f"/money.csv?by={by}&{PERIOD}")
        for by in ("day", "week", "machine", "location", "price")
    ),
    *(
        (f"/money/rows/{kind}?{PERIOD}", f"/money/rows/{kind}.csv?{PERIOD}")
        for kind in ("sales", "coins", "payments", "returns", "movements")
    ),
    ("/money/differences", "/money/differences.csv"),
    (f"/collections?{PERIOD}", f"/collections.csv?{PERIOD}"),
]


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MoneySite]:
    """Pages that tests look at, and change nothing; one collection is in them."""
    with money_site(tmp_path_factory.mktemp("site")) as running:
        record(running.browser())
        yield running


@pytest.fixture
def site(tmp_path: Path) -> Iterator[MoneySite]:
    """The pages over a book with two machines."""
    with money_site(tmp_path) as running:
        yield running


def first_table(page: str) -> list[list[str]]:
    """The cells of the first table's body, as a person reads them."""
    body = page.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in page else ""
    rows = [
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]
    return [[html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in rows]


def as_on_a_page(line: list[str], titles: list[str]) -> list[str]:
    """A line of a file as its page has it: with currencies in the amounts."""
    shown: list[str] = []
    signs = {"USD": "$", "EUR": "€"}
    for title, value in zip(titles, line, strict=True):
        if title == "currency":
            amount = shown.pop()
            sign = signs.get(value, "")
            shown.append(f"-{sign}{amount[1:]}" if amount.startswith("-") else f"{sign}{amount}")
        elif "T" in value and value.endswith("+00:00"):
            shown.append(value.replace("T", " ").removesuffix("+00:00"))
        else:
            shown.append(value)
    return shown


@pytest.mark.parametrize(("page", "file"), TABLES)
def test_a_file_has_its_pages_figures(looked_at: MoneySite, page: str, file: str) -> None:
    """Every exported table, cell by cell."""
    browser = looked_at.browser()
    answer = browser.get(file)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    titles, *lines = csv.reader(io.StringIO(answer.text.lstrip("\ufeff")))
    shown = first_table(browser.get(page).text)
    assert shown == [as_on_a_page(line, titles) for line in lines]
    assert shown


def links(page: str) -> set[str]:
    """Where the figures of a page lead."""
    return {html.unescape(each) for each in re.findall(r'href="(/money/rows/[^"]+)"', page)} - set(
        re.findall(r'href="([^"]+\.csv[^"]*)"', page)
    )


@pytest.mark.parametrize("by", ["day", "machine", "location", "price"])
def test_every_figure_leads_to_the_rows_that_make_it(looked_at: MoneySite, by: str) -> None:
    """Each link of a report opens a list that is not empty, and whose file opens too."""
    browser = looked_at.browser()
    found = links(browser.get(f"/money?by={by}&{PERIOD}").text)
    assert found
    for link in found:
        assert first_table(browser.get(link).text), link


def test_a_days_figure_is_the_sum_of_its_rows(looked_at: MoneySite) -> None:
    """What the page says was charged is what its rows add up to."""
    browser = looked_at.browser()
    page = browser.get(f"/money?by=machine&machine=galaga-01&{PERIOD}").text
    (row,) = first_table(page)
    (link,) = {each for each in links(page) if "rows/sales" in each and "currency=usd" in each}
    charged = [line[5] for line in first_table(browser.get(link).text)]
    assert (row[2], charged) == ("$3.50", ["$1.00", "$2.50"])


def record(browser: Browser, **changes: str) -> str:
    """Record a collection; gives the page that comes of it."""
    fields = {
        "machine": "galaga-01",
        "counted": "0,50",
        "currency": "usd",
        "collector": "Ann",
        "note": "ok",
    }
    return browser.post("/collections", fields | changes, "/collections").text


def test_a_collection_is_recorded_once_with_its_variance(site: MoneySite) -> None:
    """Who, how much, against which coins; a second click changes nothing."""
    browser = site.browser(Role.STAFF)
    token = browser.token("/collections", "token")
    said = "Recorded $0.50 of galaga-01: $0.25 less than its 3 coins come to."
    assert said in record(browser, token=token)
    assert said in record(browser, token=token, counted="9.99")
    with reading(site.engine) as connection:
        rows = connection.execute(select(tables.collections.c.counted, tables.collections.c.collector)).all()
    assert [tuple(row) for row in rows] == [(50, "Ann")]
    ((who, machine_id, details),) = site.deeds("collection")
    assert (who, machine_id, json.loads(details)["counted"]) == ("staff-None", "galaga-01", 50)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"counted": "abc"}, "'abc' is no amount of USD: write it as 12.50"),
        ({"counted": "1.234"}, "'1.234' is no amount of USD: write it as 12.50"),
        ({"counted": "-5"}, "'-5' is no amount of USD: write it as 12.50"),
        ({"counted": "1.5", "currency": "jpy"}, "'1.5' is no amount of JPY: write it as 1250"),
        ({"currency": "xxx"}, "'xxx' is no currency: write three letters such as EUR"),
        ({"machine": "no-such"}, "'no-such' is no machine of this fleet: choose one of the list"),
        ({"collector": " "}, "Write the collector's name"),
        ({"at": "yesterday"}, "'yesterday' is no time: write it as 2026-11-28T16:00"),
        ({"at": "2099-01-01T00:00"}, "2099-01-01T00:00 is yet to come: write when the cash was taken out"),
        ({"note": "x" * 501}, "The note is 501 characters long: 500 can be kept"),
    ],
)
def test_what_cannot_be_recorded_is_told_and_kept_in_the_form(
    site: MoneySite, changes: dict[str, str], why: str
) -> None:
    """With what would be right; nothing is in the book."""
    page = html.unescape(record(site.browser(), **changes))
    assert f"Nothing was recorded. {why}." in page
    assert site.deeds("collection") == []


def test_a_statement_is_a_page_a_file_and_a_paper(looked_at: MoneySite) -> None:
    """Of one place and period, with what was agreed taken off first."""
    browser = looked_at.browser()
    asked = f"location={looked_at.bar}&{PERIOD}"
    page = browser.get(f"/statement?{asked}").text
    assert first_table(page) == [
        ["came in, USD", "$4.00"],
        ["less payment fees, USD", "-$0.37"],
        ["less refunds and disputes, USD", "-$1.00"],
        ["to be shared, USD", "$2.63"],
        ["40 % for Bar's owner, USD", "$1.05"],
        ["for the operator, USD", "$1.58"],
    ]
    assert '"for the operator, USD",1.58,"USD"' in browser.get(f"/statement.csv?{asked}").text
    paper = browser.get(f"/statement.pdf?{asked}")
    assert (paper.mimetype, paper.data[:5]) == ("application/pdf", b"%PDF-")
    assert browser.get("/statement.pdf?location=99").status_code == 404


def test_a_partner_sees_one_place_and_no_other(looked_at: MoneySite) -> None:
    """Whatever the address asks for; one of whom nobody said where sees nothing."""
    partner, nobodys = looked_at.browser(Role.PARTNER, looked_at.hall), looked_at.browser(Role.PARTNER)
    for page in ("/money?by=machine", "/money/rows/sales?", "/collections?", "/money.csv?by=machine"):
        text = partner.get(f"{page}&{PERIOD}&location={looked_at.bar}").text
        assert "galaga" not in text.lower(), page
        assert "pong" in partner.get(f"{page}&{PERIOD}").text or "collections" in page
        assert "pong" not in nobodys.get(f"{page}&{PERIOD}").text, page
    assert "pong" in partner.get("/").text
    assert "pong" not in nobodys.get("/").text
    assert partner.get(f"/money/rows/sales?{PERIOD}&machine=galaga-01").text.count("<tr>") == 0
    assert "Bar" not in partner.get(f"/statement?location={looked_at.bar}&{PERIOD}").text
    assert "Statement for Hall" in partner.get(f"/statement?location={looked_at.bar}&{PERIOD}").text
    closed = ("/money/differences", "/money/differences.csv", "/money/payments/pi_1")
    assert [partner.get(each).status_code for each in closed] == [403] * 3


@pytest.mark.parametrize("role", [Role.VIEWER, Role.PARTNER])
def test_who_only_looks_neither_refunds_nor_records(looked_at: MoneySite, role: Role) -> None:
    """No form is shown, and none is taken."""
    browser = looked_at.browser(role, looked_at.bar if role is Role.PARTNER else None)
    assert "Give back" not in browser.get("/money/payments/pi_1").text
    assert "Counted by hand" not in browser.get("/collections").text
    login = {"csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', browser.get("/money").text)[0]}
    for path in ("/money/payments/pi_1/refund", "/collections"):
        answer = browser.client.post(
            path,
            data=login,
            base_url="https://fleet.example.com",
            headers={"Referer": "https://fleet.example.com/"},
        )
        assert answer.status_code == 403, path


@pytest.mark.parametrize(
    "path", ["/money?from=x", "/money?from=2026-01-02&to=2026-01-01", "/money.csv?from=x"]
)
def test_a_wrong_period_is_told(looked_at: MoneySite, path: str) -> None:
    """With the remedy, and not as a failure of ours."""
    answer = looked_at.browser().get(path)
    assert answer.status_code == 400
    assert "is no period" in answer.text or "days long" in answer.text


def test_nothing_of_a_cabinets_text_is_markup(site: MoneySite) -> None:
    """A reason that a thief's cabinet made up is text on every page and file."""
    evil = "<script>alert(1)</script>"
    with writing(site.engine) as connection:
        connection.execute(tables.sales.update().values(reason=evil, outcome=evil[:24]))
    browser = site.browser()
    for page in (f"/money/rows/sales?{PERIOD}", "/money/payments/pi_1", "/money/differences"):
        assert evil not in browser.get(page).text, page


def test_unknown_payments_and_rows_are_not_there(looked_at: MoneySite) -> None:
    """Made-up addresses get a 404."""
    browser = looked_at.browser()
    paths = ("/money/payments/pi_no", "/money/payments/x", "/money/rows/entries", "/money/rows/people.csv")
    assert [browser.get(each).status_code for each in paths] == [404] * 4


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[tuple[MoneySite, RelayUnderTest, str]]:
    """The pages with a real relay and its Stripe, and a charge of 2.50 USD."""
    with Broker(tmp_path / "broker", PASSWORDS) as broker, relay_under_test(broker) as relay:
        relay.stripe.webhooks.url = None
        ownership = relay.settings.stripe.ownership
        payment_id = relay.pay_in_secret(ownership.mark(Order("galaga-01", 3, 250, "usd").metadata()))
        relay.stripe.capture(payment_id)
        relay.stripe.api_keys.allow("rk_test_reader", READ_ONLY)
        stripe = StripeSettings("rk_test_reader", ownership.tags, relay.stripe.api_url)
        with money_site(tmp_path, RelaySettings(relay.url, OPERATOR_KEY), stripe) as site:
            with writing(site.engine) as connection:
                connection.execute(
                    insert(tables.sales).values(
                        machine_id="galaga-01", payment_id=payment_id, at=1.0, day="2026-11-18", kind="phone",
                        credits=3, credits_delivered=3, fired=3, uncounted=0, in_doubt=0, charged=250,
                        amount=250, currency="usd", outcome="delivered", answer="settled",
                    )
                )  # fmt: skip
            yield site, relay, payment_id


def test_a_refund_goes_through_the_relay_once_and_is_in_the_audit_log(
    hall: tuple[MoneySite, RelayUnderTest, str],
) -> None:
    """With reason and name; a second click, and a second form, give nothing back twice."""
    site, relay, payment_id = hall
    browser, page = site.browser(Role.STAFF), f"/money/payments/{payment_id}"
    fields = {"reason": "It did not start", "token": browser.token(page, "token")}
    done = f"Refunded $2.50 of {payment_id}; $2.50 had been charged."
    form = f"/money/payments/{payment_id}"
    assert done in browser.post(f"{page}/refund", fields, form).text
    assert relay.stripe.money()["refunded"] == 250
    text = browser.get(page).text
    assert "Nothing is left that could be given back." in text
    assert "$2.50" in text
    answers = [json.loads(details) for _, _, details in site.deeds("refund")]
    assert answers == [{"payment": payment_id, "reason": "It did not start", "done": True, "answer": done}]
    assert [(who, machine_id) for who, machine_id, _ in site.deeds("refund_asked")] == [
        ("staff-None", "galaga-01")
    ]


def test_a_double_click_refunds_once(hall: tuple[MoneySite, RelayUnderTest, str]) -> None:
    """The second finds what came of the first, and the relay is not asked again."""
    site, relay, payment_id = hall
    browser, page = site.browser(), f"/money/payments/{payment_id}"
    fields = {"reason": "Twice", "token": browser.token(page, "token"), "csrf_token": browser.token(page)}
    said = [
        browser.client.post(
            f"{page}/refund",
            data=fields,
            base_url="https://fleet.example.com",
            headers={"Referer": "https://fleet.example.com/"},
            follow_redirects=True,
        ).text
        for _ in range(2)
    ]
    assert all(f"Refunded $2.50 of {payment_id}" in each for each in said)
    assert (len(site.deeds("refund")), relay.stripe.money()["refunded"]) == (1, 250)


def test_a_refund_without_a_reason_is_not_done(hall: tuple[MoneySite, RelayUnderTest, str]) -> None:
    """Nobody could say later why the money went."""
    site, relay, payment_id = hall
    page = f"/money/payments/{payment_id}"
    text = site.browser().post(f"{page}/refund", {"reason": " "}, page).text
    assert "Nothing was done. Write the reason for the refund." in text
    assert (relay.stripe.money()["refunded"], site.deeds("refund_asked")) == (0, [])


@pytest.mark.parametrize("by", ["day", "location"])
def test_every_count_of_a_report_is_the_number_of_its_rows(looked_at: MoneySite, by: str) -> None:
    """Sales of each currency, coins with a value and without: each figure has just its own rows."""
    browser = looked_at.browser()
    page = html.unescape(browser.get(f"/money?by={by}&{PERIOD}").text)
    counted = re.findall(r'data-title="(?:sales|coins)"[^>]*><a href="([^"]+)">([0-9,]+)<', page)
    assert counted
    for link, number in counted:
        assert f"<p>{number} in all" in browser.get(link).text, link
