"""Who may see and do what, by every route and role; and nothing of a cabinet's is markup or formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from fleet_site import BASE, HOSTILE, OURS, THEIRS, FullSite, addresses

from fleet.rules.roles import ALLOWED, PUBLIC, Role

pytestmark = pytest.mark.fleet

# By heart, and not from the table: owner, staff, partner, viewer.
WHO = {"o": Role.OWNER, "s": Role.STAFF, "p": Role.PARTNER, "v": Role.VIEWER}
MAY = {
    "login.leave": "ospv",
    "overview.page": "ospv",
    "overview.live": "ospv",
    "machine.page": "ospv",
    "machine.rows": "ospv",
    "machine.file": "ospv",
    "machine.plot": "ospv",
    "money.page": "ospv",
    "money.file": "ospv",
    "money.rows": "ospv",
    "money.rows_file": "ospv",
    "money.differing": "osv",
    "money.differing_file": "osv",
    "money.payment": "osv",
    "money.refund": "os",
    "collections.page": "ospv",
    "collections.file": "ospv",
    "collections.record": "os",
    "collections.statement": "ospv",
    "collections.statement_file": "ospv",
    "collections.statement_pdf": "ospv",
    "alerts.page": "ospv",
    "alerts.see_to": "os",
    "locations.page": "os",
    "locations.add": "os",
    "locations.edit": "os",
    "locations.change": "os",
    "locations.settings": "os",
    "locations.set_machine": "os",
    "people.page": "o",
    "people.add": "o",
    "people.change": "o",
    "people.renew": "o",
    "people.switch": "o",
    "audit.page": "os",
    "audit.file": "os",
    "channels.page": "o",
    "channels.add": "o",
    "channels.edit": "o",
    "channels.change": "o",
    "channels.test": "o",
    "channels.switch": "o",
}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullSite]:
    site = FullSite(tmp_path_factory.mktemp("site"))
    yield site
    site.engine.dispose()


def values(machine_id: str, mark: str, number: int) -> dict[str, object]:
    return {
        "machine_id": machine_id,
        "payment_id": f"pi_{mark}0",
        "number": number,
        "rows_of": "sales",
        "filename": "fleet.css",
    }


def test_every_route_says_whose_it_is(full: FullSite) -> None:
    """One that is added without a row here or in the table fails, as does a row of a route that went."""
    routes = {rule.endpoint for rule in full.rules()}
    assert (set(ALLOWED), set(MAY)) == (routes, routes)
    assert {rule.endpoint for rule in full.app.url_map.iter_rules()} - routes == PUBLIC


@pytest.mark.parametrize("role", list(Role))
def test_every_route_lets_in_whom_it_is_for_and_nobody_else(full: FullSite, role: Role) -> None:
    """Asked in earnest, by each method that it has; what was asked may be missing, but is not refused."""
    full.now += 60
    wrong = []
    for rule in sorted(full.rules(), key=lambda rule: rule.endpoint):
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            # What is changed is not there: a route that may be used changes nothing here.
            some = values(OURS, "ours", 1) if method == "GET" else values("nobody", "nobody", 99)
            address = addresses(rule, some)[0]
            if rule.endpoint == "login.leave":
                continue
            browser = browsers(full)[role]
            status = browser.open(address, method=method, base_url=BASE).status_code
            is_in = role in {WHO[letter] for letter in MAY[rule.endpoint]}
            if (status != 403) != is_in or status >= 500:
                wrong.append(f"{method} {address} as {role}: {status}")
    assert wrong == []


@pytest.mark.parametrize("endpoint", sorted(MAY))
def test_nobody_without_a_login_sees_anything(full: FullSite, endpoint: str) -> None:
    """They are led to the login, whatever they ask for."""
    browser = full.app.test_client()
    for rule in full.rules():
        if rule.endpoint == endpoint:
            method = "GET" if "GET" in (rule.methods or set()) else "POST"
            address = addresses(rule, values(OURS, "ours", 1))[0]
            answer = browser.open(address, method=method, base_url=BASE)
            assert (answer.status_code, answer.location.partition("?")[0]) == (302, "/login")


def test_a_partner_sees_no_byte_of_other_places(full: FullSite) -> None:
    """Neither on the own pages nor by asking for another place's, in pages, files and plots."""
    browser, seen = browsers(full)[Role.PARTNER], 0
    for rule in full.rules("GET"):
        if Role.PARTNER not in ALLOWED[rule.endpoint]:
            continue
        for machine_id, mark, number in ((OURS, "ours", 1), (THEIRS, "foreign", 2)):
            for address in addresses(rule, values(machine_id, mark, number)):
                for asked in ("", f"?machine={THEIRS}", "?location=2", "?search=foreign", "?currency=eur"):
                    answer = browser.get(address + asked, base_url=BASE)
                    own = answer.get_data().replace(asked.encode(), b"").replace(b"search=foreign", b"")
                    own = own.replace(b'value="foreign"', b"")
                    assert b"foreign" not in own.lower(), address + asked
                    if machine_id == THEIRS and "machine_id" in rule.arguments:
                        assert answer.status_code == 404, address + asked
                    seen += b"ours" in own
    assert seen > 20


def test_nothing_that_a_cabinet_says_is_markup_formula_or_escape_sequence(tmp_path: Path) -> None:
    """On every page and in every file that an owner can open."""
    site = FullSite(tmp_path)
    site.fill("evil-01", "evil", 1, HOSTILE)
    browser, seen = site.as_(Role.OWNER), 0
    for rule in site.rules("GET"):
        for address in addresses(rule, values("evil-01", "evil", 1)):
            answer = browser.get(address, base_url=BASE, query_string={"currency": "eur"})
            if answer.mimetype == "application/pdf":
                continue
            text = answer.get_data(as_text=True)
            assert answer.status_code in (200, 404), address
            assert "\x1b" not in text, address
            assert "\u202e" not in text, address
            assert "49" not in text.partition("alert(2)&gt;")[2][:8], address
            if answer.mimetype == "text/csv":
                cells = [cell for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) for cell in row]
                assert not [cell for cell in cells if cell[:1] in "=@\t\r" and cell], address
            else:
                assert not [tag for tag in ("<script>", "<img src=x") if tag in text], address
            seen += "alert(1)" in text
    site.engine.dispose()
    assert seen > 10


_BROWSERS: dict[int, dict[Role, FlaskClient]] = {}


def browsers(site: FullSite) -> dict[Role, FlaskClient]:
    """One browser a role."""
    if id(site) not in _BROWSERS:
        _BROWSERS[id(site)] = {role: site.as_(role) for role in Role}
    return _BROWSERS[id(site)]
