"""The control socket against every kind of guest: real sockets, and a loop that only notes what was asked."""

from __future__ import annotations

import json
import logging
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import wait_until

from controller.control.client import ControlClient, connect
from controller.control.socket import MOST_CLIENTS, MOST_UNREAD_BYTES, ControlSocket
from controller.formats.control_lines import (
    EXPECTED,
    LONGEST_REQUEST,
    ClearRequest,
    Greeting,
    Line,
    PulseRequest,
    ToolRequest,
    hello,
)

HELLO = hello("0.1.0", 17, [])
EDGE: Line = {"saw": "edge", "line": "ready", "active": True, "at_s": 1.0}


class Loop:
    """What the socket tells the loop; it says hello to each that comes, unless it is `deaf`."""

    def __init__(self, path: Path) -> None:
        self.deaf = False
        self.asked: list[tuple[int, object]] = []
        self.control = ControlSocket(path, self.take)

    def take(self, asked: ToolRequest) -> None:
        self.asked.append((asked.client, asked.wanted))
        if isinstance(asked.wanted, Greeting) and not self.deaf:
            self.control.answer(asked.client, HELLO)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control"


@pytest.fixture
def loop(path: Path) -> Iterator[Loop]:
    loop = Loop(path)
    loop.control.start()
    yield loop
    loop.control.stop()


def guest(path: Path) -> ControlClient:
    """A tool that was told hello."""
    client = connect(path)
    assert client is not None
    assert client.next(10) == HELLO
    return client


def raw(path: Path, sent: bytes) -> list[Line]:
    """All that is told to one who sends this, and reads until it is hung up on."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(str(path))
        heard = b""
        with suppress(BrokenPipeError):  # hung up on before all was sent: the reason can be read
            connection.sendall(sent)
        with suppress(ConnectionResetError):
            while more := connection.recv(4096):
                heard += more
    return [json.loads(line) for line in heard.splitlines() if line != json.dumps(HELLO).encode()]


def test_who_asks_is_answered_and_hears_what_happens(loop: Loop, path: Path) -> None:
    """One guest's answer is not told to another; what happens is told to both."""
    with guest(path) as one, guest(path) as other:
        one.request({"do": "pulse", "credits": 3})
        wait_until(lambda: (1, PulseRequest(3)) in loop.asked, "the request")
        loop.control.answer(1, {"answer": "accepted"})
        loop.control.show(EDGE)

        assert [one.next(10), one.next(10), other.next(10)] == [{"answer": "accepted"}, EDGE, EDGE]
    assert loop.asked == [(1, Greeting()), (2, Greeting()), (1, PulseRequest(3))]


def test_nothing_is_told_before_hello(loop: Loop, path: Path) -> None:
    """What happened before a guest knew how the lines stand would be told twice."""
    loop.deaf = True
    with connect(path) or pytest.fail("no connection") as client:
        wait_until(lambda: loop.asked, "the greeting")
        loop.control.show(EDGE)
        loop.control.answer(1, HELLO)
        loop.control.show(EDGE)

        assert [client.next(10), client.next(10)] == [HELLO, EDGE]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"\n", f"no JSON: {EXPECTED}"),
        (b"GET / HTTP/1.1\r\n", f"no JSON: {EXPECTED}"),
        (b'{"do": "pulse", "credits": 1000000}\n', "credits is 1000000: 1 to 20 at a time"),
        (b"x" * LONGEST_REQUEST, f"too long: a request has {LONGEST_REQUEST} bytes at most"),
        (b"x" * 1_000_000, f"too long: a request has {LONGEST_REQUEST} bytes at most"),
        (b'{"do": "clear"}\n{"do": "clear"}\n', "asked twice: one request for each connection"),
    ],
)
def test_a_bad_request_is_answered_and_the_connection_closed(
    loop: Loop, path: Path, sent: bytes, why: str
) -> None:
    """And the next guest is served as if nothing had been."""
    assert raw(path, sent) == [{"error": why}]
    assert loop.asked == [(1, Greeting())]
    guest(path).__exit__(None, None, None)


def test_a_second_request_is_never_done(loop: Loop, path: Path) -> None:
    """Who wants more connects again."""
    with guest(path) as client:
        client.request({"do": "clear"})
        wait_until(lambda: (1, ClearRequest()) in loop.asked, "the request")
        client.request({"do": "pulse", "credits": 1})
        assert client.next(10) == {"error": "asked twice: one request for each connection"}
    assert [request for _, request in loop.asked] == [Greeting(), ClearRequest()]


def test_a_request_may_come_in_pieces(loop: Loop, path: Path) -> None:
    """A stream has no packets."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        for piece in (b'{"do"', b': "cl', b'ear"}', b"\n"):
            connection.sendall(piece)
            wait_until(lambda: loop.asked, "the greeting")
        wait_until(lambda: (1, ClearRequest()) in loop.asked, "the request")


def test_a_guest_that_does_not_read_is_hung_up_on(
    loop: Loop, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The loop hands over each line without waiting, and the others hear all of them."""
    line: Line = {**EDGE, "padding": "x" * 10_000}
    lines = MOST_UNREAD_BYTES // 10_000 + 100
    with guest(path) as idle, guest(path) as reader, caplog.at_level(logging.WARNING):
        heard = []
        for _ in range(lines):
            loop.control.show(line)
            heard.append(reader.next(10))
        wait_until(lambda: caplog.messages, "the idle one to be hung up on")
        assert idle.next(10) == line
    assert heard == [line] * lines
    assert caplog.messages == ["control: hung up on a tool that does not read"]


def test_one_guest_too_many_is_told_so(loop: Loop, path: Path) -> None:
    """A few technicians at most; when one leaves there is room again."""
    guests = [guest(path) for _ in range(MOST_CLIENTS)]
    assert raw(path, b"") == [{"error": "4 others are connected: end one of them first"}]

    guests.pop().__exit__(None, None, None)
    wait_until(lambda: _is_let_in(path), "room")
    for left in guests:
        left.__exit__(None, None, None)


def _is_let_in(path: Path) -> bool:
    with connect(path) or pytest.fail("no connection") as client:
        return client.next(10) == HELLO


def test_while_the_loop_is_held_up_requests_are_refused(loop: Loop, path: Path) -> None:
    """With the reason, and at once; the loop never hears of them."""
    loop.control.refuse("the disk is full")
    with guest(path) as client:
        client.request({"do": "pulse", "credits": 1})
        assert client.next(10) == {"answer": "refused", "reason": "the disk is full"}

    loop.control.refuse(None)
    with guest(path) as client:
        client.request({"do": "clear"})
        wait_until(lambda: (2, ClearRequest()) in loop.asked, "the request")
    assert (1, PulseRequest(1)) not in loop.asked


def test_what_was_said_last_is_heard_before_the_end(loop: Loop, path: Path) -> None:
    """The last pulse's fate is told though the daemon stops right behind it."""
    with guest(path) as client:
        loop.control.show(EDGE)
        loop.control.stop()
        assert client.next(10) == EDGE
        with pytest.raises(ConnectionError) as raised:
            client.next(10)
    assert str(raised.value) == f"{path}: the controller has hung up: it was stopped, or restarted"


# The file


def test_only_root_and_the_daemons_own_may_connect(loop: Loop, path: Path) -> None:
    """Whatever the umask was."""
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_an_open_umask_opens_nothing(path: Path) -> None:
    """Nobody can connect before the mode is right."""
    before = os.umask(0)
    try:
        loop = Loop(path)
        loop.control.start()
    finally:
        os.umask(before)
    loop.control.stop()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_what_a_killed_daemon_left_is_replaced(path: Path) -> None:
    """Nobody answers there."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    loop = Loop(path)
    loop.control.start()
    guest(path).__exit__(None, None, None)
    loop.control.stop()


def test_a_living_ones_socket_is_left_to_it(loop: Loop, path: Path) -> None:
    """Two controllers that share a folder do not take the tools from each other."""
    with pytest.raises(FileExistsError) as raised:
        ControlSocket(path, loop.take).start()
    assert str(raised.value) == f"{path}: another controller answers there"
    guest(path).__exit__(None, None, None)


def test_a_file_that_is_no_socket_is_left_alone(path: Path) -> None:
    """Somebody put it there."""
    path.write_text("a diary")
    with pytest.raises(OSError, match="Address already in use"):
        ControlSocket(path, lambda _: None).start()
    assert path.read_text() == "a diary"


# The tool's end


@pytest.mark.parametrize("left_over", [True, False])
def test_where_nobody_listens_there_is_no_connection(path: Path, left_over: bool) -> None:
    """No file, or that of a killed daemon."""
    if left_over:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
    assert connect(path) is None


def test_silence_is_told_from_an_end(loop: Loop, path: Path) -> None:
    """Nothing came in time: None."""
    with guest(path) as client:
        assert client.next(0.01) is None
