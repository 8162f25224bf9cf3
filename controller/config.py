"""The configuration: config.yaml becomes a frozen Config, or every problem in it at once, by line."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from controller import config_values as value
from controller.config_reader import ConfigError, Key, Problem, Read, read_keys

__all__ = ["BrokerConfig", "CoinLineConfig", "Config", "ConfigError", "InputConfig", "load_config"]


@dataclass(frozen=True)
class RelayConfig:
    """Where the relay is, and our token for it."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class BrokerConfig:
    """Where the MQTT broker is. `ca_file` is None for the system's own authorities."""

    host: str
    port: int
    password: str = field(repr=False)
    ca_file: Path | None


@dataclass(frozen=True)
class CoinLineConfig:
    """The coin pin (BCM number) and the shape of its pulses."""

    pin: int
    pulse_ms: int
    gap_ms: int
    pulses_per_credit: int


@dataclass(frozen=True)
class InputConfig:
    """A line from the board into the Pi; `active` is the level that means yes."""

    pin: int
    active: Literal["low", "high"]
    debounce_ms: int


@dataclass(frozen=True)
class Config:
    """Everything that the technician decides."""

    machine_id: str
    name: str
    relay: RelayConfig | None
    broker: BrokerConfig
    coin_line: CoinLineConfig
    game_over: InputConfig | None
    ready: InputConfig | None
    board_boot_s: int
    board_keeps_credits: bool
    session_timeout_s: int
    payment_link: str | None
    accept_unsigned_coinpulse: bool
    rotate: int
    state_dir: Path
    screen_feed: Path
    mock_board: Path | None
    demo_boot_id: str | None


KEYS = {
    "machine_id": Key(value.machine_id),
    "name": Key(value.name),
    "relay.url": Key(value.web_address, default=None),
    "relay.token": Key(value.token, default=None, secret=True),
    "broker.host": Key(value.host),
    "broker.port": Key(value.whole(1, 65535, "a port"), default=8883),
    "broker.password": Key(value.secret, secret=True),
    "broker.ca_file": Key(value.readable_file, default=None),
    "coin_line.pin": Key(value.coin_pin),
    "coin_line.active": Key(value.only_high, default="high"),
    "coin_line.pulse_ms": Key(value.whole(10, 1000, "milliseconds"), default=100),
    "coin_line.gap_ms": Key(value.whole(10, 5000, "milliseconds"), default=150),
    "coin_line.pulses_per_credit": Key(value.whole(1, 10, "pulses"), default=1),
    "game_over.pin": Key(value.pin, default=None),
    "game_over.active": Key(value.level, default="low"),
    "game_over.debounce_ms": Key(value.whole(1, 2000, "milliseconds"), default=30),
    "ready.pin": Key(value.pin, default=None),
    "ready.active": Key(value.level, default="low"),
    "ready.debounce_ms": Key(value.whole(1, 2000, "milliseconds"), default=50),
    "board_boot_s": Key(value.whole(0, 600, "seconds"), default=20),
    "board_keeps_credits": Key(value.yes_or_no, default=False),
    "session_timeout_s": Key(value.whole(30, 86400, "seconds"), default=1800),
    "payment_link": Key(value.web_address, default=None),
    "accept_unsigned_coinpulse": Key(value.yes_or_no, default=False),
    "screen.rotate": Key(value.one_of(0, 90, 180, 270), default=0),
    "state_dir": Key(value.absolute_path, default=Path("/var/lib/arcade-cabinet")),
    "screen_feed": Key(value.absolute_path, default=Path("/run/arcade-cabinet/screen.json")),
    "mock_pins_for_demo_only": Key(value.absolute_path, default=None),
    "boot_id_for_demo_only": Key(value.name, default=None),
}


def load_config(path: Path) -> Config:
    """Read `path`.

    Raises:
        ConfigError: with every problem that the file has.
    """
    read = read_keys(path, KEYS)
    read.problems += _contradictions(read, path)
    if read.problems:
        raise ConfigError(path, read.problems)
    return _build(read.values)


def _build(v: dict[str, Any]) -> Config:
    return Config(
        machine_id=v["machine_id"],
        name=v["name"],
        relay=RelayConfig(v["relay.url"], v["relay.token"]) if v["relay.url"] else None,
        broker=BrokerConfig(v["broker.host"], v["broker.port"], v["broker.password"], v["broker.ca_file"]),
        coin_line=CoinLineConfig(
            v["coin_line.pin"],
            v["coin_line.pulse_ms"],
            v["coin_line.gap_ms"],
            v["coin_line.pulses_per_credit"],
        ),
        game_over=_input("game_over", v),
        ready=_input("ready", v),
        board_boot_s=v["board_boot_s"],
        board_keeps_credits=v["board_keeps_credits"],
        session_timeout_s=v["session_timeout_s"],
        payment_link=v["payment_link"],
        accept_unsigned_coinpulse=v["accept_unsigned_coinpulse"],
        rotate=v["screen.rotate"],
        state_dir=v["state_dir"],
        screen_feed=v["screen_feed"],
        mock_board=v["mock_pins_for_demo_only"],
        demo_boot_id=v["boot_id_for_demo_only"],
    )


def _input(name: str, v: dict[str, Any]) -> InputConfig | None:
    if v[f"{name}.pin"] is None:
        return None
    return InputConfig(v[f"{name}.pin"], v[f"{name}.active"], v[f"{name}.debounce_ms"])


def _contradictions(read: Read, path: Path) -> list[Problem]:
    """What no single key can show: missing halves, a pin used twice, a secret that all can read."""
    problems = []
    # A key that is wrong would seem to be missing.
    if not any(problem.key.startswith("relay") for problem in read.problems):
        problems += _missing_relay(read.values)
    problems += _shared_pins(read.values)
    problems += _made_up_boot(read.values)
    if path.stat().st_mode & stat.S_IROTH:
        remedy = f"sudo chmod o-rwx {path}"
        problems.append(Problem(None, path.name, f"holds secrets and can be read by everybody: {remedy}"))
    return problems


def _missing_relay(v: dict[str, Any]) -> list[Problem]:
    if bool(v["relay.url"]) != bool(v["relay.token"]):
        return [Problem(None, "relay", "needs both url and token, or neither")]
    if v["relay.url"] or (v["payment_link"] and v["accept_unsigned_coinpulse"]):
        return []
    return [
        Problem(
            None,
            "relay",
            "is missing: set relay.url and relay.token; only a cabinet of the older relay can do "
            "without, by payment_link and accept_unsigned_coinpulse: true",
        )
    ]


def _shared_pins(v: dict[str, Any]) -> list[Problem]:
    used: dict[int, str] = {}
    problems = []
    for key in ("coin_line.pin", "game_over.pin", "ready.pin"):
        number = v.get(key)
        if number in used:
            problems.append(
                Problem(None, key, f"is {number}, as {used[number]} is: each line needs its own pin")
            )
        elif number is not None:
            used[number] = key
    return problems


def _made_up_boot(v: dict[str, Any]) -> list[Problem]:
    if not v.get("boot_id_for_demo_only") or v.get("mock_pins_for_demo_only"):
        return []
    only = "is for mock pins only: with it a real power cut would look like a restart. Take the line out"
    return [Problem(None, "boot_id_for_demo_only", only)]
