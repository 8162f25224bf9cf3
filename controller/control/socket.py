"""EDGE. The control socket: a technician's tools ask the daemon, and watch it; none can hold it up."""

from __future__ import annotations

import logging
import queue
import selectors
import socket
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from controller.formats.control_lines import (
    LONGEST_REQUEST,
    BadRequest,
    Greeting,
    Line,
    ToolRequest,
    as_bytes,
    error,
    read_request,
    refused,
)
from controller.system.clock import since_boot_s

log = logging.getLogger(__name__)

# Root and the daemon's own user and group: connecting takes the right to write.
MODE = stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IWGRP
MOST_CLIENTS = 4
MOST_UNREAD_BYTES = 256 * 1024
"""What is kept for a tool that does not read just now; beyond that it is hung up on."""


@dataclass(eq=False)
class _Client:
    """One tool. It is `greeted` once it was told how the lines stand; from then on it sees what happens."""

    number: int
    socket: socket.socket
    received: bytearray = field(default_factory=bytearray)
    unread: bytearray = field(default_factory=bytearray)
    has_requested: bool = False
    greeted: bool = False


class ControlSocket:
    """A Unix socket with a thread of its own, which owns all connections.

    The loop hands it lines and never waits for it; what tools want, their greeting too, goes to `on_request`.
    """

    def __init__(self, path: Path, on_request: Callable[[ToolRequest], None]) -> None:
        self._path = path
        self._on_request = on_request
        self._trouble: str | None = None
        # Each with its addressee, or None for all; None instead of the pair ends the thread.
        self._lines: Final[queue.SimpleQueue[tuple[int | None, Line] | None]] = queue.SimpleQueue()
        self._clients: dict[int, _Client] = {}
        self._newest = 0
        self._stopping = False

    def start(self) -> None:
        """Listen, in place of what a killed daemon left there.

        Raises:
            OSError: that is not possible there.
        """
        self._listener = _listening(self._path)
        self._wake, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        for each in (self._listener, self._wake, self._woken):
            each.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, self._welcome)
        self._selector.register(self._woken, selectors.EVENT_READ, self._hand_out)
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Pass on what was said so far, as far as the tools take it now, and hang up."""
        self._lines.put(None)
        self._wake_up()
        self._thread.join()

    def answer(self, client: int, line: Line) -> None:
        """Tell one tool."""
        self._lines.put((client, line))
        self._wake_up()

    def show(self, line: Line) -> None:
        """Tell all that watch."""
        if self._clients:
            self._lines.put((None, line))
            self._wake_up()

    def refuse(self, trouble: str | None) -> None:
        """From now on refuse what a tool wants, with the reason, for the loop cannot; None ends that."""
        self._trouble = trouble

    def _wake_up(self) -> None:
        with suppress(OSError):  # it is full of reasons to wake up, or its thread has ended
            self._wake.send(b".")

    # The thread

    def _run(self) -> None:
        try:
            while not self._stopping:
                for key, _ in self._selector.select():
                    key.data()
        except Exception:
            log.exception("control socket ended: nobody can watch or ask until the next start")
        finally:
            self._close()

    def _close(self) -> None:
        for client in list(self._clients.values()):
            self._drop(client)
        self._selector.close()
        for each in (self._listener, self._wake, self._woken):
            each.close()

    def _welcome(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return  # it was gone before we came
        connection.setblocking(False)
        self._newest += 1
        client = _Client(self._newest, connection)
        if len(self._clients) == MOST_CLIENTS:
            _send_last(client, f"{MOST_CLIENTS} others are connected: end one of them first")
            connection.close()
            return
        self._clients[client.number] = client
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._serve(client))
        self._on_request(ToolRequest(client.number, Greeting(), since_boot_s()))

    def _serve(self, client: _Client) -> None:
        """The tool has sent something, or takes more."""
        if client.unread and self._is_here(client):
            self._send(client)
        if self._is_here(client):
            self._receive(client)

    def _receive(self, client: _Client) -> None:
        try:
            received = client.socket.recv(LONGEST_REQUEST)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        client.received += received
        line, end, more = client.received.partition(b"\n")
        if not received:
            self._drop(client)
        elif client.has_requested or more:
            self._dismiss(client, "asked twice: one request for each connection")
        elif len(line) >= LONGEST_REQUEST:
            self._dismiss(client, f"too long: a request has {LONGEST_REQUEST} bytes at most")
        elif end:
            client.has_requested = True
            self._take_request(client, bytes(line))

    def _take_request(self, client: _Client, line: bytes) -> None:
        try:
            request = read_request(line)
        except BadRequest as bad:
            self._dismiss(client, str(bad))
            return
        if (trouble := self._trouble) is not None:
            self._write(client, refused(trouble))
        else:
            self._on_request(ToolRequest(client.number, request, since_boot_s()))

    def _hand_out(self) -> None:
        """Pass on what the loop said."""
        with suppress(BlockingIOError):
            self._woken.recv(4096)
        while not self._lines.empty():
            if (addressed := self._lines.get()) is None:
                self._stopping = True
                return
            self._pass_on(*addressed)

    def _pass_on(self, number: int | None, line: Line) -> None:
        if number is None:
            for client in [each for each in self._clients.values() if each.greeted]:
                self._write(client, line)
        elif named := self._clients.get(number):
            named.greeted = named.greeted or line.get("saw") == "hello"
            self._write(named, line)

    def _write(self, client: _Client, line: Line) -> None:
        client.unread += as_bytes(line)
        self._send(client)
        if len(client.unread) > MOST_UNREAD_BYTES:
            log.warning("control: hung up on a tool that does not read")
            self._drop(client)

    def _send(self, client: _Client) -> None:
        try:
            del client.unread[: client.socket.send(client.unread)]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(client)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.unread else 0)
        self._selector.modify(client.socket, wanted, lambda: self._serve(client))

    def _dismiss(self, client: _Client, why: str) -> None:
        if not client.unread:
            _send_last(client, why)
        self._drop(client)

    def _drop(self, client: _Client) -> None:
        if self._clients.pop(client.number, None):
            self._selector.unregister(client.socket)
            client.socket.close()

    def _is_here(self, client: _Client) -> bool:
        return client.number in self._clients


def _send_last(client: _Client, why: str) -> None:
    with suppress(OSError):
        client.socket.send(as_bytes(error(why)))


def _listening(path: Path) -> socket.socket:
    if path.is_socket():
        _remove_if_left_over(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(MODE)
        listener.listen(MOST_CLIENTS)  # nobody can connect before, whatever the umask was
    except OSError:
        listener.close()
        raise
    return listener


def _remove_if_left_over(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise FileExistsError(f"{path}: another controller answers there")
    path.unlink()
