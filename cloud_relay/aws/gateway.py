"""EDGE. What an API Gateway says of a request, before the relay's own WSGI app."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def behind_a_gateway(app: WSGIApplication, root: str) -> WSGIApplication:
    """The app, told the path without what the gateway put before it, and who called by what it saw.

    `root` is the path of the relay's public address. For a REST API's events and a load balancer's,
    apig-wsgi takes the first address in X-Forwarded-For, which is whatever the caller wrote there.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        context = environ.get("apig_wsgi.request_context") or {}
        seen = context.get("http") or context.get("identity") or {}
        # An HTTP API puts a named stage before the path, and a REST API does not.
        stage = f"/{context.get('stage', '')}" if "http" in context else ""
        path = _without(environ["PATH_INFO"], stage, root)
        return app(
            {**environ, "PATH_INFO": path, "REMOTE_ADDR": str(seen.get("sourceIp", ""))}, start_response
        )

    return answer


def _without(path: str, *prefixes: str) -> str:
    """The path without the first prefix that it has: a stage's name, or a custom domain's mapping."""
    for prefix in prefixes:
        if prefix and path.startswith(f"{prefix}/"):
            return path.removeprefix(prefix)
    return path
