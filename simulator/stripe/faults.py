"""EDGE. Failures ordered in advance: server errors, rate limits, and answers that never come."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Literal

from simulator.stripe.model.errors import Refusal

Failure = Literal[500, 429, "lock_timeout", "timeout"]


@dataclass(frozen=True)
class Fault:
    """One ordered failure of the next `times` calls whose path begins with `path_prefix`.

    `after_work` fails only once the work is done, so that the answer is lost but not the deed. A
    "timeout" holds the connection for `hold_s` and then cuts it without an answer.
    """

    status: Failure
    path_prefix: str = "/v1/"
    method: str | None = None
    after_work: bool = False
    hold_s: float = 0.0
    times: int = 1

    def fits(self, method: str, path: str) -> bool:
        """Whether this call is to fail."""
        return path.startswith(self.path_prefix) and self.method in (None, method)


class Faults:
    """The failures still to come, first ordered first; for threads."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []
        self._lock = threading.Lock()
        self._released = threading.Event()
        self.page_takes_s = 0.0
        """How much longer than usual a page of a list or a search takes, from now on."""

    def order(self, fault: Fault) -> None:
        """Add failures behind those already ordered."""
        with self._lock:
            self._ordered.append(fault)

    def forget(self) -> None:
        """Take back every failure that has not happened yet."""
        with self._lock:
            self._ordered.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The failure for this call, which is thereby used up."""
        with self._lock:
            for at, fault in enumerate(self._ordered):
                if fault.fits(method, path):
                    left = replace(fault, times=fault.times - 1)
                    self._ordered[at : at + 1] = [left] if left.times > 0 else []
                    return fault
        return None

    def pause(self, seconds: float) -> None:
        """Keep a caller waiting so long, or until the stand-in stops."""
        if seconds > 0:
            self._released.wait(seconds)

    def release(self) -> None:
        """Let go of every caller that is kept waiting; none waits from now on."""
        self._released.set()


def server_error() -> Refusal:
    """The answer when something went wrong on Stripe's side."""
    return Refusal("Sorry, there was an error on Stripe's side.", status=500, type="api_error")


def rate_limited() -> Refusal:
    """The answer to one request too many."""
    return Refusal("Request rate limit exceeded.", "rate_limit", status=429)


def locked() -> Refusal:
    """The answer while somebody else is at work on the object."""
    message = (
        "This object cannot be accessed right now because another API request or Stripe process is currently "
        "accessing it. If you see this error intermittently, retry the request. If you see this error "
        "frequently and are making multiple concurrent requests to a single object, make your requests "
        "serially or at a lower rate."
    )
    return Refusal(message, "lock_timeout", status=429)
