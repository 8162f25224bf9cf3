"""CORE. What is found of the relay's settings: each that is set, without its secret, and each problem."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from cloud_relay.pages.check.findings import Finding, note, ok, warning, wrong

_SETUP = "Run `python -m cloud_relay setup stripe`"
_AS_WRITTEN = "Write it as cloud_relay/README.md says, or leave it out."

REMEDIES = {
    "STRIPE_API_KEY": "Copy the secret or a restricted key from Stripe's Dashboard, Developers, API keys.",
    "STRIPE_WEBHOOK_SECRET": (
        f"{_SETUP}, or copy the endpoint's signing secret from Stripe's Dashboard, Developers, Webhooks."
    ),
    "PRICE_ID": f"{_SETUP}: it makes the price, or finds it.",
    "RELAY_URL": "Write the address that players' phones open, such as https://pay.example.com.",
    "MQTT_BROKER": "Write the broker's name alone, such as broker.example.com: no mqtts:// and no port.",
    "MQTT_PORT": "Write the port of the broker's TLS listener: 8884 with the shipped mosquitto.conf.",
    "MQTT_USERNAME": "Write the relay's own login at the broker: cloud.relay in the shipped rules.",
    "MQTT_PASSWORD": "Write the password of the relay's login at the broker.",
    "MQTT_CA_FILE": "Name the PEM file of the authority that signed the broker's certificate.",
    "RELAY_SECRET": "Make one with `openssl rand -hex 32`, once: machine tokens are made from it.",
    "OFFERS": "Write what the machines sell as JSON, and try it with `python -m cloud_relay offers`.",
    "OPERATOR_KEY": "Make one with `openssl rand -hex 32`, or leave it out.",
    "CREDIT_WINDOW_S": _AS_WRITTEN,
    "MIN_TOKEN_NUMBERS": _AS_WRITTEN,
    "FORMER_RELAY_TAGS": _AS_WRITTEN,
    "RELEASE_AFTER": _AS_WRITTEN,
    "TIDY_EVERY_S": _AS_WRITTEN,
    "UNTAGGED_PAYMENTS": _AS_WRITTEN,
    "CREDIT_AMOUNT": _AS_WRITTEN,
    "FRAME_ANCESTORS": _AS_WRITTEN,
    "TRUSTED_PROXIES": _AS_WRITTEN,
    "HALL_MACHINES": _AS_WRITTEN,
    "LOG_FORMAT": _AS_WRITTEN,
    "WORDS": _AS_WRITTEN,
    "STRIPE_PROXY": _AS_WRITTEN,
    "STAND_IN_STRIPE_URL": "Leave it out: it is for the demo and for tests.",
}
"""All variables of the relay, and what to do about one that is missing or wrong."""


def setting_findings(
    is_set: Mapping[str, str], problems: Sequence[tuple[str, str]], mistyped: Mapping[str, str]
) -> list[Finding]:
    """`is_set` are the variables with their texts; `mistyped` leads from a name to what it is nearly."""
    faulty = {name for name, _ in problems}
    found = [ok(f"{name}: {_shown(name, text)}") for name, text in is_set.items() if name not in faulty]
    found += [wrong(f"{name} {problem}", REMEDIES[name]) for name, problem in problems]
    found += [
        warning(f"{name} is set, which is no setting of the relay", f"Call it {meant}.")
        for name, meant in mistyped.items()
    ]
    at_default = [name for name in REMEDIES if name not in is_set and name not in faulty]
    return [*found, note(f"not set: {', '.join(at_default)}")] if at_default else found


def _shown(name: str, text: str) -> str:
    show = _SHOWN.get(name)
    return show(text) if show else f"{text:.80}"


def _hidden(text: str) -> str:
    return f"set, {len(text)} characters"


def _offers(text: str) -> str:
    """Of a setting that is right: its time zones are not looked up a second time."""
    root = json.loads(text)
    periods = _counted(len(root["periods"]), "period") if root.get("periods") else ""
    machines = _counted(len(root.get("machines", {})), "machine")
    return ", ".join(filter(None, (_counted(len(root["offers"]), "offer"), f"{machines} by name", periods)))


def _secrets(text: str) -> str:
    return _counted(len(text.split(",")), "secret")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


_SHOWN: dict[str, Callable[[str], str]] = {
    "STRIPE_API_KEY": lambda text: f"{text[:8]}...",
    "STRIPE_WEBHOOK_SECRET": _secrets,
    "MQTT_PASSWORD": lambda _: "set",
    "RELAY_SECRET": _hidden,
    "OPERATOR_KEY": _hidden,
    "OFFERS": _offers,
    # It may hold a password.
    "STRIPE_PROXY": lambda _: "set",
}
