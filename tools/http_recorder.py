"""EDGE. Stands between two programs that speak HTTP, passes everything on, and keeps what was said."""

from __future__ import annotations

import http.client
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

ANSWER_WITHIN_S = 20.0
# They concern one connection and not the message.
HOP_HEADERS = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive"})


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, as they passed."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    status: int
    reason: str
    answer_headers: dict[str, str]
    answer: str


class HttpRecorder:
    """Listens on `port` of the loopback and carries on to `target_port`, which may be set later."""

    def __init__(self) -> None:
        self.target_port = 0
        self.exchanges: list[Exchange] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port: int = self._server.server_port

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name=f"recorder {self.port}", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """What to ask in place of the target."""
        return f"http://127.0.0.1:{self.port}"

    def that_said(self, *words: str) -> Exchange:
        """The first exchange whose request contains all of these words."""
        return next(
            each
            for each in self.exchanges
            if all(word in f"{each.method} {each.path}\n{each.body}" for word in words)
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._carry()

            def do_POST(self) -> None:
                self._carry()

            def log_message(self, *_: object) -> None:
                """Say nothing: what passed is in `exchanges`."""

            def _carry(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                exchange = recorder._ask(self.command, self.path, dict(self.headers), body.decode())
                recorder.exchanges.append(exchange)
                answer = exchange.answer.encode()
                self.send_response(exchange.status, exchange.reason)
                for name, value in exchange.answer_headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        return Handler

    def _ask(self, method: str, path: str, headers: dict[str, str], body: str) -> Exchange:
        link = http.client.HTTPConnection("127.0.0.1", self.target_port, timeout=ANSWER_WITHIN_S)
        try:
            link.request(method, path, body.encode(), headers)
            answer = link.getresponse()
            text = answer.read().decode()
        finally:
            link.close()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_HEADERS}
        return Exchange(method, path, headers, body, answer.status, answer.reason, kept, text)
