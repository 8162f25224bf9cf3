"""Every page against every role, one machine's page, and the pages of locations, people and deeds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fleet_money_site import URL, MoneySite, money_site
from sqlalchemy import select, update

from fleet.book import tables
from fleet.book.engine import reading, writing
from fleet.routes.app import create_app
from fleet.rules.roles import ALLOWED, PUBLIC, Role, may

pytestmark = pytest.mark.fleet
HOSTILE = '=cmd|"<script>alert(1)</script>\x1b[31m'


@pytest.fixture
def site(tmp_path: Path) -> Iterator[MoneySite]:
    with money_site(tmp_path) as site:
        yield site


def send(site: MoneySite, path: str, **fields: str) -> tuple[int, str]:
    """Send a form as a new owner; gives the answer."""
    browser = site.browser()
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/").text)
    assert found is not None
    data = fields | {"csrf_token": found[1]}
    answer = browser.client.post(path, data=data, base_url=URL, headers={"Referer": f"{URL}/"})
    return answer.status_code, answer.text


def test_every_route_is_in_the_table_of_roles_and_nothing_else_is(site: MoneySite) -> None:
    """Who adds a page has to say whose it is, and who removes one has to take its line along."""
    routes = {rule.endpoint for rule in create_app(site.world).url_map.iter_rules()}
    assert routes == set(ALLOWED) | PUBLIC


@pytest.mark.parametrize("role", list(Role))
def test_every_page_is_shut_to_every_role_but_its_own(site: MoneySite, role: Role) -> None:
    """Asked for by address: what is not in the navigation is not open either."""
    browser = site.browser(role, site.bar if role is Role.PARTNER else None)
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/").text)
    assert token is not None
    values = {
        "machine_id": "galaga-01",
        "what": "sales",
        "number": 1,
        "payment_id": "pi_1",
        "rows_of": "sales",
    }
    for rule in create_app(site.world).url_map.iter_rules():
        if rule.endpoint in PUBLIC | {"login.leave"}:
            continue
        what = "on" if rule.endpoint == "channels.switch" else "sales"
        built = rule.build(values | {"what": what})
        assert built is not None, rule
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        data = {"csrf_token": token[1]} if method == "POST" else None
        headers = {"Referer": f"{URL}/"}
        answer = browser.client.open(built[1], method=method, base_url=URL, data=data, headers=headers)
        assert (answer.status_code == 403) is not may(role, rule.endpoint), (
            rule.endpoint,
            answer.status_code,
        )
        assert answer.status_code < 500, rule.endpoint


def test_a_machines_page_shows_what_it_took_and_its_file_is_the_pages_list(site: MoneySite) -> None:
    """Drawn without a style of its own, which the policy would forbid."""
    browser = site.browser()
    page = browser.get("/machine/galaga-01").text
    assert "Takings by day" in page
    assert "style=" not in page
    rows = browser.get("/machine/galaga-01/sales").text.split("<tbody>")[1].count("<tr>")
    assert rows == len(browser.get("/machine/galaga-01/sales.csv").text.splitlines()) - 1


def test_a_partner_sees_only_the_machines_of_their_place(site: MoneySite) -> None:
    """Others are as if they were not there, whichever list is asked for."""
    browser = site.browser(Role.PARTNER, site.bar)
    assert browser.get("/machine/galaga-01").status_code == 200
    for rest in ("", "/sales", "/faults.csv"):
        assert browser.get(f"/machine/pong-01{rest}").status_code == 404


def test_what_a_cabinet_says_is_never_markup_or_a_formula(site: MoneySite) -> None:
    """On the page, in its pictures, and in its files."""
    with writing(site.engine) as connection:
        connection.execute(update(tables.sales).values(reason=HOSTILE))
        connection.execute(update(tables.machines).values(name=HOSTILE))
    browser = site.browser()
    for path in ("/", "/machine/galaga-01", "/machine/galaga-01/sales", "/locations"):
        text = browser.get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text
    file = browser.get("/machine/galaga-01/sales.csv").text
    assert "\x1b" not in file
    assert ",\"'=cmd" in file


def test_a_location_is_kept_with_its_hours_and_what_is_wrong_keeps_nothing(site: MoneySite) -> None:
    """And the log has who did it."""
    fields = {"name": "Pier", "zone": "Europe/Berlin", "fri": "18:00-02:00", "owner_share_percent": "33,5"}
    assert send(site, "/locations", **fields)[0] == 303
    for wrong in ({"zone": "Nowhere"}, {"fri": "late"}, {"owner_share_percent": "101"}, {"name": "Bar"}):
        assert send(site, "/locations", **(fields | {"name": "Other"} | wrong))[0] == 422
    with reading(site.engine) as connection:
        table = tables.locations.c
        query = select(table.name, table.zone, table.owner_share_percent).where(table.id > site.hall)
        assert [tuple(row) for row in connection.execute(query)] == [("Pier", "Europe/Berlin", 33.5)]
    assert [who for who, _, _ in site.deeds("location added")] == ["owner-None"]


def test_the_last_owner_stays_one(site: MoneySite) -> None:
    """Nobody could let anybody in otherwise, but on the server."""
    status, text = send(site, "/people/1", role="viewer", is_active="on")
    assert (status, "Somebody has to be the owner" in text) == (422, True)


def test_a_person_who_was_added_is_shown_a_code_to_scan_once(site: MoneySite) -> None:
    """And the log has neither password nor secret."""
    status, text = send(site, "/people", name="eve", password="a long password", role="viewer")
    assert (status, "otpauth://totp/" in text) == (200, True)
    (deed,) = site.deeds("person added")
    assert deed == ("owner-None", None, '{"name": "eve", "role": "viewer"}')
    assert "added" in site.browser().get("/audit").text
