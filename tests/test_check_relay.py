"""`check` and the relay: the real app over HTTP, and what can be wrong with it or the way to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from check_parts import a_config, on_path
from relay_parts import API_KEY, RelayUnderTest, relay_under_test

from controller.check.clock import check_clock
from controller.check.relay import check_relay
from controller.config.keys import Config, RelayConfig
from controller.pages.findings import note, ok, warning, wrong
from simulator.chain.broker import Broker
from simulator.chain.ports import free_port

MACHINE = "galaga-01"
SEE_LOG = "See the relay's own log: it says why."


def token_of(relay: RelayUnderTest, machine_id: str) -> str:
    return relay.settings.tokens.issue(machine_id)


def config_for(tmp_path: Path, url: str, token: str, **changes: object) -> Config:
    return a_config(tmp_path, relay=RelayConfig(url, token), **changes)


def answers(url: str) -> object:
    return ok(f"127.0.0.1 answers at port {url.rpartition(':')[2]}")


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def relay(broker: Broker, port: int) -> Iterator[RelayUnderTest]:
    """A relay whose door is where it says: at a second port of the same machine."""
    with relay_under_test(broker, RELAY_URL=f"http://127.0.0.1:{port}") as running:
        yield running


def test_a_relay_that_takes_our_token_is_well_but_for_its_door(
    tmp_path: Path, relay: RelayUnderTest, port: int
) -> None:
    """RELAY_URL names another address than the one that it has: no phone would reach it."""
    assert check_relay(config_for(tmp_path, relay.url, token_of(relay, MACHINE))) == [
        answers(relay.url),
        ok("it takes the token, and sells 2 offers for galaga-01"),
        wrong(
            f"the address of the QR, http://127.0.0.1:{port}/p/galaga-01, does not open: "
            "[Errno 111] Connection refused",
            "Correct the relay's RELAY_URL, or payment_link in config.yaml.",
        ),
    ]


def test_a_payment_link_is_opened_in_its_place(tmp_path: Path, relay: RelayUnderTest) -> None:
    """It is what the QR shows then."""
    link = f"{relay.url}/p/galaga-01"
    config = config_for(tmp_path, relay.url, token_of(relay, MACHINE), payment_link=link)
    assert check_relay(config)[2] == ok(f"the address of the QR opens: {link}")


def test_a_page_that_is_not_there_is_told(tmp_path: Path, relay: RelayUnderTest) -> None:
    """A link with a letter too many."""
    link = f"{relay.url}/pp/galaga-01"
    config = config_for(tmp_path, relay.url, token_of(relay, MACHINE), payment_link=link)
    assert check_relay(config)[2] == wrong(
        f"the address of the QR, {link}, answers 404 NOT FOUND",
        "Correct the relay's RELAY_URL, or payment_link in config.yaml.",
    )


@pytest.mark.parametrize("whose", ["pacman-02", "nobody"])
def test_a_token_that_is_not_ours_is_refused(tmp_path: Path, relay: RelayUnderTest, whose: str) -> None:
    """That of another machine, or of another relay."""
    token = token_of(relay, "pacman-02") if whose == "pacman-02" else "1." + "ab" * 32
    found = check_relay(config_for(tmp_path, relay.url, token))
    remedy = "Write into relay.token what `python -m cloud_relay token galaga-01` prints there."
    assert found[1:] == [wrong("it refuses the token of galaga-01: wrong, or revoked", remedy)]
    assert token not in repr(found)


def test_a_relay_that_is_down_is_told(tmp_path: Path, port: int) -> None:
    """Before anything is asked of it."""
    url = f"http://127.0.0.1:{port}"
    assert check_relay(config_for(tmp_path, url, "1.x")) == [
        wrong(
            f"127.0.0.1 does not answer at port {port}: Connection refused",
            "Check relay.url and its port, that it runs, and that no firewall is in between.",
        )
    ]


@contextmanager
def somebody(status: int, body: bytes, date: str | None = None) -> Iterator[str]:
    """A server that gives everybody the same answer, at a time of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(status)
            if date is not None:
                self.send_header("Date", date)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body", "said", "remedy"),
    [
        (
            200,
            b"<html>",
            "{url}/machines/galaga-01/offer answers 200, and not with an offer: is it the relay?",
            "Compare relay.url with the relay's own RELAY_URL.",
        ),
        (502, b"", "it answers 502 Bad Gateway", SEE_LOG),
        (
            200,
            b'{"door": "http://127.0.0.1/p", "offers": []}',
            "it has nothing to sell for this machine",
            "Add offers to the relay's OFFERS.",
        ),
    ],
)
def test_what_is_no_relay_of_ours_is_told(
    tmp_path: Path, status: int, body: bytes, said: str, remedy: str
) -> None:
    """Whatever it answers."""
    with somebody(status, body) as url:
        found = check_relay(config_for(tmp_path, url, "1.x"))
    assert found[1] == wrong(said.format(url=url), remedy)


def test_a_cabinet_of_the_older_relay_has_only_its_link(tmp_path: Path) -> None:
    """There is nobody else to ask."""
    with somebody(200, b"buy") as url:
        config = replace(a_config(tmp_path), relay=None, payment_link=url)
        assert check_relay(config) == [
            note("no relay in config.yaml: a cabinet of the older relay"),
            ok(f"the address of the QR opens: {url}"),
        ]


def test_a_relay_that_sells_nothing_says_why(tmp_path: Path, relay: RelayUnderTest, port: int) -> None:
    """Its key may not settle: nothing at the cabinet can mend that."""
    relay.stripe.api_keys.allow(API_KEY, {"charge": "none"})
    relay.relay.fitness.look_if_due()
    assert check_relay(config_for(tmp_path, relay.url, token_of(relay, MACHINE))) == [
        answers(relay.url),
        wrong(
            "the relay sells nothing: the Stripe key lacks Charges and Refunds: Write: give "
            "it in Stripe's Dashboard, Developers, API keys, Edit key",
            "`python -m cloud_relay check` at the relay says what is wrong there, and what to do.",
        ),
    ]


SET = "Give the Pi a network, and then: sudo timedatectl set-ntp true."


@pytest.fixture
def synchronised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path(tmp_path / "bin", "timedatectl", "echo yes")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")


@pytest.mark.usefixtures("synchronised")
@pytest.mark.parametrize(
    ("date", "finding"),
    [
        ("now", ok("within 60 s of the relay's")),
        (
            "Thu, 01 Jan 1970 00:00:00 GMT",
            warning("57 years ahead of the relay's: so far off, certificates may be refused", SET),
        ),
        (
            "Fri, 01 Jan 2100 00:00:00 GMT",
            warning("73 years behind the relay's: so far off, certificates may be refused", SET),
        ),
        (None, note("not compared with the relay's, which does not say its time")),
        ("noon", note("not compared with the relay's, which does not say its time")),
    ],
)
def test_the_clock_is_held_against_the_relays(tmp_path: Path, date: str | None, finding: object) -> None:
    """It decides nothing, so that it is never more than a warning."""
    from email.utils import formatdate

    with somebody(200, b"{}", formatdate(usegmt=True) if date == "now" else date) as url:
        found = check_clock(config_for(tmp_path, url, "1.x"))
    assert found == [ok("synchronised over the network"), finding]


def test_a_clock_that_is_not_synchronised_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Pi without network has no other clock."""
    on_path(tmp_path / "bin", "timedatectl", "echo no")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    text = "not synchronised: times in the ledger and the journal may be wrong"
    assert check_clock(replace(a_config(tmp_path), relay=None)) == [warning(text, SET)]


def test_without_timedatectl_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container, say."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check_clock(replace(a_config(tmp_path), relay=None)) == [
        note("timedatectl does not say whether the clock is synchronised")
    ]
