"""Room for what matters: phones and cabinets never hold the threads that a webhook needs."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Blueprint, abort, g
from flask.typing import ResponseReturnValue

from cloud_relay.rules.language import marked

# Of the 48 threads of the documented server eight are left to webhooks, whatever the others do.
PHONES_AT_ONCE, MACHINES_AT_ONCE = 16, 24
AGAIN_AFTER_S = 2


class Room:
    """So many requests at once, of all routes that share it; more are asked to come again."""

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)

    def guard(self, routes: Blueprint) -> Blueprint:
        """Have the routes take their place before they do anything, and leave it whatever they did."""
        routes.before_request(self._enter)
        routes.teardown_request(self._leave)
        return routes

    def _enter(self) -> ResponseReturnValue | None:
        if not self._free.acquire(blocking=False):
            abort(503, marked("Too many ask at once. Nothing was charged. Please try again."))
        g.leave_room = self._free.release
        return None

    def _leave(self, _: BaseException | None) -> None:
        leave: Callable[[], None] | None = g.pop("leave_room", None)
        if leave is not None:
            leave()
