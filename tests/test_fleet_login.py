"""Who gets in: by name, password and a code that counts once; and what a browser is told besides."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pyotp
import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from fleet_kit import NOON
from sqlalchemy import select, update
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool
from werkzeug.test import TestResponse

from fleet.book import tables
from fleet.book.database.engine import open_book, reading, writing
from fleet.logins.people import add_person
from fleet.routes.app import create_app
from fleet.routes.world import World
from fleet.rules.lockout import IDLE_S, LONGEST_S
from fleet.rules.roles import Role
from fleet.settings import MqttSettings, Settings, WebSettings

pytestmark = pytest.mark.fleet
PASSWORD = "correct horse battery"


class Site:
    """The pages with one person, and a clock that the test moves."""

    def __init__(self, folder: Path) -> None:
        self.now = NOON
        url = make_url(f"sqlite:///{folder}/book.sqlite")
        self.engine = open_book(url)
        web = WebSettings("https://fleet.example.com", "127.0.0.1", 8090, "s" * 32)
        settings = Settings(url, MqttSettings("x", 1, "u", "p", None), web, UTC)
        self.app = create_app(World(settings, self.engine, lambda: self.now))
        with writing(self.engine) as connection:
            add_person(connection, "ada", Role.OWNER, PASSWORD)
            self.secret = str(connection.execute(select(tables.people.c.totp_secret)).scalar())

    def browser(self) -> FlaskClient:
        return self.app.test_client()

    def enter(self, browser: FlaskClient, **changes: str) -> TestResponse:
        form = browser.get("/login", base_url="https://fleet.example.com")
        found = re.search(r'name="csrf_token" value="([^"]+)"', form.text)
        assert found is not None
        fields = {
            "name": "ada",
            "password": PASSWORD,
            "code": pyotp.TOTP(self.secret).at(int(self.now)),
            "csrf_token": found[1],
        }
        headers = {"Referer": "https://fleet.example.com/login"}
        return browser.post(
            "/login", data=fields | changes, headers=headers, base_url="https://fleet.example.com"
        )

    def status(self, browser: FlaskClient, path: str = "/") -> int:
        return browser.get(path, base_url="https://fleet.example.com").status_code


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.engine.dispose()


def test_with_everything_right_somebody_is_in_and_led_where_they_wanted_to_go(site: Site) -> None:
    """Its cookie is for https, and for no script; the book has only a sum of it."""
    browser = site.browser()
    assert (site.status(browser), site.status(site.browser(), "/live")) == (302, 302)
    response = site.enter(browser, to="/?search=x")
    assert (response.status_code, response.location) == (302, "/?search=x")
    (cookie,) = [each for each in response.headers.getlist("Set-Cookie") if each.startswith("fleet=")]
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert site.status(browser) == 200
    with reading(site.engine) as connection:
        kept = connection.execute(select(tables.logins.c.token_hash)).scalar()
    assert str(kept) not in cookie


@pytest.mark.parametrize(
    "changes",
    [{"name": "eve"}, {"password": "wrong"}, {"code": "000000"}, {"code": ""}, {"code": "\u0661" * 6}],
)
def test_whatever_is_wrong_the_answer_is_the_same(site: Site, changes: dict[str, str]) -> None:
    """Nobody learns which part was."""
    browser = site.browser()
    response = site.enter(browser, **changes)
    assert response.status_code == 403
    assert "Name, password or code is wrong" in response.text
    assert site.status(browser) == 302


def test_a_code_counts_once(site: Site) -> None:
    """Whoever looked over a shoulder has nothing of it."""
    assert [site.enter(site.browser()).status_code for _ in range(2)] == [302, 403]
    site.now += 30
    assert site.enter(site.browser()).status_code == 302


def test_whoever_guesses_is_stopped_by_where_they_are_and_holds_nobody_else_up(site: Site) -> None:
    """Whatever names they try; the book is written meanwhile, and others come in."""
    answers = [site.enter(site.browser(), name=f"name-{n}", password="wrong").status_code for n in range(11)]
    assert answers == [403] * 10 + [429]
    assert site.enter(site.browser()).status_code == 429
    elsewhere = site.browser()
    elsewhere.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert site.enter(elsewhere).status_code == 302
    site.now += 601
    assert site.enter(site.browser()).status_code == 302


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_while_a_password_is_tried_the_book_is_free(site: Site, password: str) -> None:
    """No connection of the pages' is in use as long as that takes, and others write meanwhile."""
    slow = PasswordHasher(time_cost=10).hash(PASSWORD)
    began_s = time.monotonic()
    PasswordHasher().verify(slow, PASSWORD)
    takes_s = time.monotonic() - began_s
    with writing(site.engine) as connection:
        connection.execute(update(tables.people).values(password_hash=slow))
    others = open_book(site.engine.url)
    trying = threading.Thread(target=lambda: site.enter(site.browser(), password=password))
    longest_s, free_s, writes = 0.0, time.monotonic(), 0
    trying.start()
    while trying.is_alive():
        if not pool_of(site).checkedout():
            free_s = time.monotonic()
        with writing(others) as connection:
            connection.execute(update(tables.people).values(failures=tables.people.c.failures))
        longest_s = max(longest_s, time.monotonic() - free_s)
        writes += 1
    others.dispose()
    assert longest_s < takes_s / 2
    assert writes > 5


def pool_of(site: Site) -> QueuePool:
    assert isinstance(site.engine.pool, QueuePool)
    return site.engine.pool


def test_who_fails_often_has_to_wait_even_with_everything_right(site: Site) -> None:
    """And the wait doubles."""
    for _ in range(3):
        site.enter(site.browser(), password="wrong")
    assert site.enter(site.browser()).status_code == 403
    site.now += 61
    assert site.enter(site.browser()).status_code == 302


@pytest.mark.parametrize(("steps", "step_s"), [(1, IDLE_S + 1), (70, LONGEST_S / 69)])
def test_a_login_ends_by_idleness_and_by_age(site: Site, steps: int, step_s: float) -> None:
    """Also one that is used all the time."""
    browser = site.browser()
    site.enter(browser)
    for _ in range(steps - 1):
        site.now += step_s
        assert site.status(browser) == 200
    site.now += step_s
    assert site.status(browser) == 302


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "/\r\nX: y"])
def test_nobody_is_led_elsewhere(site: Site, to: str) -> None:
    """A link with an address of somebody's own ends at the overview."""
    assert site.enter(site.browser(), to=to).location == "/"


def test_a_form_without_its_token_does_nothing(site: Site) -> None:
    """As another site would send it."""
    response = site.enter(site.browser(), csrf_token="")
    assert (response.status_code, "The form was too old" in response.text) == (400, True)


def test_every_answer_forbids_scripts_frames_and_keeping(site: Site) -> None:
    """The pages that are refused, too."""
    browser = site.browser()
    site.enter(browser)
    for path in ("/", "/login", "/nowhere", "/live"):
        headers = browser.get(path, base_url="https://fleet.example.com").headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == (
            "nosniff",
            "private, no-store",
        )


def test_a_page_that_is_in_no_table_is_shut_to_everybody(site: Site) -> None:
    """Whoever adds a route has to say whose it is."""
    site.app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    browser = site.browser()
    site.enter(browser)
    assert site.status(browser, "/forgotten") == 403
