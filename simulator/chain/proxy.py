"""EDGE. A network link that can be broken: carries TCP from a port of ours to another one of this machine."""

from __future__ import annotations

import logging
import socket
import struct
import threading
from contextlib import suppress
from typing import Literal, Self

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 4096
# A TLS handshake of four kilobytes takes four seconds.
SLOW_CHUNK_BYTES, SLOW_CHUNK_S = 256, 0.25
CONNECT_WITHIN_S = 5.0

State = Literal["whole", "cut", "held", "slow"]

log = logging.getLogger(__name__)


class Link:
    """Listens on `port` and carries every connection to `target_port`, as well as its state allows.

    "cut": connections break, and new ones are broken at once. "held": nothing passes, nobody notices, and
    what was sent arrives once the link is whole. "slow": about a kilobyte a second passes.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._state: State = "whole"
        self._change = threading.Condition()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        """Begin to carry."""
        threading.Thread(target=self._listen, name=f"link to {self._target_port}", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Break every connection, and take no more."""
        self.become("cut")
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def become(self, state: State) -> None:
        """Change the state, for connections that are open as for those to come."""
        with self._change:
            self._state = state
            self._change.notify_all()
            broken = list(self._open) if state == "cut" else []
        for end in broken:
            _break(end)

    def _listen(self) -> None:
        with suppress(OSError):  # closed: the link is taken down
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(near,), name="link", daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near:
            try:
                self._wait_until_it_passes(0)
                with socket.create_connection((LOOPBACK, self._target_port), CONNECT_WITHIN_S) as far:
                    far.settimeout(None)
                    self._join(near, far)
            except OSError as error:
                log.debug("connection to port %d broken: %s", self._target_port, error)
                _break(near)

    def _join(self, near: socket.socket, far: socket.socket) -> None:
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._change:
            self._open |= {near, far}
        try:
            back = threading.Thread(target=self._pump, args=(far, near), name="link back", daemon=True)
            back.start()
            self._pump(near, far)
            back.join()
        finally:
            with self._change:
                self._open -= {near, far}

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        """Carry one direction to its end; the end too arrives only when something can pass."""
        try:
            while chunk := source.recv(self._chunk_bytes()):
                self._wait_until_it_passes(len(chunk))
                sink.sendall(chunk)
            self._wait_until_it_passes(0)
            sink.shutdown(socket.SHUT_WR)
        except OSError as error:
            log.debug("connection to port %d broken: %s", self._target_port, error)
            _break(source)
            _break(sink)

    def _chunk_bytes(self) -> int:
        return SLOW_CHUNK_BYTES if self._state == "slow" else CHUNK_BYTES

    def _wait_until_it_passes(self, count: int) -> None:
        with self._change:
            self._change.wait_for(lambda: self._state != "held")
            if self._state == "slow" and count:
                self._change.wait_for(lambda: self._state != "slow", SLOW_CHUNK_S)
            if self._state == "cut":
                raise ConnectionResetError("the link is cut")


def _break(end: socket.socket) -> None:
    """Wake whoever waits on a connection; once closed, it is reset, and its far side notices."""
    with suppress(OSError):  # it is broken already
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)
