"""EMQX 5 as its REST API shows it: a stand-in that refuses what the real one refuses.

Judged by EMQX's own sources, as read in its repository (release 5.8 to 5.10), and never by our code:

- who may call at all: apps/emqx_dashboard/src/emqx_dashboard.erl (`authorize`, the bodies of 401 and 403)
  and apps/emqx_dashboard_rbac/src/emqx_dashboard_rbac.erl (a viewer reads, a publisher publishes);
- bodies, types and pages: apps/emqx_dashboard/src/emqx_dashboard_swagger.erl (415 for another content type,
  400 BAD_REQUEST with the path of what is missing; `limit` is 1 to 10000, and 100 unless told).

The rooms of the API are in fake_emqx_access.py and fake_emqx_settings.py, each with its own sources.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

KEY, SECRET = "arcade-key", "arcade-secret"
VIEWER, PUBLISHER = "viewer-key", "publisher-key"
BASE = "/api/v5"
MOST_ROWS, DEFAULT_ROWS = 10_000, 100


class Refused(Exception):
    """An answer that is an error: its status, and the code and message of its body."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.body = status, {"code": code, "message": message}


@dataclass(frozen=True)
class Call:
    """One request, when it is known who asks."""

    method: str
    path: str
    query: dict[str, str]
    kind: str
    raw: bytes

    @property
    def body(self) -> Any:
        """What was sent as JSON."""
        if not self.kind.startswith("application/json"):
            raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "content-type:application/json Required")
        try:
            return json.loads(self.raw)
        except ValueError:
            raise Refused(400, "BAD_REQUEST", "Invalid json message received") from None

    def page(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """One page of them, as `page` and `limit` ask for it."""
        page, limit = (self._number("page", 1, None), self._number("limit", DEFAULT_ROWS, MOST_ROWS))
        there = rows[(page - 1) * limit : page * limit]
        meta = {"page": page, "limit": limit, "count": len(rows), "hasnext": page * limit < len(rows)}
        return {"data": there, "meta": meta}

    def _number(self, name: str, default: int, most: int | None) -> int:
        text = self.query.get(name, str(default))
        if not text.isdecimal() or not 1 <= int(text) <= (most or int(text)):
            raise bad_field(name, "integer_range")
        return int(text)


def bad_field(path: str, reason: str) -> Refused:
    """What the schema says of a field that is missing or wrong."""
    told = {"path": f"root.{path}", "reason": reason, "kind": "validation_error"}
    return Refused(400, "BAD_REQUEST", json.dumps(told))


def fields(body: Any, path: str = "", /, **kinds: type | tuple[type, ...] | frozenset[str]) -> dict[str, Any]:
    """A body of these fields, all of which it must have, and no others; a set names the values there are."""
    if not isinstance(body, dict):
        raise bad_field(path.rstrip("."), "bad_value_for_struct")
    for name, kind in kinds.items():
        if name not in body:
            raise bad_field(path + name, "required_field")
        if isinstance(kind, frozenset):
            if body[name] not in kind:
                raise bad_field(path + name, "not_a_enum_symbol")
        elif not isinstance(body[name], kind):
            raise bad_field(path + name, "expected_type")
    if unknown := body.keys() - kinds.keys():
        raise Refused(
            400, "BAD_REQUEST", json.dumps({"reason": "unknown_fields", "unknown": ",".join(sorted(unknown))})
        )
    return body


Answer = tuple[int, Any]
Route = tuple[str, re.Pattern[str], Callable[..., Answer]]


@dataclass
class FakeEmqx:
    """One EMQX; `calls` are all that came, by method and path, and `roles` are its API keys."""

    routes: list[Route] = field(default_factory=list)
    roles: dict[str, str] = field(
        default_factory=lambda: {KEY: "administrator", VIEWER: "viewer", PUBLISHER: "publisher"}
    )
    calls: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    @property
    def changes(self) -> list[tuple[str, str]]:
        """The calls that asked for a change."""
        return [(method, path) for method, path in self.calls if method != "GET"]

    def serve(self, *routes: tuple[str, str, Callable[..., Answer]]) -> None:
        """Answer these: a method, a path with names in braces, and what is called with the call and them."""
        for method, path, answer in routes:
            pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
            self.routes.append((method, pattern, answer))

    def environment(self, key: str = KEY, secret: str = SECRET) -> dict[str, str]:
        """The variables that lead there."""
        return {"EMQX_API_URL": self.url, "EMQX_API_KEY": key, "EMQX_API_SECRET": secret}

    def answer(self, call: Call, authorization: str) -> Answer:
        """The status and the body; None where there is none."""
        self._authorize(call, authorization)
        self.calls.append((call.method, call.path))
        for method, pattern, answer in self.routes:
            found = pattern.fullmatch(call.path)
            if method == call.method and found:
                names = {name: unquote(value) for name, value in found.groupdict().items()}
                return answer(call, **names)
        raise Refused(404, "API_NOT_EXIST", "Request path not found")

    def _authorize(self, call: Call, authorization: str) -> None:
        scheme, _, told = authorization.partition(" ")
        if scheme != "Basic":
            raise Refused(401, "AUTHORIZATION_HEADER_ERROR", "Missing authorization header.")
        try:
            key, _, secret = b64decode(told).decode().partition(":")
        except (BadBase64, UnicodeDecodeError):
            key, secret = "", ""
        if key not in self.roles or secret != SECRET:
            raise Refused(401, "BAD_API_KEY_OR_SECRET", "Check api_key/api_secret")
        role = self.roles[key]
        if role != "administrator" and (role != "viewer" or call.method != "GET"):
            message = "You don't have permission to access this resource"
            raise Refused(403, "UNAUTHORIZED_ROLE", message)


@contextmanager
def listening(emqx: FakeEmqx) -> Iterator[FakeEmqx]:
    """Have it listen on a loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            kind = self.headers.get("Content-Type", "")
            call = Call(self.command, parts.path.removeprefix(BASE), query, kind, raw)
            try:
                if not parts.path.startswith(BASE):
                    return self._send(200, "text/html", b"<!doctype html><title>Dashboard</title>")
                status, body = emqx.answer(call, self.headers.get("Authorization", ""))
            except Refused as why:
                status, body = why.status, why.body
            told = b"" if body is None else json.dumps(body).encode()
            return self._send(status, "application/json", told)

        def _send(self, status: int, kind: str, told: bytes) -> None:
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Not into the tests' output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        emqx.url = f"http://127.0.0.1:{server.server_port}{BASE}"
        yield emqx
        server.shutdown()
