"""A stand-in for EMQX's REST API, as far as its documentation says what the calls of emqx_rest.sh do."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote

KEY = "arcade-key:arcade-secret"
DATABASE = "/authorization/sources/built_in_database"


class Emqx:
    """What it was told: settings, sources in their order, and the rules by user; "" is all users."""

    def __init__(self) -> None:
        self.settings: list[str] = []
        self.no_match = "allow"
        self.sources: list[str] = ["file"]
        self.rules: dict[str, list[dict[str, Any]]] = {}
        self.url = ""

    def answer(self, method: str, path: str, kind: str, body: bytes) -> int:
        """The status of one call."""
        if (method, path, kind) == ("PUT", "/configs?mode=merge", "text/plain"):
            self.settings.append(body.decode())
            return 200
        if kind != "application/json":
            return 415
        return self._authorization(method, path, json.loads(body))

    def _authorization(self, method: str, path: str, told: dict[str, Any]) -> int:
        if (method, path) == ("PUT", "/authorization/settings"):
            assert told.keys() == {"no_match", "deny_action", "cache"}
            self.no_match = told["no_match"]
            return 200
        known = "built_in_database" in self.sources
        match method, path:
            case "POST", "/authorization/sources" if not known:
                self.sources.append(told["type"])
            case _ if not known:
                return 404
            case "PUT", p if p == DATABASE:
                assert told == {"type": "built_in_database", "enable": True}
            case "POST", p if p == f"{DATABASE}/move" and told == {"position": "front"}:
                self.sources.remove("built_in_database")
                self.sources.insert(0, "built_in_database")
            case "POST", p if p == f"{DATABASE}/rules/all":
                self.rules[""] = told["rules"]
            case "PUT", p if p.startswith(f"{DATABASE}/rules/users/") and unquote(p).endswith(
                f"/{told['username']}"
            ):
                self.rules[told["username"]] = told["rules"]
            case _:
                return 404
        return 204


@contextmanager
def emqx() -> Iterator[Emqx]:
    """One that listens on loopback, and knows one API key."""
    told = Emqx()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            scheme, _, key = self.headers.get("Authorization", "").partition(" ")
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_known = scheme == "Basic" and b64decode(key).decode() == KEY
            path = self.path.removeprefix("/api/v5")
            status = told.answer(self.command, path, self.headers["Content-Type"], body) if is_known else 401
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", "0")
            self.end_headers()

        do_PUT = do_POST = _answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Not into the tests' output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        told.url = f"http://127.0.0.1:{server.server_port}/api/v5"
        yield told
        server.shutdown()
