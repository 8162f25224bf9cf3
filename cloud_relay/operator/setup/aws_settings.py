"""EDGE. Which of this environment's settings go to Parameter Store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cloud_relay.errors import SetupFailed
from cloud_relay.pages.setup.aws_plan import LARGEST_VALUE_BYTES
from cloud_relay.setting_reader import NOT_SET, SettingsError
from cloud_relay.settings import CA_FILE_BESIDE_THE_APP, read_settings

# The template stores the first, the image holds the second, and alarms read a log of JSON alone.
_NOT_STORED = frozenset({"RELAY_URL", "MQTT_CA_FILE", "LOG_FORMAT"})
_TO_BE_FOUND = "https://not-known-yet.example"


@dataclass(frozen=True)
class RelaySettings:
    """Those to store, by name; those that the relay needs and that are not here; and all that exist."""

    wanted: Mapping[str, str]
    missing: tuple[str, ...]
    known: frozenset[str]
    own_url: str


class _Asked(Mapping[str, str]):
    """An environment that notes what it is asked for: the settings are listed nowhere else."""

    def __init__(self, inner: Mapping[str, str]) -> None:
        self._inner = inner
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._inner[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._inner)

    def __len__(self) -> int:
        return len(self._inner)


def settings_in(environment: Mapping[str, str]) -> RelaySettings:
    """The settings to store. One that is not set here may be there already, or come later.

    Raises:
        SettingsError: one of them is wrong.
        SetupFailed: one of them cannot work on AWS.
    """
    own_url = environment.get("RELAY_URL", "").strip()
    asked = _Asked({**environment, "RELAY_URL": own_url or _TO_BE_FOUND})
    missing = _missing(asked)
    known = frozenset(asked.names)
    given = {name: environment.get(name, "").strip() for name in known - _NOT_STORED}
    wanted = {name: value for name, value in given.items() if value}
    _fit_for_aws(wanted, own_url, environment.get("MQTT_CA_FILE", "").strip())
    return RelaySettings(wanted, missing, known, own_url)


def _missing(asked: _Asked) -> tuple[str, ...]:
    try:
        read_settings(asked)
    except SettingsError as why:
        wrong = [each for each in why.problems if each[1] != NOT_SET]
        if wrong:
            raise SettingsError.of(wrong) from None
        return tuple(name for name, _ in why.problems)
    return ()


def _fit_for_aws(wanted: Mapping[str, str], own_url: str, ca_file: str) -> None:
    if own_url and not own_url.startswith("https://"):
        raise SetupFailed(f"RELAY_URL is {own_url!r:.200}: unset it for the API's own, or write https")
    if "STAND_IN_STRIPE_URL" in wanted:
        raise SetupFailed("STAND_IN_STRIPE_URL is set: a relay on AWS speaks to Stripe; unset it")
    for name, value in wanted.items():
        if (size := len(value.encode())) > LARGEST_VALUE_BYTES:
            raise SetupFailed(
                f"{name} has {size} bytes, and Parameter Store takes {LARGEST_VALUE_BYTES}: make it shorter"
            )
    beside = CA_FILE_BESIDE_THE_APP
    if ca_file and not (beside.is_file() and beside.read_bytes() == Path(ca_file).read_bytes()):
        raise SetupFailed(
            f"MQTT_CA_FILE is {ca_file}, which the image has not: cp {ca_file} {beside}, and run this again"
        )
