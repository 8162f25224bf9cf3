"""CORE. What Stripe answers when it refuses: status, type, code, parameter and message."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
"""One JSON object as it goes over the wire."""


@dataclass(eq=False)  # not frozen: Python itself sets an exception's traceback
class Refusal(Exception):
    """One error answer of the API; `extra` are further fields of its `error` object."""

    message: str
    code: str | None = None
    param: str | None = None
    status: int = 400
    type: str = "invalid_request_error"
    extra: Json = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message

    def as_json(self) -> Json:
        """The body of the answer; fields without a value are left out, as Stripe does."""
        named = {"code": self.code, "message": self.message, "param": self.param, "type": self.type}
        if self.code is not None:
            named["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        return {"error": {**{k: v for k, v in named.items() if v is not None}, **self.extra}}


def missing_object(kind: str, object_id: str, *, param: str, status: int = 404) -> Refusal:
    """An id that names nothing: 404 where it stands in the path, 400 where it is a parameter."""
    return Refusal(f"No such {kind}: '{object_id}'", "resource_missing", param, status)


def unexpected_state(intent: Json, doing: str, allowed: str) -> Refusal:
    """A PaymentIntent that is not in a status in which this can be done; the error carries it."""
    could_not = f"This PaymentIntent could not be {doing}"
    if doing == "canceled":
        could_not = "You cannot cancel this PaymentIntent"
    message = (
        f"{could_not} because it has a status of {intent['status']}. "
        f"Only a PaymentIntent with one of the following statuses may be {doing}: {allowed}."
    )
    code = "payment_intent_unexpected_state"
    return Refusal(message, code, extra={"payment_intent": intent})
