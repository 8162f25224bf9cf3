"""EDGE. Checks the relay's public address from outside, and lets it verify what was signed here."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import urlsplit

from cloud_relay import __version__
from cloud_relay.operator.public.ask import ask, phones_trust
from cloud_relay.operator.public.signed_event import SignedEvent, date_s
from cloud_relay.pages.check.findings import Finding, note, wrong
from cloud_relay.pages.check.outside_findings import (
    broker_finding,
    door_finding,
    refusal_finding,
    relay_findings,
    unreached_finding,
)
from cloud_relay.pages.check.round_trip_findings import secret_findings, token_finding
from cloud_relay.pages.check.tidy_findings import tidy_finding
from cloud_relay.relay import Relay
from cloud_relay.rules.setting_up.from_outside import Answer, Unreached
from cloud_relay.setting_texts import LOOPBACK
from cloud_relay.stripe.account import StripeAccount

NO_MACHINE = "cloud-relay-check"
_UNREACHED = note("not looked at: the relay was not reached")


class Outside:
    """The relay at its public address; each `look` is one part of the check, and /status is asked once.

    `is_demo`: Stripe is a stand-in on this machine, and no phone has to reach the relay.
    """

    def __init__(self, url: str, trust: ssl.SSLContext | None, *, is_demo: bool) -> None:
        self._url = url
        self._is_demo = is_demo
        self._trust = trust or phones_trust()

    @cached_property
    def _status(self) -> Answer | Unreached:
        return ask(f"{self._url}/status", self._trust)

    @property
    def _relays_status(self) -> Answer | None:
        answer = self._status
        return answer if isinstance(answer, Answer) and answer.is_status_of_a_relay else None

    def look(self, relay: Relay, _: StripeAccount) -> list[Finding]:
        """Whether it is reached there, and what stands between."""
        if urlsplit(self._url).hostname in LOOPBACK and not self._is_demo:
            remedy = "Write the address that players' phones and Stripe reach into RELAY_URL."
            return [wrong(f"RELAY_URL is {self._url}, which only this machine reaches", remedy)]
        return list(self._findings(relay))

    def _findings(self, relay: Relay) -> Iterator[Finding]:
        answer = self._status
        if isinstance(answer, Unreached):
            parts = urlsplit(self._url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            yield unreached_finding(parts.hostname or "", port, answer)
            return
        if self._relays_status is None:
            yield refusal_finding(self._url, answer, self._elsewhere())
            return
        again = ask(f"{self._url}/status", self._trust)
        answers = (answer, again) if isinstance(again, Answer) else (answer,)
        yield from relay_findings(self._url, answers, __version__, relay.clock())
        yield from filter(None, [broker_finding(answers[-1])])
        yield door_finding(ask(f"{self._url}/p/{NO_MACHINE}", self._trust))

    def _elsewhere(self) -> str | None:
        """The address without its path, where that is the relay's."""
        root = urlsplit(self._url)._replace(path="").geturl()
        answer = ask(f"{root}/status", self._trust) if root != self._url else None
        return root if isinstance(answer, Answer) and answer.is_status_of_a_relay else None

    def look_at_secret(self, relay: Relay, _: StripeAccount) -> list[Finding]:
        """Whether it believes what is signed with our webhook secrets."""
        if (status := self._relays_status) is None:
            return [_UNREACHED]
        event = SignedEvent(status, relay.clock(), livemode=relay.settings.stripe.livemode)
        secrets = relay.settings.stripe.webhook_secrets
        return secret_findings(
            [event.post(self._url, each, self._trust) for each in secrets], len(event.body)
        )

    def look_at_tokens(self, relay: Relay, _: StripeAccount) -> list[Finding]:
        """Whether it takes a machine token that is made with our secret."""
        if self._relays_status is None:
            return [_UNREACHED]
        token = {"Authorization": f"Bearer {relay.settings.tokens.issue(NO_MACHINE)}"}
        return [token_finding(ask(f"{self._url}/machines/{NO_MACHINE}/offer", self._trust, headers=token))]

    def look_at_tidy(self, relay: Relay, _: StripeAccount) -> list[Finding]:
        """When it last tidied, as far as it says."""
        if (status := self._relays_status) is None:
            return [_UNREACHED]
        return [tidy_finding(status.fields, date_s(status, relay.clock()))]
