"""EDGE. A harmless event, signed as Stripe signs: whoever takes it has the secret."""

from __future__ import annotations

import json
import ssl
from email.utils import parsedate_to_datetime

import stripe

from cloud_relay.operator.public.ask import ask
from cloud_relay.rules.setting_up.from_outside import Answer, Unreached

# A signature from the future would have the relay believe that its own clock is behind.
_SIGNED_AGO_S = 5


def date_s(answer: Answer, otherwise_s: float) -> float:
    """What the clock says there where this was answered."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError:
        return otherwise_s


class SignedEvent:
    """An event of a type that nobody knows, which a relay verifies, and then ignores.

    `status` is what the relay there answered just now, and `now_s` what the clock says here.
    """

    def __init__(self, status: Answer, now_s: float, *, livemode: bool) -> None:
        self._signed_s = int(min(now_s, date_s(status, now_s))) - _SIGNED_AGO_S
        self.body = _event(self._signed_s, livemode=livemode)

    def post(self, url: str, secret: str, trust: ssl.SSLContext) -> Answer | Unreached:
        """What the relay at that base address answers to it."""
        seal = stripe.WebhookSignature.generate_signature_header(self.body.decode(), secret, self._signed_s)
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": seal}
        return ask(f"{url}/addCredit", trust, method="POST", headers=headers, body=self.body)


def _event(now_s: int, *, livemode: bool) -> bytes:
    # Spaces and a letter beyond ASCII: a proxy that writes JSON anew cannot keep its length.
    event = {
        "id": "evt_cloudrelaycheck",
        "object": "event",
        "type": "cloud_relay.check",
        "created": now_s,
        "livemode": livemode,
        "data": {"object": {"said": "Prüfung"}},
    }
    return json.dumps(event, indent=3, ensure_ascii=False).encode()
