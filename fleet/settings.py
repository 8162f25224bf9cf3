"""The fleet's settings: from the environment to a frozen value, or every problem at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.engine import URL

from cloud_relay import setting_texts as texts
from cloud_relay.setting_reader import SettingReader
from cloud_relay.zones import zone_named
from fleet.book.database.engine import read_url

DATABASE = "sqlite:////var/lib/arcade-fleet/book.sqlite"
LOGIN = "cloud.fleet"


@dataclass(frozen=True)
class MqttSettings:
    """How to reach the broker; `ca_file` None means the system's certificate authorities.

    `share` is the name under which several ingesters share the cabinets' messages; None for one alone.
    """

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    ca_file: Path | None
    share: str | None = None


@dataclass(frozen=True)
class StripeSettings:
    """How the other book is read: a key that can only read; `relay_tags` say which payments are ours.

    `stand_in_url` only in the demo and in tests.
    """

    read_key: str = field(repr=False)
    relay_tags: tuple[str, ...]
    stand_in_url: str | None


@dataclass(frozen=True)
class RelaySettings:
    """Where the relay is, and what lets us refund through it."""

    url: str
    operator_key: str = field(repr=False)


@dataclass(frozen=True)
class WebSettings:
    """Where the pages are; `secret` signs what browsers keep."""

    url: str
    host: str
    port: int
    secret: str = field(repr=False)
    trusted_proxies: int = 0

    @property
    def is_secure(self) -> bool:
        """Whether browsers come by https, and may be told to keep cookies to that."""
        return urlsplit(self.url).scheme == "https"


@dataclass(frozen=True)
class Settings:
    """Everything that the fleet takes from outside. Secrets never show in its repr.

    `zone` is where machines are that are in no location.
    """

    database: URL
    mqtt: MqttSettings
    web: WebSettings
    zone: tzinfo
    stripe: StripeSettings | None = None
    relay: RelaySettings | None = None


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`.

    Raises:
        SettingsError: names every variable that is missing or wrong.
    """
    reader = SettingReader(environment, "fleet")
    settings = Settings(
        database=_database(reader),
        mqtt=_mqtt(reader),
        web=_web(reader),
        zone=reader.read("FLEET_ZONE", zone_named, "UTC"),
        stripe=_stripe(reader) if "STRIPE_READ_KEY" in reader else None,
        relay=_relay(reader) if "OPERATOR_KEY" in reader else None,
    )
    reader.finish()
    return settings


def read_database(environment: Mapping[str, str]) -> URL:
    """Only where the book is.

    Raises:
        SettingsError: as `read_settings` does, for this variable.
    """
    reader = SettingReader(environment, "fleet")
    url = _database(reader)
    reader.finish()
    return url


def read_zone(environment: Mapping[str, str]) -> tzinfo:
    """Only where machines are that are in no location.

    Raises:
        SettingsError: as `read_settings` does, for this variable.
    """
    reader = SettingReader(environment, "fleet")
    zone = reader.read("FLEET_ZONE", zone_named, "UTC")
    reader.finish()
    return zone


def _database(reader: SettingReader) -> URL:
    return reader.read("FLEET_DATABASE", read_url, DATABASE)


def _mqtt(reader: SettingReader) -> MqttSettings:
    return MqttSettings(
        host=reader.read("MQTT_BROKER", texts.host),
        port=reader.read("MQTT_PORT", texts.whole_number(1, 65535), "8883"),
        username=reader.read("MQTT_USERNAME", str, LOGIN),
        password=reader.read("MQTT_PASSWORD", str),
        ca_file=reader.read("MQTT_CA_FILE", texts.certificates) if "MQTT_CA_FILE" in reader else None,
        share=reader.read("FLEET_SHARE", texts.matching(r"[a-z0-9-]{1,32}", "book"))
        if "FLEET_SHARE" in reader
        else None,
    )


def _web(reader: SettingReader) -> WebSettings:
    host, port = reader.read("FLEET_LISTEN", _listen, "127.0.0.1:8090") or ("", 0)
    return WebSettings(
        url=reader.read("FLEET_URL", texts.base_url(loopback_only=True)),
        host=host,
        port=port,
        secret=reader.read("FLEET_SECRET", texts.long_secret),
        trusted_proxies=reader.read("TRUSTED_PROXIES", texts.whole_number(0, 5), "0"),
    )


def _stripe(reader: SettingReader) -> StripeSettings:
    key = reader.read("STRIPE_READ_KEY", _read_key)
    stand_in: Any = (
        reader.read("STAND_IN_STRIPE_URL", texts.stand_in_url(key))
        if "STAND_IN_STRIPE_URL" in reader
        else None
    )
    return StripeSettings(key, reader.read("RELAY_TAGS", texts.tags), stand_in)


def _relay(reader: SettingReader) -> RelaySettings:
    return RelaySettings(
        reader.read("RELAY_URL", texts.base_url(loopback_only=True)),
        reader.read("OPERATOR_KEY", texts.long_secret),
    )


def _read_key(text: str) -> str:
    if re.fullmatch(r"sk_(test|live)_\w+", text):
        raise ValueError("can do everything: make a restricted key that can only read, rk_...")
    return texts.matching(r"rk_(test|live)_\w+", "rk_live_...")(text)


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"is {text!r:.80}: write an address and a port, such as 127.0.0.1:8090")
    return host.strip("[]"), int(port)
