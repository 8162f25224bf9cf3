"""EDGE. One HTTP question that ends: within a time and a size, whatever the other side does."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import certifi
from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Timeout, make_headers
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from controller.cloud.tls import shared_context

_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back; `date` is the server's own clock, as its header says it, or empty."""

    status: int
    reason: str
    url: str
    body: bytes
    date: str = ""


@dataclass(frozen=True)
class Limits:
    """To connect, to the next byte, and in all, in seconds; and the size of a body.

    A time-out of the library is for each read alone: a byte now and then would hold the question for ever.
    """

    connect_s: float
    read_s: float
    total_s: float
    most_bytes: int


@dataclass(frozen=True)
class Way:
    """How to get to a server: through an HTTP proxy, and trusting the authorities in `ca_file`, if any."""

    proxy: str | None = None
    ca_file: Path | None = None


DIRECT = Way()


class NoAnswerError(OSError):
    """There is no whole answer, or not within the limits; the message says why, in short."""


def send(
    method: str,
    url: str,
    limits: Limits,
    *,
    headers: Mapping[str, str],
    params: Mapping[str, Sequence[str]] | None = None,
    json: Any = None,
    way: Way = DIRECT,
) -> Answer:
    """Ask, and read the whole answer; a redirect is one, and not followed.

    Nobody but the caller says whom to ask, and as whom: no proxy, authority or password is taken from the
    environment or the home folder.

    Raises:
        NoAnswerError: there is no whole answer, or not within the limits.
    """
    asked = f"{url}?{query}" if (query := urlencode(params or {}, doseq=True)) else url
    line = _Line()
    alarm = threading.Timer(limits.total_s, line.cut)
    alarm.daemon = True
    alarm.start()
    try:
        with _pools(way, line) as pools:
            answer = pools.request(
                method,
                asked,
                json=json,
                headers=headers,
                timeout=Timeout(limits.connect_s, limits.read_s),
                redirect=False,
                retries=False,
                preload_content=False,
            )
            body = _body(answer, asked, limits.most_bytes)
    except HTTPError as error:
        if not line.is_cut:
            raise NoAnswerError(_in_short(error)) from error
    finally:
        alarm.cancel()
    # What was cut can look like an answer that ended.
    if line.is_cut:
        raise NoAnswerError(f"{asked} gave no whole answer within {limits.total_s:g} s")
    return Answer(answer.status, answer.reason or "", asked, body, answer.headers.get("Date", ""))


def _in_short(error: HTTPError) -> str:
    """Without the library's own words around it."""
    causes = [cause for cause in error.args if isinstance(cause, Exception)]
    return str(causes[-1] if causes else error).rpartition(": ")[2]


def _body(answer: BaseHTTPResponse, url: str, most_bytes: int) -> bytes:
    body = b""
    with closing(answer):
        for chunk in answer.stream(_CHUNK_BYTES):
            body += chunk
            if len(body) > most_bytes:
                raise NoAnswerError(f"{url} gave more than {most_bytes} bytes")
    return body


def _pools(way: Way, line: _Line) -> PoolManager:
    context = _context(way.ca_file)
    if way.proxy is None:
        pools = PoolManager(ssl_context=context)
    else:
        named = parse_url(way.proxy).auth
        headers = make_headers(proxy_basic_auth=unquote(named)) if named else None
        pools = ProxyManager(way.proxy, proxy_headers=headers, ssl_context=context, proxy_ssl_context=context)
    line.watch(pools)
    return pools


def _context(ca_file: Path | None) -> ssl.SSLContext:
    file = ca_file or Path(certifi.where())
    try:
        return shared_context(file)
    except OSError as error:
        why = getattr(error, "reason", None) or error.strerror or str(error)
        raise NoAnswerError(f"relay.ca_file {file} cannot be used: {why}") from error


class _Line:
    """Knows the sockets that were opened, so that another thread can end what waits at them."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self.is_cut = False

    def watch(self, manager: PoolManager) -> None:
        """Hear of each socket that it opens."""
        pools = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {name: self._watched(pools[name]) for name in pools}

    def cut(self) -> None:
        """End every read and write, now and from now on."""
        self.is_cut = True
        for opened in list(self._sockets):
            _shut(opened)

    def _opened(self, opened: socket.socket) -> None:
        self._sockets.append(opened)
        if self.is_cut:
            _shut(opened)

    def _watched(self, pool: Any) -> Any:
        tell = self._opened

        class Connection(pool.ConnectionCls):  # type: ignore[misc]
            def connect(self) -> None:
                super().connect()
                tell(self.sock)

        return type(pool.__name__, (pool,), {"ConnectionCls": Connection})


def _shut(opened: socket.socket) -> None:
    # Not the method of a TLS socket, which would first touch what the other thread is reading with.
    with suppress(OSError):
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
