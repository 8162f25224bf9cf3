"""What the text of a setting may be: a parser for each kind; its ValueError says what to write instead."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from cloud_relay.rules.orders import is_machine_id

_LEAST_SECRET_LENGTH = 32
_HOUR_S = 3600
# A receipt may come the next morning; and a card's reservation lapses after seven days.
_LEAST_RELEASE_AFTER_S, _MOST_RELEASE_AFTER_S = _HOUR_S, 6 * 24 * _HOUR_S
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_OWN_PATHS = ("/addCredit", "/status", "/p", "/thanks")


def matching(pattern: str, example: str) -> Callable[[str], str]:
    """Any text of this pattern, which the example shows."""

    def parse(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(f"does not look like {example}")
        return text

    return parse


def api_key(text: str) -> str:
    """Stripe's secret key, or a restricted one."""
    if text.startswith("pk_"):
        raise ValueError(
            "is a publishable key: the relay needs the secret one, sk_..., or a restricted rk_..."
        )
    return matching(r"(sk|rk)_(test|live)_\w+", "sk_test_...")(text)


def host(text: str) -> str:
    """A machine's name or address, without a port."""
    if re.fullmatch(r"[\w.-]+:[0-9]+", text):
        raise ValueError(f"is {text!r:.80}: write the port into MQTT_PORT")
    return matching(r"[\w.:-]+", "broker.example.com")(text)


def one_of(*words: str) -> Callable[[str], str]:
    """One of these words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"is {text!r:.80}: write {' or '.join(words)}")
        return text

    return parse


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A whole number of this range."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
            raise ValueError(f"is {text!r}: write a whole number, {least} to {most}")
        return int(text)

    return parse


def release_after_s(text: str) -> int:
    """Seconds, from hours as `72h` or from seconds."""
    parts = re.fullmatch(r"([0-9]{1,9})(h?)", text)
    seconds = int(parts[1]) * (_HOUR_S if parts[2] else 1) if parts else 0
    if not _LEAST_RELEASE_AFTER_S <= seconds <= _MOST_RELEASE_AFTER_S:
        raise ValueError(f"is {text!r:.80}: write hours such as 72h, or seconds, from 1h to 144h")
    return seconds


def long_secret(text: str) -> str:
    """A secret that nobody can guess."""
    if len(text) < _LEAST_SECRET_LENGTH:
        raise ValueError(
            f"has {len(text)} characters, fewer than {_LEAST_SECRET_LENGTH}: "
            "make one with `openssl rand -hex 32`"
        )
    return text


def relay_secrets(text: str) -> tuple[str, ...]:
    """The relay's secret; or the new one and the old one."""
    secrets = tuple(long_secret(part.strip()) for part in text.split(","))
    if len(secrets) > 2 or len(set(secrets)) < len(secrets):
        raise ValueError("names more than two secrets, or one twice: while it is changed, write new,old")
    return secrets


def tags(text: str) -> tuple[str, ...]:
    """Tags of relays, with commas between."""
    tags = tuple(part.strip() for part in text.split(","))
    if not all(re.fullmatch(r"[0-9a-f]{16}", tag) for tag in tags):
        raise ValueError(
            "holds what is no tag: write what `python -m cloud_relay rotate relay-secret` named, 16 of "
            "0-9 a-f, several with commas between"
        )
    return tags


def webhook_secrets(text: str) -> tuple[str, ...]:
    """The webhook's secret, or two."""
    secrets = tuple(part.strip() for part in text.split(","))
    if not all(re.fullmatch(r"whsec_\S+", secret) for secret in secrets):
        raise ValueError("does not look like whsec_..., or two of them with a comma between")
    return secrets


def base_url(*, loopback_only: bool) -> Callable[[str], str]:
    """The relay's public address; with `loopback_only`, http leads to this machine alone."""

    def parse(text: str) -> str:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and parts.hostname and _has_port(parts)
        if parts.username is not None:  # and perhaps a password, which no message may show
            raise ValueError("has a login in it: leave that out")
        if not is_address or parts.query or parts.fragment:
            raise ValueError(f"is {text!r}: write an address such as https://pay.example.com")
        if parts.scheme == "http" and loopback_only and parts.hostname not in LOOPBACK:
            raise ValueError(f"is {text!r}: write https, players pay through it")
        if parts.path.endswith(_OWN_PATHS):
            raise ValueError(f"is {text!r}: leave out what the relay adds itself, such as /addCredit")
        return text.rstrip("/")

    return parse


def _has_port(parts: SplitResult) -> bool:
    """Whether the port, if one is named, is any."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def stand_in_url(api_key: str) -> Callable[[str], str]:
    """The address of a stand-in for Stripe, which goes with a test key."""

    def parse(text: str) -> str:
        if "_test_" not in api_key[:8]:
            raise ValueError("goes only with a test key (sk_test_...): unset it to take real money")
        if urlsplit(text).scheme not in ("http", "https"):
            raise ValueError(f"is {text!r}: write an address such as http://127.0.0.1:12111")
        return text

    return parse


def proxy(text: str) -> str:
    """An HTTP proxy's address."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise ValueError("write the proxy's address alone, such as http://proxy.example.com:3128")
    return text


def certificates(text: str) -> Path:
    """A file of certificates that can be read."""
    if not Path(text).is_file():
        raise ValueError(f"is {text!r}, which is no file: unset it to trust the system's authorities")
    try:
        ssl.create_default_context(cafile=text)
    except OSError as why:  # among them ssl.SSLError
        raise ValueError(
            f"is {text!r}, which holds no certificate that can be read ({why}): name a PEM file"
        ) from None
    return Path(text)


def token_numbers(text: str) -> dict[str, int]:
    """Each machine's smallest number of a token that is not revoked."""
    remedy = 'write a JSON object such as {"galaga-01": 2}'
    try:
        numbers = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        raise ValueError(f"is not JSON: {remedy}") from None
    if not isinstance(numbers, dict):
        raise ValueError(f"is no JSON object: {remedy}")
    for machine_id, number in numbers.items():
        if not is_machine_id(machine_id) or type(number) is not int or number < 1:
            raise ValueError(f"has {machine_id!r:.80}: {number!r:.80}: {remedy}")
    return numbers


def frame_ancestors(text: str) -> str:
    """Who may frame the pages, in the words of a Content-Security-Policy."""
    if re.fullmatch(r"[ -:<-~]+", text) is None or "," in text:
        raise ValueError("may not contain ; or , or line breaks: it is part of a header")
    return text
