"""EDGE. An answer as it goes over the wire, with Stripe's headers."""

from __future__ import annotations

import json
import secrets

from flask import Response, request
from werkzeug.http import http_date

from simulator.stripe.idempotency import Answer


def respond(answer: Answer, now_s: float) -> Response:
    """The HTTP answer to the current request; `now_s` is what Stripe's clock says."""
    response = Response(json.dumps(answer.body, indent=2), answer.status, content_type="application/json")
    headers = response.headers
    headers["Date"] = http_date(now_s)
    headers["Request-Id"] = f"req_{secrets.token_hex(7)}" if answer.replayed else _id_of(answer)
    if key := request.headers.get("Idempotency-Key"):
        headers["Idempotency-Key"] = key
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
        headers["Original-Request"] = _id_of(answer)
    if (should := _should_retry(answer)) is not None:
        headers["Stripe-Should-Retry"] = should
    return response


def _id_of(answer: Answer) -> str:
    return answer.request_id or f"req_{secrets.token_hex(7)}"


def _should_retry(answer: Answer) -> str | None:
    """What Stripe advises, where the status alone would not tell."""
    if answer.status == 409 or _is_locked(answer):
        return "true"
    if answer.status == 429 or (answer.status == 500 and request.method == "POST"):
        # Asking again at once would only add to the load, or bring the kept answer back.
        return "false"
    return None


def _is_locked(answer: Answer) -> bool:
    return answer.status == 429 and answer.body["error"].get("code") == "lock_timeout"
