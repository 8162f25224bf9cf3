"""EDGE. One HTTP question that ends: within a time and a size, whatever the other side does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from controller.cloud.tls import empty_context

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

    A time-out of `requests` is for each read alone: a byte now and then would hold the question for ever.
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


def send(
    method: str,
    url: str,
    limits: Limits,
    *,
    headers: Mapping[str, str],
    params: Any = None,
    json: Any = None,
    way: Way = DIRECT,
) -> Answer:
    """Ask, and read the whole answer; a redirect is one, and not followed.

    Nobody but the caller says whom to ask, and as whom: `requests` by itself takes proxies and authorities
    from the environment, and lets a .netrc in the home folder overwrite the Authorization header.

    Raises:
        requests.RequestException: there is no whole answer, or not within the limits.
    """
    line = _Line()
    alarm = threading.Timer(limits.total_s, line.cut)
    alarm.daemon = True
    alarm.start()
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.mount("https://", line)
            session.mount("http://", line)
            with session.request(
                method,
                url,
                params=params,
                json=json,
                headers=headers,
                timeout=(limits.connect_s, limits.read_s),
                allow_redirects=False,
                stream=True,
                proxies={"http": way.proxy, "https": way.proxy} if way.proxy else None,
                verify=str(way.ca_file) if way.ca_file else True,
            ) as answer:
                body = _body(answer, limits.most_bytes)
    except requests.RequestException:
        if not line.is_cut:
            raise
    finally:
        alarm.cancel()
    # What was cut can look like an answer that ended.
    if line.is_cut:
        raise requests.Timeout(f"{url} gave no whole answer within {limits.total_s:g} s")
    return Answer(answer.status_code, answer.reason, answer.url, body, answer.headers.get("Date", ""))


def in_short(error: requests.RequestException) -> str:
    """Why a question over HTTP failed, without the library's own words around it."""
    cause = error.args[0] if error.args else error
    return str(getattr(cause, "reason", cause)).rpartition(": ")[2]


def _body(answer: requests.Response, most_bytes: int) -> bytes:
    body = b""
    for chunk in answer.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > most_bytes:
            raise requests.RequestException(f"{answer.url} gave more than {most_bytes} bytes")
    return body


class _Line(HTTPAdapter):
    """Knows the sockets that it opened, so that another thread can end what waits at them."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self.is_cut = False
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **settings: Any) -> None:
        # Whom it trusts, `requests` adds for each connection.
        super().init_poolmanager(*arguments, **settings, ssl_context=empty_context())
        self._watch(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **settings: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **settings, ssl_context=empty_context())
        self._watch(manager)
        return manager

    def _watch(self, manager: Any) -> None:
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
