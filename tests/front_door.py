"""What stands before a relay in the world: a proxy of our own, which does to requests what real ones do."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias

HOP_BY_HOP = {"connection", "content-length", "transfer-encoding", "server", "date", "host"}


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def without(self, name: str) -> Call:
        """The call, one header less."""
        return replace(self, headers={key: value for key, value in self.headers.items() if key != name})


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes = b""


Forward: TypeAlias = Callable[[Call], Reply]
Twist: TypeAlias = Callable[[Call, Forward], Reply]


def passes_on(call: Call, forward: Forward) -> Reply:
    """As it should be."""
    return forward(call)


def eats_signature(call: Call, forward: Forward) -> Reply:
    """A proxy that lets through only the headers that it knows."""
    return forward(call.without("Stripe-Signature"))


def eats_tokens(call: Call, forward: Forward) -> Reply:
    """A proxy that keeps Authorization for itself."""
    return forward(call.without("Authorization"))


def writes_json_anew(call: Call, forward: Forward) -> Reply:
    """A gateway with a mapping template."""
    return forward(replace(call, body=json.dumps(json.loads(call.body)).encode()) if call.body else call)


def eats_bodies(call: Call, forward: Forward) -> Reply:
    """A gateway with an integration that passes no body on."""
    return forward(replace(call, body=b""))


def lets_only_get_through(call: Call, forward: Forward) -> Reply:
    """A CDN as it is set up for a site that is only read."""
    return forward(call) if call.method == "GET" else Reply(403, {"Content-Type": "text/html"}, b"403")


def wants_a_login(call: Call, _: Forward) -> Reply:
    """Basic authentication, left over from the days of trying it out."""
    return Reply(401, {"WWW-Authenticate": "Basic"})


def another_program(call: Call, _: Forward) -> Reply:
    """The page that a fresh web server shows."""
    return Reply(200, {"Content-Type": "text/html"}, b"<h1>Welcome to nginx!</h1>")


def has_no_relay_behind_it(call: Call, _: Forward) -> Reply:
    """What nginx says when its upstream's port is wrong."""
    return Reply(502, {"Content-Type": "text/html"}, b"<h1>502 Bad Gateway</h1>")


def has_no_doors(call: Call, forward: Forward) -> Reply:
    """A proxy to which the paths were told one by one, and the doors not."""
    return Reply(404, {}) if call.path.startswith("/p/") else forward(call)


def strips_cache_control(call: Call, forward: Forward) -> Reply:
    """A proxy that has its own mind about caching."""
    reply = forward(call)
    kept = {name: value for name, value in reply.headers.items() if name != "Cache-Control"}
    return replace(reply, headers=kept)


def status_says(**fields: object) -> Twist:
    """A relay that says this of itself."""

    def twist(call: Call, forward: Forward) -> Reply:
        reply = forward(call)
        if call.path != "/status":
            return reply
        return replace(reply, body=json.dumps(json.loads(reply.body) | fields).encode())

    return twist


def sends_on_to(base: str) -> Twist:
    """A redirect, such as to the address with www."""
    return lambda call, _: Reply(301, {"Location": base + call.path})


def gateway(stage: str) -> Twist:
    """An API gateway that serves under its stage's name, and passes the paths on without it."""

    def twist(call: Call, forward: Forward) -> Reply:
        if not call.path.startswith(f"/{stage}/"):
            return Reply(404, {"Content-Type": "application/json"}, b'{"message":"Not Found"}')
        return forward(replace(call, path=call.path.removeprefix(f"/{stage}")))

    return twist


def caches() -> Twist:
    """A CDN that keeps what it has seen once."""
    kept: dict[str, Reply] = {}

    def twist(call: Call, forward: Forward) -> Reply:
        if call.method == "GET" and call.path in kept:
            reply = kept[call.path]
            return replace(reply, headers={**reply.headers, "X-Cache": "Hit from cloudfront", "Age": "7"})
        reply = forward(call)
        if call.method == "GET":
            kept[call.path] = reply
        return reply

    return twist


@contextmanager
def front_door(to: str, twist: Twist = passes_on, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A proxy on a loopback port before the relay at `to` (a base address); gives its own base address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Pass one request on."""
            self.pass_on()

        def do_POST(self) -> None:
            """Pass one request on."""
            self.pass_on()

        def pass_on(self) -> None:
            """In the proxy's own way."""
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = twist(Call(self.command, self.path, dict(self.headers.items()), body), forward_to(to))
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://localhost:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that does not trust the certificate hangs up: no need to say so."""


def forward_to(to: str) -> Forward:
    def forward(call: Call) -> Reply:
        connection = HTTPConnection(to.removeprefix("http://"), timeout=60)
        try:
            kept = {name: value for name, value in call.headers.items() if name.lower() not in HOP_BY_HOP}
            connection.request(call.method, call.path, call.body or None, kept)
            answered = connection.getresponse()
            headers = {name: value for name, value in answered.getheaders() if name.lower() not in HOP_BY_HOP}
            return Reply(answered.status, headers, answered.read())
        finally:
            connection.close()

    return forward
