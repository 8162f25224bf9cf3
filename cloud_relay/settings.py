"""The relay's settings: from the environment to a frozen value, or every problem at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from cloud_relay import setting_texts as texts
from cloud_relay.catalogues import texts_of_ours
from cloud_relay.rules.orders import Ownership
from cloud_relay.rules.own_words import OwnWords, read_own_words
from cloud_relay.rules.phones.limits import HALL_MACHINES, MOST_HALL_MACHINES
from cloud_relay.rules.selling.offers_setting import read_offers
from cloud_relay.rules.selling.on_sale import Offers
from cloud_relay.rules.tokens import TokenBook, relay_tag
from cloud_relay.setting_reader import SettingReader
from cloud_relay.zones import zone_named

CA_FILE_BESIDE_THE_APP = Path(__file__).parent / "ca.crt"
_HOUR_S = 3600


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
    own_words: OwnWords = field(default_factory=dict)

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
    reader = SettingReader(environment)
    stripe = _stripe_settings(reader)
    url = reader.read("RELAY_URL", texts.base_url(loopback_only=stripe.stand_in_url is None))
    mqtt, tokens = _mqtt_settings(reader), _token_book(reader)
    settings = Settings(
        url=url,
        mqtt=mqtt,
        stripe=replace(stripe, ownership=_ownership(reader, tokens)),
        tokens=tokens,
        operator_key=reader.read("OPERATOR_KEY", texts.long_secret) if "OPERATOR_KEY" in reader else None,
        offers=reader.read("OFFERS", _offers),
        credit_window_s=reader.read("CREDIT_WINDOW_S", texts.whole_number(60, 3600), "180"),
        credit_amount=reader.read("CREDIT_AMOUNT", texts.whole_number(1, 1_000_000), "100"),
        release_after_s=reader.read("RELEASE_AFTER", texts.release_after_s, "72h"),
        tidy_every_s=reader.read("TIDY_EVERY_S", texts.whole_number(0, _HOUR_S), "60"),
        frame_ancestors=reader.read("FRAME_ANCESTORS", texts.frame_ancestors, "'none'"),
        trusted_proxies=reader.read("TRUSTED_PROXIES", texts.whole_number(0, 5), "0"),
        hall_machines=reader.read(
            "HALL_MACHINES", texts.whole_number(1, MOST_HALL_MACHINES), str(HALL_MACHINES)
        ),
        log_format=reader.read("LOG_FORMAT", texts.one_of("json", "text"))
        if "LOG_FORMAT" in reader
        else None,
        own_words=reader.read("WORDS", _own_words, "{}"),
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
    reader = SettingReader(environment)
    stripe = _stripe_settings(reader, is_made=False)
    amount = texts.whole_number(1, 1_000_000)
    settings = SetupSettings(
        reader.read("RELAY_URL", texts.base_url(loopback_only=stripe.stand_in_url is None)),
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
    reader = SettingReader(environment)
    tokens = _token_book(reader)
    reader.finish()
    return tokens


def read_offer_list(environment: Mapping[str, str]) -> Offers:
    """Only what is sold, and for how much.

    Raises:
        SettingsError: as `read_settings` does, for this variable.
    """
    reader = SettingReader(environment)
    offers = reader.read("OFFERS", _offers)
    reader.finish()
    return offers


def _offers(text: str) -> Offers:
    return read_offers(text, zone_named)


def _own_words(text: str) -> OwnWords:
    return read_own_words(text, texts_of_ours)


def _token_book(reader: SettingReader) -> TokenBook:
    secrets = reader.read("RELAY_SECRET", texts.relay_secrets) or ("",)
    numbers = reader.read("MIN_TOKEN_NUMBERS", texts.token_numbers, "{}")
    return TokenBook(secrets[0], numbers, *secrets[1:])


def _stripe_settings(reader: SettingReader, *, is_made: bool = True) -> StripeSettings:
    """What is read of Stripe; before it `is_made`, the webhook's secret and the price may be missing."""
    key = reader.read("STRIPE_API_KEY", texts.api_key)
    stand_in = (
        reader.read("STAND_IN_STRIPE_URL", texts.stand_in_url(key))
        if "STAND_IN_STRIPE_URL" in reader
        else None
    )
    return StripeSettings(
        api_key=key,
        webhook_secrets=(
            reader.read("STRIPE_WEBHOOK_SECRET", texts.webhook_secrets)
            if is_made or "STRIPE_WEBHOOK_SECRET" in reader
            else ()
        ),
        default_price_id=(
            reader.read("PRICE_ID", texts.matching(r"price_\w+", "price_..."))
            if is_made or "PRICE_ID" in reader
            else ""
        ),
        stand_in_url=stand_in,
        proxy=reader.read("STRIPE_PROXY", texts.proxy) if "STRIPE_PROXY" in reader else None,
    )


def _ownership(reader: SettingReader, tokens: TokenBook) -> Ownership:
    untagged = reader.read("UNTAGGED_PAYMENTS", texts.one_of("ours", "leave"), "ours")
    named = reader.read("FORMER_RELAY_TAGS", texts.tags) if "FORMER_RELAY_TAGS" in reader else ()
    tags = dict.fromkeys([*map(relay_tag, (tokens.sealing_secret, *tokens.secrets)), *named])
    tag, *others = tags
    return Ownership(tag, takes_untagged=untagged == "ours", other_tags=tuple(others))


def _mqtt_settings(reader: SettingReader) -> MqttSettings:
    return MqttSettings(
        host=reader.read("MQTT_BROKER", texts.host),
        port=reader.read("MQTT_PORT", texts.whole_number(1, 65535), "8883"),
        username=reader.read("MQTT_USERNAME", str),
        password=reader.read("MQTT_PASSWORD", str),
        ca_file=_ca_file(reader),
    )


def _ca_file(reader: SettingReader) -> Path | None:
    if "MQTT_CA_FILE" not in reader and not CA_FILE_BESIDE_THE_APP.is_file():
        return None
    return reader.read("MQTT_CA_FILE", texts.certificates, str(CA_FILE_BESIDE_THE_APP))
