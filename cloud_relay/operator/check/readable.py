"""EDGE. The settings as far as they can be read: a wrong one keeps nobody from looking at the rest."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from certifi import where

from cloud_relay.setting_reader import SettingsError
from cloud_relay.settings import Settings, read_settings


@dataclass(frozen=True)
class Readable:
    """The settings, with something harmless in the place of each that has a problem (name, text)."""

    settings: Settings
    problems: tuple[tuple[str, str], ...] = ()

    @property
    def unusable(self) -> frozenset[str]:
        """The variables that are not what the operator meant."""
        return frozenset(name for name, _ in self.problems)


def read_what_can_be(environment: Mapping[str, str]) -> Readable:
    """The settings in `environment`; each look says what it needs, so that nobody goes by a stop-gap."""
    problems: list[tuple[str, str]] = []
    usable = dict(environment)
    while True:
        try:
            return Readable(read_settings(usable), tuple(problems))
        except SettingsError as why:
            # One that is right only beside another shows its problem in the next round.
            problems += why.problems
            for name, _ in why.problems:
                usable[name] = _stop_gaps().get(name, "")


def _stop_gaps() -> dict[str, str]:
    offer = {"credits": 1, "amount": 100}
    return {
        "STRIPE_API_KEY": "sk_test_unset",
        "STRIPE_WEBHOOK_SECRET": "whsec_unset",
        "PRICE_ID": "price_unset",
        "MQTT_BROKER": "broker.invalid",
        "MQTT_USERNAME": "unset",
        "MQTT_PASSWORD": "unset",
        "MQTT_CA_FILE": where(),
        "RELAY_SECRET": secrets.token_hex(32),
        "RELAY_URL": "https://relay.invalid",
        "OFFERS": json.dumps({"currency": "usd", "offers": [offer]}),
    }
