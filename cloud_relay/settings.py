"""The relay's settings: from the environment to a frozen value, or every problem at once."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self, TypeVar, cast
from urllib.parse import SplitResult, urlsplit

from cloud_relay.rules.orders import Ownership, is_machine_id
from cloud_relay.rules.phones.limits import HALL_MACHINES, MOST_HALL_MACHINES
from cloud_relay.rules.selling.offers_setting import read_offers
from cloud_relay.rules.selling.on_sale import Offers
from cloud_relay.rules.tokens import TokenBook, relay_tag
from cloud_relay.zones import zone_named

CA_FILE_BESIDE_THE_APP = Path(__file__).parent / "ca.crt"
EX_CONFIG = 78  # sysexits.h: what a program ends with when its configuration is wrong
_LEAST_SECRET_LENGTH = 32
_HOUR_S = 3600
# A receipt may come the next morning; and a card's reservation lapses after seven days.
_LEAST_RELEASE_AFTER_S, _MOST_RELEASE_AFTER_S = _HOUR_S, 6 * 24 * _HOUR_S
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_OWN_PATHS = ("/addCredit", "/status", "/p", "/thanks")

T = TypeVar("T")


class SettingsError(ValueError):
    """The environment is not usable; the message lists every problem, each with its remedy.

    `problems` are the same by variable: its name, and what is wrong with it.
    """

    problems: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, problems: Sequence[tuple[str, str]]) -> Self:
        """All of these problems, each by its variable."""
        lines = (f"  {name}: {problem}" for name, problem in problems)
        made = cls("\n".join(["The relay's environment is not usable:", *lines]))
        made.problems = tuple(problems)
        return made


@dataclass(frozen=True)
class MqttSettings:
    """How to reach the broker; `ca_file` None means the system's certificate authorities."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    ca_file: Path | None


@dataclass(frozen=True)
class StripeSettings:
    """How to reach Stripe, and through which proxy; `stand_in_url` only in the demo and in tests."""

    api_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    default_price_id: str
    stand_in_url: str | None
    proxy: str | None = field(default=None, repr=False)
    ownership: Ownership = field(default_factory=lambda: Ownership(tag=""))

    @property
    def livemode(self) -> bool:
        """Whether the key moves real money."""
        return "_live_" in self.api_key[:8]


@dataclass(frozen=True)
class Settings:
    """Everything that the relay takes from outside. Secrets never show in its repr."""

    url: str
    mqtt: MqttSettings
    stripe: StripeSettings
    tokens: TokenBook
    operator_key: str | None = field(repr=False)
    offers: Offers
    credit_window_s: int
    credit_amount: int
    release_after_s: int
    tidy_every_s: int
    frame_ancestors: str
    trusted_proxies: int = 0
    hall_machines: int = HALL_MACHINES
    log_format: str | None = None

    @property
    def root(self) -> str:
        """What lies before every path: `/prod` where the relay is at https://example.com/prod, or nothing."""
        return urlsplit(self.url).path

    def door_url(self, machine_id: str) -> str:
        """The address in the machine's QR code."""
        return f"{self.url}/p/{machine_id}"

    def door_path(self, machine_id: str) -> str:
        """The door's place on the relay's own name, as browsers see it: a cookie's, and a form's."""
        return f"{self.root}/p/{machine_id}"

    @property
    def webhook_url(self) -> str:
        """Where Stripe sends its events."""
        return f"{self.url}/addCredit"

    @property
    def thanks_url(self) -> str:
        """Where Stripe sends the player after paying; Stripe fills in the session."""
        return self.url + "/thanks?s={CHECKOUT_SESSION_ID}"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`.

    Raises:
        SettingsError: names every variable that is missing or wrong.
    """
    reader = _Reader(environment)
    stripe = _stripe_settings(reader)
    url = reader.read("RELAY_URL", _base_url(loopback_only=stripe.stand_in_url is None))
    mqtt, tokens = _mqtt_settings(reader), _token_book(reader)
    settings = Settings(
        url=url,
        mqtt=mqtt,
        stripe=replace(stripe, ownership=_ownership(reader, tokens)),
        tokens=tokens,
        operator_key=reader.read("OPERATOR_KEY", _long_secret) if "OPERATOR_KEY" in reader else None,
        offers=reader.read("OFFERS", _offers),
        credit_window_s=reader.read("CREDIT_WINDOW_S", _whole_number(60, 3600), "180"),
        credit_amount=reader.read("CREDIT_AMOUNT", _whole_number(1, 1_000_000), "100"),
        release_after_s=reader.read("RELEASE_AFTER", _release_after_s, "72h"),
        tidy_every_s=reader.read("TIDY_EVERY_S", _whole_number(0, _HOUR_S), "60"),
        frame_ancestors=reader.read("FRAME_ANCESTORS", _frame_ancestors, "'none'"),
        trusted_proxies=reader.read("TRUSTED_PROXIES", _whole_number(0, 5), "0"),
        hall_machines=reader.read("HALL_MACHINES", _whole_number(1, MOST_HALL_MACHINES), str(HALL_MACHINES)),
        log_format=reader.read("LOG_FORMAT", _one_of("json", "text")) if "LOG_FORMAT" in reader else None,
    )
    reader.finish()
    return settings


@dataclass(frozen=True)
class SetupSettings:
    """What setting Stripe up takes; `stripe` may lack the webhook's secrets and the price, which it makes."""

    url: str
    stripe: StripeSettings
    offers: Offers
    credit_amount: int | None


def read_setup_settings(environment: Mapping[str, str]) -> SetupSettings:
    """Only what setting Stripe up takes.

    Raises:
        SettingsError: as `read_settings` does, for these variables.
    """
    reader = _Reader(environment)
    stripe = _stripe_settings(reader, is_made=False)
    amount = _whole_number(1, 1_000_000)
    settings = SetupSettings(
        reader.read("RELAY_URL", _base_url(loopback_only=stripe.stand_in_url is None)),
        stripe,
        reader.read("OFFERS", _offers),
        reader.read("CREDIT_AMOUNT", amount) if "CREDIT_AMOUNT" in reader else None,
    )
    reader.finish()
    return settings


def read_token_book(environment: Mapping[str, str]) -> TokenBook:
    """Only what issues machine tokens.

    Raises:
        SettingsError: as `read_settings` does, for these variables.
    """
    reader = _Reader(environment)
    tokens = _token_book(reader)
    reader.finish()
    return tokens


def read_offer_list(environment: Mapping[str, str]) -> Offers:
    """Only what is sold, and for how much.

    Raises:
        SettingsError: as `read_settings` does, for this variable.
    """
    reader = _Reader(environment)
    offers = reader.read("OFFERS", _offers)
    reader.finish()
    return offers


def _offers(text: str) -> Offers:
    return read_offers(text, zone_named)


def _token_book(reader: _Reader) -> TokenBook:
    secrets = reader.read("RELAY_SECRET", _relay_secrets) or ("",)
    numbers = reader.read("MIN_TOKEN_NUMBERS", _token_numbers, "{}")
    return TokenBook(secrets[0], numbers, *secrets[1:])


def _stripe_settings(reader: _Reader, *, is_made: bool = True) -> StripeSettings:
    """What is read of Stripe; before it `is_made`, the webhook's secret and the price may be missing."""
    key = reader.read("STRIPE_API_KEY", _api_key)
    stand_in = (
        reader.read("STAND_IN_STRIPE_URL", _stand_in_url(key)) if "STAND_IN_STRIPE_URL" in reader else None
    )
    return StripeSettings(
        api_key=key,
        webhook_secrets=(
            reader.read("STRIPE_WEBHOOK_SECRET", _webhook_secrets)
            if is_made or "STRIPE_WEBHOOK_SECRET" in reader
            else ()
        ),
        default_price_id=(
            reader.read("PRICE_ID", _matching(r"price_\w+", "price_..."))
            if is_made or "PRICE_ID" in reader
            else ""
        ),
        stand_in_url=stand_in,
        proxy=reader.read("STRIPE_PROXY", _proxy) if "STRIPE_PROXY" in reader else None,
    )


def _ownership(reader: _Reader, tokens: TokenBook) -> Ownership:
    untagged = reader.read("UNTAGGED_PAYMENTS", _one_of("ours", "leave"), "ours")
    named = reader.read("FORMER_RELAY_TAGS", _tags) if "FORMER_RELAY_TAGS" in reader else ()
    tags = dict.fromkeys([*map(relay_tag, (tokens.sealing_secret, *tokens.secrets)), *named])
    tag, *others = tags
    return Ownership(tag, takes_untagged=untagged == "ours", other_tags=tuple(others))


def _mqtt_settings(reader: _Reader) -> MqttSettings:
    return MqttSettings(
        host=reader.read("MQTT_BROKER", _host),
        port=reader.read("MQTT_PORT", _whole_number(1, 65535), "8883"),
        username=reader.read("MQTT_USERNAME", str),
        password=reader.read("MQTT_PASSWORD", str),
        ca_file=_ca_file(reader),
    )


def _ca_file(reader: _Reader) -> Path | None:
    if "MQTT_CA_FILE" not in reader and not CA_FILE_BESIDE_THE_APP.is_file():
        return None
    return reader.read("MQTT_CA_FILE", _certificates, str(CA_FILE_BESIDE_THE_APP))


class _Reader:
    """Reads one variable after the other, and keeps every problem."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._problems: list[tuple[str, str]] = []

    def __contains__(self, name: str) -> bool:
        return bool(self._environment.get(name, "").strip())

    def read(self, name: str, parse: Callable[[str], T], default: str = "") -> T:
        """The variable's value; after a problem an empty one, which `finish` keeps from callers."""
        text = self._environment.get(name, "").strip() or default
        try:
            if not text:
                raise ValueError(NOT_SET)
            return parse(text)
        except ValueError as why:
            found = [_QUOTED] if _is_quoted(text) else str(why).splitlines()
            self._problems += ((name, problem) for problem in found)
            return cast(T, "")

    def finish(self) -> None:
        """Raise SettingsError if there was any problem."""
        if self._problems:
            raise SettingsError.of(self._problems)


NOT_SET = "is not set"
# A shell takes them off, `docker --env-file` and the consoles of clouds do not.
_QUOTED = "has quotation marks around it, which are part of the value: write it without them"


def _is_quoted(text: str) -> bool:
    return len(text) > 1 and text[0] == text[-1] and text[0] in "'\""


def _matching(pattern: str, example: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(f"does not look like {example}")
        return text

    return parse


def _api_key(text: str) -> str:
    if text.startswith("pk_"):
        raise ValueError(
            "is a publishable key: the relay needs the secret one, sk_..., or a restricted rk_..."
        )
    return _matching(r"(sk|rk)_(test|live)_\w+", "sk_test_...")(text)


def _host(text: str) -> str:
    if re.fullmatch(r"[\w.-]+:[0-9]+", text):
        raise ValueError(f"is {text!r:.80}: write the port into MQTT_PORT")
    return _matching(r"[\w.:-]+", "broker.example.com")(text)


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"is {text!r:.80}: write {' or '.join(words)}")
        return text

    return parse


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
            raise ValueError(f"is {text!r}: write a whole number, {least} to {most}")
        return int(text)

    return parse


def _release_after_s(text: str) -> int:
    parts = re.fullmatch(r"([0-9]{1,9})(h?)", text)
    seconds = int(parts[1]) * (_HOUR_S if parts[2] else 1) if parts else 0
    if not _LEAST_RELEASE_AFTER_S <= seconds <= _MOST_RELEASE_AFTER_S:
        raise ValueError(f"is {text!r:.80}: write hours such as 72h, or seconds, from 1h to 144h")
    return seconds


def _long_secret(text: str) -> str:
    if len(text) < _LEAST_SECRET_LENGTH:
        raise ValueError(
            f"has {len(text)} characters, fewer than {_LEAST_SECRET_LENGTH}: "
            "make one with `openssl rand -hex 32`"
        )
    return text


def _relay_secrets(text: str) -> tuple[str, ...]:
    secrets = tuple(_long_secret(part.strip()) for part in text.split(","))
    if len(secrets) > 2 or len(set(secrets)) < len(secrets):
        raise ValueError("names more than two secrets, or one twice: while it is changed, write new,old")
    return secrets


def _tags(text: str) -> tuple[str, ...]:
    tags = tuple(part.strip() for part in text.split(","))
    if not all(re.fullmatch(r"[0-9a-f]{16}", tag) for tag in tags):
        raise ValueError(
            "holds what is no tag: write what `python -m cloud_relay rotate relay-secret` named, 16 of "
            "0-9 a-f, several with commas between"
        )
    return tags


def _webhook_secrets(text: str) -> tuple[str, ...]:
    secrets = tuple(part.strip() for part in text.split(","))
    if not all(re.fullmatch(r"whsec_\S+", secret) for secret in secrets):
        raise ValueError("does not look like whsec_..., or two of them with a comma between")
    return secrets


def _base_url(*, loopback_only: bool) -> Callable[[str], str]:
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


def _stand_in_url(api_key: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if "_test_" not in api_key[:8]:
            raise ValueError("goes only with a test key (sk_test_...): unset it to take real money")
        if urlsplit(text).scheme not in ("http", "https"):
            raise ValueError(f"is {text!r}: write an address such as http://127.0.0.1:12111")
        return text

    return parse


def _proxy(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise ValueError("write the proxy's address alone, such as http://proxy.example.com:3128")
    return text


def _certificates(text: str) -> Path:
    if not Path(text).is_file():
        raise ValueError(f"is {text!r}, which is no file: unset it to trust the system's authorities")
    try:
        ssl.create_default_context(cafile=text)
    except OSError as why:  # among them ssl.SSLError
        raise ValueError(
            f"is {text!r}, which holds no certificate that can be read ({why}): name a PEM file"
        ) from None
    return Path(text)


def _token_numbers(text: str) -> dict[str, int]:
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


def _frame_ancestors(text: str) -> str:
    if re.fullmatch(r"[ -:<-~]+", text) is None or "," in text:
        raise ValueError("may not contain ; or , or line breaks: it is part of a header")
    return text
