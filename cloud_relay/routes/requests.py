"""One line for each request, by its route: an address, and who asked, are nobody's business."""

from __future__ import annotations

import time

from flask import Flask, Response, g, request

from cloud_relay.relay import Relay
from cloud_relay.rules.log_events import request_answered
from cloud_relay.watching.teller import ms_since

NO_ROUTE, OTHER_METHOD = "none", "other"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def tell_requests(app: Flask, relay: Relay) -> None:
    """Have each answer told, with its time."""

    def begin() -> None:
        g.began_s = time.monotonic()

    def tell(response: Response) -> Response:
        # Anybody can make up methods and addresses: neither a line nor a figure may be theirs.
        method = request.method if request.method in _METHODS else OTHER_METHOD
        route = request.url_rule.rule if request.url_rule else NO_ROUTE
        relay.tell(request_answered(method, route, response.status_code, ms_since(g.began_s)))
        return response

    app.before_request(begin)
    app.after_request(tell)


def request_began_s() -> float:
    """When the request came, by the monotonic clock."""
    began_s: float = g.began_s
    return began_s
