"""CORE. Events, told in the words of the API version that their reader speaks."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.stripe.model.errors import Json
from simulator.stripe.model.objects.charges import Charge
from simulator.stripe.model.objects.intents import PaymentIntent

BASIL = "2025-03-31"
"""Since this version a capture or a cancel makes no refund, and a lapsed reservation is `expired`."""


@dataclass(frozen=True)
class Event:
    """Something that happened, with its object as it was then.

    `older` is that object as a version before BASIL tells it; `only_older` events happen in such a version
    only.
    """

    id: str
    created: int
    type: str
    api_version: str
    object: Json
    older: Json
    only_older: bool = False

    def exists_in(self, api_version: str) -> bool:
        """Whether this event happens at all for a reader of that version."""
        return not self.only_older or api_version < BASIL

    def as_json(self, api_version: str | None = None) -> Json:
        """The API's object, which is also the body of the webhook; by default in the account's version."""
        version = api_version or self.api_version
        return {
            "id": self.id,
            "object": "event",
            "api_version": version,
            "created": self.created,
            "data": {"object": self.older if version < BASIL else self.object},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": self.type,
        }


def as_before_basil(thing: object, told: Json) -> Json:
    """An object as the older versions told it: what was released counts as refunded."""
    if isinstance(thing, Charge):
        refunded = thing.amount_refunded + thing.released
        return {**told, "amount_refunded": refunded, "refunded": refunded == thing.amount}
    if isinstance(thing, PaymentIntent) and thing.cancellation_reason == "expired":
        return {**told, "cancellation_reason": "automatic"}
    if told["object"] == "checkout.session":
        return {**told, "ui_mode": "hosted"}
    return told
