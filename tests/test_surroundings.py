"""Nothing in the surroundings decides whom we talk to, or as whom: hostile ones, and real servers."""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
from conftest import wait_until

from controller.cloud.timed_http import Limits, Way, send
from simulator.chain.chain import Chain, Wiring, running_chain

LIMITS = Limits(connect_s=5.0, read_s=5.0, total_s=10.0, most_bytes=10_000)
BROKER_WITHOUT_CA_FILE = """
import socket, sys
from {room} import client_context

try:
    with socket.create_connection(("localhost", int(sys.argv[1]))) as link:
        client_context(None).wrap_socket(link, server_hostname="localhost")
    print("trusted")
except OSError as error:
    print(error.verify_message)
"""


class Proxy:
    """Takes connections, and remembers the first line of each. It answers 502, or carries a CONNECT on."""

    def __init__(self, *, carries: bool = False) -> None:
        self.asked: list[str] = []
        self._carries = carries
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Take no more; who waits for one would otherwise take those of whatever gets this number next."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _run(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        with link:
            line = link.recv(10_000).decode(errors="replace").partition("\r\n")[0]
            self.asked.append(line)
            target = re.match(r"CONNECT ([^:]+):(\d+) ", line)
            if not self._carries or target is None:
                link.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection((target[1], int(target[2]))) as far:
                link.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=_carry, args=(far, link), daemon=True)
                back.start()
                _carry(link, far)
                back.join(60)


def _carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(10_000):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def proxy(*, carries: bool = False) -> Iterator[Proxy]:
    made = Proxy(carries=carries)
    try:
        yield made
    finally:
        made.close()


def hostile(folder: Path, proxy: Proxy) -> dict[str, str]:
    """An environment that points everywhere else, and a home with a login for everybody."""
    folder.mkdir()
    login = (
        "machine 127.0.0.1 login root password of-another\nmachine localhost login root password of-another\n"
    )
    for name in (".netrc", "_netrc"):
        (folder / name).write_text(login)
        (folder / name).chmod(0o600)
    other = folder / "other.crt"
    trustme.CA().cert_pem.write_to_path(str(other))
    schemes = ("http", "https", "all", "mqtt", "ftp")
    return {
        "HOME": str(folder),
        "NETRC": str(folder / ".netrc"),
        **{f"{scheme}_proxy": proxy.url for scheme in schemes},
        **{f"{scheme.upper()}_PROXY": proxy.url for scheme in schemes},
        "no_proxy": "",
        "NO_PROXY": "",
        "REQUESTS_CA_BUNDLE": str(other),
        "CURL_CA_BUNDLE": str(other),
        "SSL_CERT_FILE": str(other),
        "SSL_CERT_DIR": str(folder),
    }


@pytest.fixture
def nosy() -> Iterator[Proxy]:
    """A proxy that nobody has been told to use."""
    with proxy() as running:
        yield running


def buy(chain: Chain) -> str:
    """One credit at the door; gives the payment's id."""

    def button() -> str | None:
        found = re.search(r'value="(1-[^"]+)"', requests.get(chain.door, timeout=60).text)
        return found[1] if found else None

    wait_until(button, "the door to sell")
    answer = requests.post(chain.door, {"offer": button()}, allow_redirects=False, timeout=60)
    return chain.stripe.pay(answer.headers["Location"])


def test_a_sale_and_a_check_in_hostile_surroundings(tmp_path: Path, nosy: Proxy) -> None:
    """The controller and the relay to each other, the broker and Stripe, and the check: all go straight."""
    environment = hostile(tmp_path / "home", nosy)
    inside = ["env", *(f"{name}={value}" for name, value in environment.items())]
    wiring = Wiring(relay_settings=environment, controller_inside=inside)
    with running_chain(tmp_path / "chain", wiring=wiring) as chain:
        chain.controller.wait_for_line("offer received")
        chain.controller.wait_for_line("broker connected")
        payment_id = buy(chain)
        chain.controller.wait_for_line(f"payment {payment_id}: receipt answered: settled")
        check = [sys.executable, "-m", "controller", "check", "--json", "--config", str(chain.config_file)]
        checked = subprocess.run([*inside, *check], capture_output=True, text=True, check=False)

    sections = {each["name"]: each["findings"] for each in json.loads(checked.stdout)["sections"]}
    found = [each for name in ("broker", "relay", "clock") for each in sections[name]]
    wrong = [each["text"] for each in found if each["grade"] == "wrong"]
    assert (wrong, nosy.asked) == ([], [])


@pytest.mark.parametrize("room", ["controller.cloud.tls", "cloud_relay.broker.direct_client"])
def test_the_systems_authorities_are_the_systems(room: str, broker: Any, tmp_path: Path, nosy: Proxy) -> None:
    """Not those of SSL_CERT_FILE: whoever sets it would read along."""
    environment = hostile(tmp_path / "home", nosy) | {"SSL_CERT_FILE": str(broker.ca_file)}
    told = subprocess.run(
        [sys.executable, "-c", BROKER_WITHOUT_CA_FILE.format(room=room), str(broker.port)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout == "unable to get local issuer certificate\n"


def test_a_proxy_that_is_meant_is_used(tmp_path: Path) -> None:
    """By its key, relay.proxy: through it the relay's own certificate is checked."""
    authority, ca_file = trustme.CA(), tmp_path / "ca.crt"
    authority.cert_pem.write_to_path(str(ca_file))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    with socket.create_server(("127.0.0.1", 0)) as listener, proxy(carries=True) as meant:
        port = listener.getsockname()[1]

        def serve() -> None:
            with tls.wrap_socket(listener.accept()[0], server_side=True) as link:
                link.recv(10_000)
                link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        threading.Thread(target=serve, daemon=True).start()
        way = Way(proxy=meant.url, ca_file=ca_file)
        answer = send("GET", f"https://localhost:{port}/", LIMITS, headers={}, way=way)
        (asked,) = meant.asked

    assert (answer.status, answer.body) == (200, b"{}")
    assert asked.startswith(f"CONNECT localhost:{port} ")
