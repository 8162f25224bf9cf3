"""Who may call: machine tokens and the operator's key, in the Authorization header."""

from __future__ import annotations

import hmac
from typing import Any

from flask import Request, abort, request

from cloud_relay.rules.orders import is_machine_id
from cloud_relay.settings import Settings
from cloud_relay.stripe.fitness import Fitness


def require_machine(settings: Settings, machine_id: object) -> str:
    """The machine's id, once the caller showed its token; else the request ends with 400 or 401."""
    machine_id = _machine_id(machine_id)
    if not settings.tokens.accepts(_bearer(request), machine_id):
        abort(401, f"Authorization: Bearer <token of {machine_id}> is missing, wrong or revoked")
    return machine_id


def require_operator_or_machine(settings: Settings, machine_id: object) -> str:
    """The machine's id, once the caller showed its token or the operator's key; else 400 or 401."""
    machine_id, key = _machine_id(machine_id), settings.operator_key
    if key is not None and hmac.compare_digest(key.encode(), _bearer(request).encode()):
        return machine_id
    return require_machine(settings, machine_id)


def require_operator(settings: Settings) -> None:
    """End the request with 401 unless the caller showed the operator's key; with 404 where there is none."""
    key = settings.operator_key
    if key is None:
        abort(404, "OPERATOR_KEY is not set: there is nothing here")
    if not hmac.compare_digest(key.encode(), _bearer(request).encode()):
        abort(401, "Authorization: Bearer <the OPERATOR_KEY> is missing or wrong")


def json_object() -> dict[str, Any]:
    """The request's body; anything but a JSON object ends the request with 400."""
    try:
        body = request.get_json(force=True, silent=True)
    except RecursionError:  # thousands of brackets
        body = None
    if not isinstance(body, dict):
        abort(400, "the body must be a JSON object")
    return body


def require_fitness(fitness: Fitness) -> None:
    """End the request with 409 while the relay could not settle what it sells.

    To a cabinet that is a refusal: it shows no QR, names the reason as a fault, and asks again within 30 s.
    """
    if troubles := fitness.troubles:
        abort(409, "the relay sells nothing: " + "; ".join(trouble.words for trouble in troubles))


def _machine_id(machine_id: object) -> str:
    if not isinstance(machine_id, str) or not is_machine_id(machine_id):
        abort(400, f"machine_id is {machine_id!r:.80}: 1 to 64 of A-Z a-z 0-9 _ -")
    return machine_id


def _bearer(call: Request) -> str:
    scheme, _, token = call.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
