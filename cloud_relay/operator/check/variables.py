"""EDGE. Checks the relay's variables: each as it is set, and names that are nearly one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from cloud_relay.operator.check.readable import Readable
from cloud_relay.pages.check.findings import Finding
from cloud_relay.pages.check.setting_findings import REMEDIES, setting_findings

_NEAR = 0.85
# What other programs and examples call them.
_CALLED_ELSEWHERE = {
    "STRIPE_SECRET_KEY": "STRIPE_API_KEY",
    "STRIPE_KEY": "STRIPE_API_KEY",
    "WEBHOOK_SECRET": "STRIPE_WEBHOOK_SECRET",
    "STRIPE_PRICE_ID": "PRICE_ID",
    "MQTT_HOST": "MQTT_BROKER",
    "MQTT_USER": "MQTT_USERNAME",
    "MQTT_PASS": "MQTT_PASSWORD",
    "BASE_URL": "RELAY_URL",
}


def check_variables(environment: Mapping[str, str], readable: Readable) -> list[Finding]:
    """Every variable that is set, every problem, and names that somebody may have mistyped."""
    is_set = {name: environment[name].strip() for name in REMEDIES if environment.get(name, "").strip()}
    return setting_findings(is_set, readable.problems, dict(_mistyped(environment, is_set)))


def _mistyped(environment: Mapping[str, str], is_set: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in sorted(environment.keys() - REMEDIES.keys()):
        near = get_close_matches(name.upper(), REMEDIES, 1, _NEAR)
        meant = _CALLED_ELSEWHERE.get(name) or (near[0] if near else None)
        if meant is not None and meant not in is_set:
            yield name, meant
