"""Logins at an EMQX, made and taken away by its REST API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from fake_emqx import KEY, PUBLISHER, VIEWER, FakeEmqx, listening
from fake_emqx_access import BUILT_IN, Access

from cloud_relay.errors import LoginsFailed
from cloud_relay.logins.choice import logins_from
from cloud_relay.logins.interface import Logins
from simulator.chain.ports import free_port

pytestmark = pytest.mark.cloud
READY = {"id": BUILT_IN, "mechanism": "password_based", "backend": "built_in_database"}
KEY_REMEDY = (
    "write an API key of its dashboard (System, API Key) into EMQX_API_KEY and EMQX_API_SECRET; "
    "the dashboard's own user is none"
)


@pytest.fixture
def access() -> Access:
    """A password database without users."""
    return Access([dict(READY)])


@pytest.fixture
def emqx(access: Access) -> Iterator[FakeEmqx]:
    fake = FakeEmqx()
    access.serve_at(fake)
    with listening(fake):
        yield fake


@pytest.fixture
def logins(emqx: FakeEmqx) -> Logins:
    return logins_from(emqx.environment())


def user(password: str) -> dict[str, object]:
    return {"password": password, "is_superuser": False}


def test_a_login_is_made_changed_and_taken_away(logins: Logins, access: Access) -> None:
    """It is never a superuser, whom no rule binds; a second removal finds nothing to do."""
    assert logins.add("galaga-01", "first") == []
    assert access.users == {"galaga-01": user("first")}
    access.users["galaga-01"]["is_superuser"] = True
    assert logins.add("galaga-01", "second") == []
    assert access.users == {"galaga-01": user("second")}
    assert logins.remove("galaga-01") == []
    assert logins.remove("galaga-01") == []
    assert access.users == {}


def test_the_connections_of_a_login_are_ended_and_no_others(logins: Logins, access: Access) -> None:
    """EMQX keeps them when the user is deleted; a client id may hold anything, and there may be many."""
    others = {"pacman-02:x": "pacman-02", "galaga-01": "somebody"}
    access.clients = {f"galaga-01:{n}/+#%": "galaga-01" for n in range(501)} | others
    assert logins.disconnect("galaga-01") == []
    assert access.clients == others


def test_all_pages_of_logins_are_read(logins: Logins, access: Access) -> None:
    """EMQX gives a hundred at a time unless told."""
    access.users = {f"m-{n:04}": user("x") for n in range(1203)}
    assert logins.names() == sorted(access.users)


def test_without_a_password_database_the_remedy_is_its_making(logins: Logins, access: Access) -> None:
    """Such an EMQX lets everybody in; and a removal must not look as if it had worked."""
    access.authenticators.clear()
    for what, doing in (
        (lambda: logins.add("galaga-01", "x"), "make the login galaga-01"),
        (lambda: logins.remove("galaga-01"), "take the login galaga-01 away"),
        (logins.names, "list the logins"),
    ):
        with pytest.raises(LoginsFailed) as failed:
            what()
        assert str(failed.value) == (
            f"EMQX cannot {doing}: it has no password database yet: "
            "make it with `python -m cloud_relay setup broker`"
        )


@pytest.mark.parametrize(
    ("key", "secret", "said"),
    [
        (KEY, "wrong", f"BAD_API_KEY_OR_SECRET: Check api_key/api_secret): {KEY_REMEDY}"),
        ("admin", "public", f"BAD_API_KEY_OR_SECRET: Check api_key/api_secret): {KEY_REMEDY}"),
        (
            VIEWER,
            "arcade-secret",
            "UNAUTHORIZED_ROLE: You don't have permission to access this resource): "
            "give the API key the role Administrator",
        ),
        (
            PUBLISHER,
            "arcade-secret",
            "UNAUTHORIZED_ROLE: You don't have permission to access this resource): "
            "give the API key the role Administrator",
        ),
    ],
)
def test_a_key_that_may_not_is_told_with_its_remedy(
    emqx: FakeEmqx, access: Access, key: str, secret: str, said: str
) -> None:
    """EMQX's own words, and what to do about it; the secret is in no message."""
    with pytest.raises(LoginsFailed) as failed:
        logins_from(emqx.environment(key, secret)).add("galaga-01", "x")
    assert str(failed.value) == f"EMQX refuses to make the login galaga-01 ({said}"
    assert access.users == {}


def test_the_dashboard_in_the_place_of_the_api_is_told(emqx: FakeEmqx) -> None:
    """It answers 200 with a page to whatever is asked of it."""
    variables = emqx.environment() | {"EMQX_API_URL": emqx.url.replace("/api/v5", "/api/v4")}
    with pytest.raises(LoginsFailed, match="does not answer as EMQX's API does: see that EMQX_API_URL ends"):
        logins_from(variables).names()


def test_the_key_goes_nowhere_else(emqx: FakeEmqx) -> None:
    """A redirect would take it, and a change, to whoever is named there."""

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(307)
            self.send_header("Location", emqx.url + self.path.removeprefix("/api/v5"))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not into the tests' output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        variables = emqx.environment() | {"EMQX_API_URL": f"http://127.0.0.1:{server.server_port}"}
        with pytest.raises(LoginsFailed, match="does not answer as EMQX's API does"):
            logins_from(variables).names()
        server.shutdown()
    assert emqx.calls == []


def test_an_address_without_a_path_is_that_of_the_api(emqx: FakeEmqx) -> None:
    """As the dashboard's stands in a browser."""
    variables = emqx.environment() | {"EMQX_API_URL": emqx.url.removesuffix("/api/v5") + "/"}
    assert logins_from(variables).names() == []


def test_an_emqx_that_is_not_there_is_told() -> None:
    """With its address, and never with the key."""
    port = free_port()
    variables = {
        "EMQX_API_URL": f"http://127.0.0.1:{port}",
        "EMQX_API_KEY": KEY,
        "EMQX_API_SECRET": "s3cret",
    }
    with pytest.raises(LoginsFailed) as failed:
        logins_from(variables).names()
    assert str(failed.value) == (
        f"cannot reach EMQX at 127.0.0.1:{port} to list the logins: Connection refused"
    )


@pytest.mark.parametrize("name", ["", "+", "#", "a/b", "a:b", "a\nb", "ä", "x" * 65, "a/../b", "a b"])
def test_a_name_that_reaches_elsewhere_is_refused_everywhere(
    logins: Logins, emqx: FakeEmqx, name: str
) -> None:
    """A wildcard in a name would be one in a rule's topic; nothing is asked of EMQX."""
    for method in (
        lambda: logins.add(name, "x"),
        lambda: logins.remove(name),
        lambda: logins.disconnect(name),
    ):
        with pytest.raises(LoginsFailed, match=re.escape(f"{name!r:.80} is no name for a login")):
            method()
    assert emqx.calls == []


@pytest.mark.parametrize("password", ["", "a\nb", "a\0b", "x" * 1025])
def test_a_password_that_cannot_be_one_is_refused_and_never_said(
    logins: Logins, emqx: FakeEmqx, password: str
) -> None:
    """Some brokers would cut it short."""
    with pytest.raises(LoginsFailed, match=r"^a password has 1 to 1024 bytes and no control characters"):
        logins.add("galaga-01", password)
    assert emqx.calls == []


@pytest.mark.parametrize("answer", [[], {}, {"data": None}, {"data": []}, "up"])
def test_another_api_is_told_as_one(emqx: FakeEmqx, answer: object) -> None:
    """Somebody else's may answer 200 with JSON to everything."""
    emqx.routes.insert(0, ("GET", re.compile(".*"), lambda *_, **__: (200, answer)))
    with pytest.raises(LoginsFailed, match="does not answer as EMQX's API does"):
        logins_from(emqx.environment()).names()
