"""The shipped nginx file, with the real nginx: what never reaches the relay, and what always does."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
from conftest import PASSWORDS, wait_until
from relay_parts import WEBHOOK_SECRET, Cabinet, environment

from simulator.chain.broker import Broker
from simulator.chain.nginx import Nginx, nginx_before, nginx_program
from simulator.chain.part import Part
from simulator.chain.ports import free_port, listens
from simulator.stripe.pace import QUICK
from simulator.stripe.server import stand_in_stripe

ROOT = Path(__file__).parent.parent
HALF_SENT = 130
# Lets a test come from any address, as nginx sees it: nothing of the file under test is changed.
FROM_ANYWHERE = "set_real_ip_from 127.0.0.0/8; real_ip_header X-Test-Address;"

pytestmark = pytest.mark.skipif(
    nginx_program() is None, reason="nginx is not installed: sudo apt install nginx-light"
)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with (
        Broker(tmp_path_factory.mktemp("proxied"), PASSWORDS) as running,
        Cabinet("galaga-01", running) as it,
    ):
        it.say()
        yield running


def command_of_the_readme() -> list[str]:
    """What the relay's README says to run, as words."""
    (line,) = [
        line
        for line in (ROOT / "cloud_relay" / "README.md").read_text().splitlines()
        if "waitress-serve" in line
    ]
    return line.split()


@pytest.fixture
def bare(broker: Broker, tmp_path: Path) -> Iterator[int]:
    """The relay as the README starts it, on another port; gives the port."""
    port = free_port()
    words = [word.replace(":8080", f":{port}") for word in command_of_the_readme()[1:]]
    with stand_in_stripe(
        api_key=environment()["STRIPE_API_KEY"], webhook_url=None, webhook_secret=WEBHOOK_SECRET, pace=QUICK
    ) as stripe:
        variables = environment(
            MQTT_PORT=str(broker.services_port),
            MQTT_CA_FILE=str(broker.ca_file),
            STAND_IN_STRIPE_URL=stripe.api_url,
            TRUSTED_PROXIES="1",
        )
        relay = Part("relay", [sys.executable, "-m", "waitress", *words], tmp_path / "relay.log", variables)
        relay.start()
        try:
            wait_until(lambda: listens(port), "the relay")
            yield port
        finally:
            relay.stop()


@pytest.fixture
def nginx(bare: int, tmp_path: Path) -> Iterator[Nginx]:
    """The shipped file before it."""
    with nginx_before(bare, tmp_path / "nginx", FROM_ANYWHERE) as running:
        yield running


@contextmanager
def half_sent(port: int, ca_file: Path | None, path: str = "/p/galaga-01") -> Iterator[None]:
    """So many requests of which only a part of the body was sent, each on a connection of its own."""
    context = ssl.create_default_context(cafile=ca_file) if ca_file else None
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
    with ExitStack() as connections:
        for _ in range(HALF_SENT):
            connection = connections.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            if context:
                connection = connections.enter_context(
                    context.wrap_socket(connection, server_hostname="127.0.0.1")
                )
            connection.sendall(head.encode() + b"half")
        yield


def ask(nginx: Nginx, path: str, address: str, method: str = "GET", **more: object) -> requests.Response:
    """Ask from an address."""
    headers = {"X-Test-Address": address, "X-Forwarded-For": "10.9.8.7"}
    return requests.request(
        method,
        nginx.url + path,
        headers=headers,
        verify=str(nginx.ca_file),
        timeout=60,
        allow_redirects=False,
        **more,  # type: ignore[arg-type]
    )


def test_half_sent_bodies_stop_a_bare_relay(bare: int) -> None:
    """Why nginx is there: waitress keeps a hundred connections, whatever comes over them."""
    with half_sent(bare, None), pytest.raises(requests.RequestException):
        requests.get(f"http://127.0.0.1:{bare}/status", timeout=3)


@pytest.mark.parametrize("path", ["/p/galaga-01", "/addCredit"])
def test_half_sent_bodies_never_reach_the_relay_behind_nginx(nginx: Nginx, path: str) -> None:
    """Players and webhooks are answered as if nothing were."""
    with half_sent(nginx.port, nginx.ca_file, path):
        began_s = time.monotonic()
        assert ask(nginx, "/p/galaga-01", "198.51.100.7").status_code == 200
        assert ask(nginx, "/addCredit", "198.51.100.8", "POST", data=b"{}").status_code == 400
        assert time.monotonic() - began_s < 2


@pytest.mark.parametrize("path", ["/metrics", "//metrics", "/%6detrics", "/./metrics", "/metrics?x=1"])
def test_the_operators_figures_are_for_this_machine_alone(nginx: Nginx, path: str) -> None:
    """However the address is written; who is on it still needs the key."""
    assert ask(nginx, path, "198.51.100.7").status_code == 403
    assert ask(nginx, "/metrics", "127.0.0.1").status_code == 401


def answers(nginx: Nginx, path: str, addresses: list[str], method: str) -> list[requests.Response]:
    """What each address was told, all asked over one connection."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(nginx.ca_file)
        return [
            session.request(method, nginx.url + path, headers={"X-Test-Address": address}, timeout=60)
            for address in addresses
        ]


def refused_by_nginx(answers: list[requests.Response]) -> int:
    """How many nginx itself refused: its own answer is plain text, and the relay's a page."""
    return sum(
        (answer.status_code, answer.headers["Content-Type"]) == (429, "text/plain") for answer in answers
    )


def test_nginx_refuses_what_no_hall_asks_for(nginx: Nginx) -> None:
    """Of purchases it passes 60 and two a second; the answer says that nothing was charged."""
    asked = answers(nginx, "/p/nobody", ["203.0.113.9"] * 120, "POST")
    assert 40 <= refused_by_nginx(asked) <= 60
    assert asked[-1].headers["Retry-After"] == "2"
    assert "Nothing was charged. Please try again in a moment." in asked[-1].text
    assert ask(nginx, "/p/galaga-01", "198.51.100.7").status_code == 200


def test_an_ipv6_line_is_one_caller_to_nginx(nginx: Nginx) -> None:
    """With however many of its addresses it asks; every other line has a bucket of its own."""
    line = [f"2001:db8:1:2:{number:x}::7" for number in range(120)]
    assert 40 <= refused_by_nginx(answers(nginx, "/p/nobody", line, "POST")) <= 60
    others = [f"2001:db8:{number:x}:2::7" for number in range(100, 220)]
    assert refused_by_nginx(answers(nginx, "/p/nobody", others, "POST")) == 0


def test_webhooks_and_cabinets_have_no_rate_at_nginx(nginx: Nginx) -> None:
    """Two hundred of each from one address; none is signed, and each is told so by the relay."""
    mine = ["203.0.113.9"] * 200
    assert {each.status_code for each in answers(nginx, "/addCredit", mine, "POST")} == {400}
    assert {each.status_code for each in answers(nginx, "/machines/a/offer", mine, "GET")} == {401}


def test_the_relay_counts_the_addresses_that_nginx_saw(nginx: Nginx) -> None:
    """Through the README's own command: not nginx's, and not what the caller wrote."""
    offer = {"offer": "3-250-usd"}
    mine = [ask(nginx, "/p/galaga-01", "203.0.113.9", "POST", data=offer).status_code for _ in range(18)]
    assert Counter(mine)[429] >= 1
    assert ask(nginx, "/p/galaga-01", "198.51.100.7", "POST", data=offer).status_code == 303


def test_nginx_notes_neither_who_asked_nor_with_what(nginx: Nginx) -> None:
    """A code, and the name of a payment page, stand in a query: who reads the log must not have them."""
    ask(nginx, "/p/galaga-01?code=SUMMER-26", "198.51.100.7")
    ask(nginx, "/thanks?s=cs_test_secret", "198.51.100.7")
    log = nginx.ca_file.parent / "access.log"
    wait_until(lambda: log.is_file() and log.read_text().count("\n") == 2, "two lines")
    assert re.fullmatch(
        r"\S+ GET /p/galaga-01 200 [0-9.]+\n\S+ GET /thanks [0-9]+ [0-9.]+\n", log.read_text()
    )


def test_bodies_that_nobody_needs_end_at_nginx(nginx: Nginx) -> None:
    """Four kilobytes for phones, 256 for the others."""
    big = {"data": b"x" * 5000}
    assert ask(nginx, "/p/galaga-01", "203.0.113.9", "POST", **big).status_code == 413
    assert ask(nginx, "/addCredit", "203.0.113.9", "POST", **big).status_code == 400
    assert ask(nginx, "/addCredit", "203.0.113.9", "POST", data=b"x" * 300_000).status_code == 413


def test_the_readmes_own_command_listens_on_loopback_alone() -> None:
    """What is to be reached from outside is nginx."""
    listening = [word for word in command_of_the_readme() if word.startswith("--listen")]
    assert listening == ["--listen=127.0.0.1:8080"]


def test_the_shipped_file_is_whole(tmp_path: Path, nginx: Nginx) -> None:
    """`nginx -t` takes it without a warning."""
    folder = nginx.ca_file.parent
    program = str(nginx_program())
    command = [program, "-t", "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    tested = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (tested.returncode, "[warn]" in tested.stderr, "[emerg]" in tested.stderr) == (0, False, False)
