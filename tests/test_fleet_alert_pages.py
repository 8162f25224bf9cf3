"""The pages of alerts and channels: who sees and does what, and no secret and no markup of others."""

from __future__ import annotations

import hashlib
import re
import secrets

import pytest
from flask.testing import FlaskClient
from fleet_alerts_kit import SETTINGS, Fleet
from sqlalchemy import Engine, insert, select

from fleet.book import tables
from fleet.book.database.engine import reading, writing
from fleet.routes.alerts import alerts
from fleet.routes.app import create_app
from fleet.routes.channels import channels
from fleet.routes.login import COOKIE, login
from fleet.routes.overview import overview
from fleet.routes.world import World
from fleet.rules.roles import Role

pytestmark = pytest.mark.fleet


class Site:
    """The pages over a fleet, and browsers that are logged in."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        world = World(SETTINGS, fleet.engine, fleet.clock)
        self.app = create_app(world, (login, overview, alerts, lambda world: channels(world, fleet.channels)))

    def browser(self, role: Role, place: int | None = None) -> Browser:
        name = f"Ada {role}" + (f" of {place}" if place else "")
        token, now = secrets.token_hex(16), self.fleet.clock()
        person = {"name": name, "role": role, "location_id": place, "is_active": True}
        never = {
            "password_hash": "",
            "totp_secret": "",
            "totp_used_step": 0,
            "failures": 0,
            "locked_until_at": 0,
        }
        with writing(self.fleet.engine) as connection:
            made = insert(tables.people).values(person | never).returning(tables.people.c.id)
            login = {
                "token_hash": hashlib.sha256(token.encode()).hexdigest(),
                "person_id": connection.execute(made).scalar_one(),
            }
            connection.execute(insert(tables.logins).values(login | {"began_at": now, "used_at": now}))
        client = self.app.test_client()
        client.set_cookie(COOKIE, token)
        return Browser(client)


class Browser:
    """Somebody who is logged in, and sends forms as pages have them."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def see(self, path: str) -> tuple[int, str]:
        answer = self._client.get(path)
        return answer.status_code, answer.text

    def send(self, path: str, page: str, **fields: str) -> tuple[int, str]:
        """Send a form of `page`, and see what comes of it."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self._client.get(page).text)
        answer = self._client.post(
            path, data={"csrf_token": found[1] if found else "", **fields}, follow_redirects=True
        )
        return answer.status_code, answer.text


@pytest.fixture
def site(book: Engine) -> Site:
    return Site(Fleet(book))


def test_an_alert_is_seen_acknowledged_and_over(site: Site) -> None:
    """Its texts stand there as text, its button says who sees to it, and at last it is history."""
    fleet = site.fleet
    fleet.add_machines("m1")
    fleet.add_channel(name="Mail")
    thread = fleet.thread()
    fleet.say("m1", faults=(("token", "<script>alert(1)</script>\x1b[31m"),))
    fleet.go(thread, for_s=60)
    staff = site.browser(Role.STAFF)
    _, page = staff.see("/alerts")
    assert "m1: token refused" in _text(page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; [31m" in page
    assert "Mail: begin told 2026-11-28 12:00" in _text(page)
    _, page = staff.send("/alerts/1/acknowledge", "/alerts")
    assert "Seen to by Ada staff, 2026-11-28 12:01" in _text(page)
    assert "I see to it" not in page
    fleet.say("m1")
    fleet.go(thread, for_s=60)
    _, page = staff.see("/alerts")
    assert "Nothing is wrong." in page
    assert "2026-11-28 12:00 to 2026-11-28 12:01 (1 min)" in _text(page)
    with reading(fleet.engine) as connection:
        rows = connection.execute(
            select(tables.audit.c.who, tables.audit.c.what, tables.audit.c.details)
        ).all()
    assert [tuple(row) for row in rows] == [("Ada staff", "alert acknowledged", '{"alert": 1}')]


def test_a_partner_sees_the_alerts_of_their_location_alone(site: Site) -> None:
    """Not the fleet's own, not others' machines in a group, nor whom it was told."""
    fleet = site.fleet
    north, south = fleet.add_place("North"), fleet.add_place("South")
    fleet.add_machines("m1", "m2", place=north)
    fleet.add_machines("m3", "m4", "m5", place=south)
    fleet.add_channel(name="Secret")
    thread = fleet.thread()
    fleet.broker()
    fleet.clock.now += 61
    fleet.say("m1", "m2", "m3", "m4", "m5", state="offline")
    for _ in range(8):
        fleet.broker()
        fleet.go(thread, for_s=15)
    fleet.broker("refused")
    fleet.go(thread, for_s=45)
    assert [subject for subject, _, _ in fleet.alerts()] == [":fleet", ":broker"]
    _, page = site.browser(Role.PARTNER, north).see("/alerts")
    assert "The fleet: 2 machines offline" in _text(page)
    assert [word for word in ("m1", "m2", "m3", "m4", "away", "Secret", "I see to it") if word in page] == [
        "m1",
        "m2",
    ]
    _, page = site.browser(Role.PARTNER, None).see("/alerts")
    assert "Nothing is wrong." in page
    _, page = site.browser(Role.VIEWER).see("/alerts")
    assert "The fleet: broker away" in _text(page)
    assert "I see to it" not in page


def test_a_fleet_that_nobody_watches_does_not_say_that_all_is_well(site: Site) -> None:
    """Without a worker that decides, an empty list is no good news."""
    viewer = site.browser(Role.VIEWER)
    _, page = viewer.see("/alerts")
    assert ("Nobody decides what is wrong" in page, "Nothing is wrong." in page) == (True, False)
    site.fleet.thread().go_round()
    _, page = viewer.see("/alerts")
    assert ("Nobody decides what is wrong" in page, "Nothing is wrong." in page) == (False, True)


@pytest.mark.parametrize("role", [Role.STAFF, Role.PARTNER, Role.VIEWER])
def test_channels_are_the_owners(site: Site, role: Role) -> None:
    """Nobody else sees, adds, tries or changes one; and only owner and staff acknowledge."""
    number = site.fleet.add_channel()
    browser = site.browser(role, site.fleet.add_place("Hall"))
    assert browser.see("/channels")[0] == 403
    for path in ("", f"/{number}", f"/{number}/test", f"/{number}/off", f"/{number}/remove"):
        assert browser.send(f"/channels{path}", "/alerts", name="x", url="json://x")[0] == 403
    assert site.fleet.channels.told == []
    if role is not Role.STAFF:
        assert browser.send("/alerts/1/acknowledge", "/alerts")[0] == 403


def test_a_channel_is_added_tried_changed_switched_off_and_removed(site: Site) -> None:
    """Its address is typed once and never comes back, on no page and in no audit log."""
    owner, url = site.browser(Role.OWNER), "mailto://ada:pass-word@mail.example.org?to=bob@example.org"
    hall = site.fleet.add_place("Hall")
    fields = {
        "name": "Mail",
        "url": url,
        "location": str(hall),
        "zone": "Europe/Berlin",
        "quiet_begins": "22:00",
        "quiet_ends": "07:00",
        "escalates_after_min": "15",
    }
    _, page = owner.send("/channels", "/channels", **fields)
    assert "E-Mail (mail.example.org)" in page
    assert "22:00-07:00 (Europe/Berlin)" in page
    assert "if nobody acknowledges within 15 min" in page
    status, page = owner.send("/channels/1/test", "/channels")
    assert (status, site.fleet.channels.told[0][:2]) == (
        200,
        (url, "Test of the fleet's alerts"),
    )
    site.fleet.channels.failing.add(url)
    assert "Mail: the test was not told: no route to it" in owner.send("/channels/1/test", "/channels")[1]
    _, page = owner.see("/channels/1")
    assert 'value="22:00"' in page
    _, page = owner.send("/channels/1", "/channels", **(fields | {"url": "", "name": "Post", "location": ""}))
    assert "Post" in page
    with reading(site.fleet.engine) as connection:
        row = connection.execute(select(tables.channels)).one()
    assert (row.url, row.location_id, row.name) == (url, None, "Post")
    assert "Switch on" in owner.send("/channels/1/off", "/channels")[1]
    assert "nobody is told" in owner.send("/channels/1/remove", "/channels")[1]
    assert owner.send("/channels/1/test", "/channels")[0] == 404
    with reading(site.fleet.engine) as connection:
        deeds = connection.execute(select(tables.audit.c.what, tables.audit.c.details)).all()
    assert [deed.what for deed in deeds] == [
        "channel added",
        "channel changed",
        "channel switched off",
        "channel removed",
    ]
    assert not [secret for secret in ("pass-word", "bob@") if secret in page + str(deeds)]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"name": " \t"}, "name: write what people call this channel"),
        ({"name": "Taken"}, "another channel is called Taken: give this one another name"),
        ({"url": "nonsense://secret-thing"}, "apprise does not know this address"),
        ({"url": ""}, "apprise does not know this address"),
        ({"zone": "Mars"}, "time zone: no such time zone"),
        ({"location": "99"}, "location: there is none like that any more; choose another"),
        ({"quiet_begins": "22:00"}, "quiet hours: write both times, such as 22:00 and 07:00, or none"),
        ({"quiet_begins": "22:00", "quiet_ends": "22:00"}, "quiet hours: they would never end"),
        ({"escalates_after_min": "-5"}, "escalation: write minutes from 1 to 1440"),
    ],
)
def test_what_is_wrong_with_a_channel_is_said_and_what_was_typed_stays(
    site: Site, wrong: dict[str, str], problem: str
) -> None:
    """Nothing is kept, and the form still has everything but the address."""
    site.fleet.add_channel(name="Taken")
    owner = site.browser(Role.OWNER)
    status, page = owner.send(
        "/channels", "/channels", **({"name": "New", "url": "json://localhost", "zone": "UTC"} | wrong)
    )
    assert (status, problem in page) == (422, True)
    assert "secret-thing" not in page
    assert f'value="{wrong.get("name", "New").strip()}"' in page
    with reading(site.fleet.engine) as connection:
        assert len(connection.execute(select(tables.channels)).all()) == 1


def test_a_form_without_its_token_does_nothing(site: Site) -> None:
    """Another site's form is refused."""
    number = site.fleet.add_channel()
    owner = site.browser(Role.OWNER)
    assert owner._client.post(f"/channels/{number}/remove").status_code == 400


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", page).split())
