"""EDGE. One attempt to deliver an event: signed, POSTed, and noted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import requests
from stripe import WebhookSignature

from simulator.stripe.model.objects.table import Event, WebhookEndpoint

ANSWER_WITHIN_S = 10.0


@dataclass(frozen=True)
class Delivery:
    """One attempt to deliver an event; without an answer there is an `error` instead of a status.

    The times are Unix seconds of this machine; `happened_at_s` is when the event came here to be sent.
    """

    event_id: str
    event_type: str
    attempt: int
    status_code: int | None
    error: str | None
    happened_at_s: float
    sent_at_s: float
    answered_at_s: float
    endpoint_id: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the receiver took it, so that it is not sent again."""
        return self.status_code is not None and 200 <= self.status_code < 300


@dataclass(frozen=True)
class Letter:
    """An event on its way to one endpoint, for the `attempt`-th time; `first_s` is when the first was due."""

    event: Event
    endpoint_id: str
    attempt: int
    first_s: float


class Postman:
    """Delivers letters over one connection that is kept; `clock` is Stripe's, by which it signs."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._session = requests.Session()

    def deliver(self, letter: Letter, endpoint: WebhookEndpoint, happened_at_s: float) -> Delivery:
        """Send it once; no answer in time, or none at all, is an answer too."""
        event, sent_at_s = letter.event, time.time()
        status, error = None, None
        try:
            status = self._post(event, endpoint)
        except requests.RequestException as problem:
            error = type(problem).__name__
        return Delivery(
            event.id,
            event.type,
            letter.attempt,
            status,
            error,
            happened_at_s,
            sent_at_s,
            time.time(),
            endpoint.id,
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def _post(self, event: Event, endpoint: WebhookEndpoint) -> int:
        body = json.dumps(event.as_json(endpoint.api_version), indent=2)
        seal = WebhookSignature.generate_signature_header(body, endpoint.secret, int(self._clock()))
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": seal}
        answer = self._session.post(
            endpoint.url or "", body.encode(), headers=headers, timeout=ANSWER_WITHIN_S, allow_redirects=False
        )
        return answer.status_code
