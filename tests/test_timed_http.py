"""One HTTP question, against a real server on the loopback that does its worst."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme
from conftest import wait_until

from controller.cloud.relay_client import AT_ONCE, RelayClient, RelayEvent
from controller.cloud.timed_http import Answer, Limits, NoAnswerError, Way, send
from controller.cloud.tls import shared_context
from controller.config.keys import RelayConfig
from controller.model.events import OfferFailed

# The next byte is never waited for as long as that: what ends the question is its time in all.
SHORT = Limits(connect_s=20, read_s=20, total_s=0.3, most_bytes=1000)
LONG = Limits(connect_s=20, read_s=20, total_s=20, most_bytes=1000)
BYTE_EVERY_S = 0.02
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
DRIPS = {
    "status line": (b"", b"HTTP/1.1 200 OK" + b"!" * 10_000),
    "headers": (HEAD, b"X-Drip: " + b"!" * 10_000),
    "body of a known length": (HEAD + b"Content-Length: 900\r\n\r\n", b" " * 900),
    "body until the end": (HEAD + b"Connection: close\r\n\r\n", b" " * 10_000),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 10_000),
}


class Server:
    """Takes one connection after the other: says `at_once`, and then drips until nobody listens."""

    def __init__(self, at_once: bytes, drip: bytes, tls: ssl.SSLContext | None) -> None:
        self._at_once, self._drip, self._tls = at_once, drip, tls
        self._bound = socket.create_server(("127.0.0.1", 0))
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Its address."""
        scheme = "https" if self._tls else "http"
        return f"{scheme}://localhost:{self._bound.getsockname()[1]}"

    def close(self) -> None:
        """Stop."""
        self._enough.set()
        with suppress(OSError):
            self._bound.shutdown(socket.SHUT_RDWR)
        self._bound.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                taken, _ = self._bound.accept()
                self._threads.append(threading.Thread(target=self._serve, args=(taken,)))
                self._threads[-1].start()

    def _serve(self, taken: socket.socket) -> None:
        with suppress(OSError), taken, self._wrapped(taken) as line:
            line.recv(10_000)
            line.sendall(self._at_once)
            for number in range(len(self._drip)):
                if self._enough.wait(BYTE_EVERY_S):
                    return
                line.sendall(self._drip[number : number + 1])

    def _wrapped(self, taken: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(taken, server_side=True) if self._tls else taken


@contextmanager
def serving(at_once: bytes, drip: bytes = b"", tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(at_once, drip, tls)
    try:
        yield server
    finally:
        server.close()


def whole(body: bytes) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize(("at_once", "drip"), DRIPS.values(), ids=list(DRIPS))
def test_an_answer_that_drips_ends_with_its_time(at_once: bytes, drip: bytes) -> None:
    """Wherever it is, though the next byte always comes."""
    with serving(at_once, drip) as server:
        with pytest.raises(NoAnswerError) as raised:
            send("GET", server.url, SHORT, headers={})
        assert str(raised.value) == f"{server.url} gave no whole answer within 0.3 s"


def test_an_answer_that_drips_through_tls_ends_with_its_time(tmp_path: Path) -> None:
    """As at a real relay."""
    authority, ca_file = trustme.CA(), tmp_path / "ca.crt"
    authority.cert_pem.write_to_path(str(ca_file))
    way = Way(ca_file=ca_file)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    with serving(*DRIPS["headers"], tls) as server:
        with pytest.raises(NoAnswerError) as raised:
            send("GET", server.url, SHORT, headers={}, way=way)
        assert str(raised.value) == f"{server.url} gave no whole answer within 0.3 s"
    with serving(whole(b"{}"), tls=tls) as server:
        assert send("GET", server.url, LONG, headers={}, way=way) == Answer(200, "OK", server.url, b"{}")


def test_a_relay_that_drips_holds_up_no_later_question() -> None:
    """All workers were at it, and each came back."""
    told: queue.SimpleQueue[RelayEvent] = queue.SimpleQueue()
    with serving(*DRIPS["headers"]) as server:
        client = RelayClient(RelayConfig(server.url, "1.ab"), "galaga-01", told.put, lambda: 0.0, SHORT)
        for _ in range(AT_ONCE + 1):
            client.fetch_offer()
        reason = f"{server.url}/machines/galaga-01/offer gave no whole answer within 0.3 s"
        assert [told.get(timeout=60) for _ in range(AT_ONCE + 1)] == [OfferFailed(reason)] * (AT_ONCE + 1)
        client.close()


def test_the_largest_answer_is_taken_and_a_larger_one_is_not() -> None:
    """Nothing that a relay says fills the memory."""
    with serving(whole(b" " * 1000)) as server:
        assert len(send("GET", server.url, LONG, headers={}).body) == 1000
    with serving(whole(b" " * 1001)) as server:
        with pytest.raises(NoAnswerError) as raised:
            send("GET", server.url, LONG, headers={})
        assert str(raised.value) == f"{server.url} gave more than 1000 bytes"


def test_an_answer_in_time_leaves_nothing_behind() -> None:
    """No alarm goes on ticking."""
    with serving(whole(b"{}")) as server:
        send("GET", server.url, LONG, headers={})
        wait_until(
            lambda: not any(isinstance(thread, threading.Timer) for thread in threading.enumerate()),
            "the alarm to end",
            within_s=60,
        )


def test_the_authorities_are_those_in_the_file_as_it_is_now(tmp_path: Path) -> None:
    """Read once for all questions, and anew when the technician has put another one there."""
    ours, another, ca_file = trustme.CA(), trustme.CA(), tmp_path / "ca.crt"
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.issue_cert("localhost").configure_cert(tls)
    with serving(whole(b"{}"), tls=tls) as server:
        another.cert_pem.write_to_path(str(ca_file))
        with pytest.raises(NoAnswerError, match="unable to get local issuer certificate"):
            send("GET", server.url, LONG, headers={}, way=Way(ca_file=ca_file))
        ours.cert_pem.write_to_path(str(ca_file))
        assert send("GET", server.url, LONG, headers={}, way=Way(ca_file=ca_file)).body == b"{}"
    assert shared_context(ca_file) is shared_context(ca_file)


@pytest.mark.parametrize(
    ("holds", "why"), [(None, "No such file or directory"), ("no pem", "NO_CERTIFICATE_OR_CRL_FOUND")]
)
def test_a_file_without_authorities_is_named(tmp_path: Path, holds: str | None, why: str) -> None:
    """The key in config.yaml, the file, and what is wrong with it."""
    ca_file = tmp_path / "ca.crt"
    if holds:
        ca_file.write_text(holds)
    with serving(whole(b"{}")) as server, pytest.raises(NoAnswerError) as raised:
        send("GET", server.url, LONG, headers={}, way=Way(ca_file=ca_file))
    assert str(raised.value) == f"relay.ca_file {ca_file} cannot be used: {why}"


@pytest.mark.parametrize(
    ("login", "told"), [("", False), ("joe:se%40cret@", True)], ids=["without", "with a login"]
)
def test_a_proxy_hears_its_login_and_its_refusal_is_told(login: str, told: bool) -> None:
    """As people write it into relay.proxy; the password is not repeated."""
    asked: list[bytes] = []

    def serve() -> None:
        link, _ = listener.accept()
        with link:
            asked.append(link.recv(10_000))
            link.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = threading.Thread(target=serve)
        proxy.start()
        way = Way(f"http://{login}127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(NoAnswerError) as raised:
            send("GET", "https://relay.example.com/", LONG, headers={"Authorization": "Bearer 1.ab"}, way=way)
        proxy.join()
    assert (asked[0].split()[:2], b"Bearer" in asked[0]) == ([b"CONNECT", b"relay.example.com:443"], False)
    assert (b"Proxy-Authorization: Basic am9lOnNlQGNyZXQ=".lower() in asked[0].lower()) == told
    assert str(raised.value) == "407 Proxy Authentication Required"
