"""The configuration: config.yaml becomes a frozen Config, or every problem in it at once, by line."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from attract_screen.model.feed_format import Shows
from attract_screen.model.monitor import MOST_OVERSCAN_PERCENT
from attract_screen.model.themes import USUAL_THEME
from attract_screen.model.wording import USUAL_LANGUAGE
from controller.config import values as value
from controller.config.checks import contradictions, doubts
from controller.config.reader import ConfigError, Key, Problem, read_keys
from controller.model.board_profiles import JAMMA, PROFILES

__all__ = [
    "BrokerConfig",
    "CoinLineConfig",
    "CoinMeterConfig",
    "Config",
    "ConfigError",
    "InputConfig",
    "load_config",
]


@dataclass(frozen=True)
class RelayConfig:
    """Where the relay is, our token for it, and the proxy on the way there, if there is one.

    `ca_file` is None for the public authorities.
    """

    url: str
    token: str = field(repr=False)
    proxy: str | None = field(default=None, repr=False)
    ca_file: Path | None = None


@dataclass(frozen=True)
class BrokerConfig:
    """Where the MQTT broker is. `ca_file` is None for the system's own authorities."""

    host: str
    port: int
    password: str = field(repr=False)
    ca_file: Path | None


@dataclass(frozen=True)
class CoinLineConfig:
    """The coin pin (BCM number), the shape of its pulses, and what its board takes.

    `settle_ms` is the rest between two payments, where it is longer than the gap. `max_credits` is None for a
    board without a limit, and `longest_ms` for one whose longest pulse nobody published.
    """

    pin: int
    pulse_ms: int
    gap_ms: int
    pulses_per_credit: int
    settle_ms: int = 0
    max_credits: int | None = None
    shortest_ms: int = 0
    longest_ms: int | None = None


@dataclass(frozen=True)
class InputConfig:
    """A line into the Pi, from the board or a button; `active` is the level that means yes."""

    pin: int
    active: Literal["low", "high"]
    debounce_ms: int


@dataclass(frozen=True)
class CoinMeterConfig:
    """The board's coin counter output into the Pi; it counts `within_ms` after our pulse, or not at all."""

    pin: int
    active: Literal["low", "high"]
    debounce_ms: int
    within_ms: int
    out_of_order_after: int
    """So many uncounted pulses in a row, and the board is out of order."""


@dataclass(frozen=True)
class MarqueeConfig:
    """A second screen, at the connector or card `display`; None is none."""

    display: str | None
    shows: str
    rotate: int


@dataclass(frozen=True)
class Config:
    """Everything that the technician decides.

    `warnings` tell what can be used and is hardly meant, each as "file:line: key text".
    """

    machine_id: str
    name: str
    relay: RelayConfig | None
    broker: BrokerConfig
    board: str
    coin_line: CoinLineConfig
    game_over: InputConfig | None
    ready: InputConfig | None
    ready_stuck_s: int
    coin_meter: CoinMeterConfig | None
    service_button: InputConfig | None
    board_boot_s: int
    board_keeps_credits: bool
    session_timeout_s: int
    payment_link: str | None
    accept_unsigned_coinpulse: bool
    rotate: int
    aspect: str | None
    overscan_percent: int
    languages: tuple[str, ...]
    words: Path | None
    theme: str
    folder: Path | None
    sound: bool
    display: str | None
    marquee: MarqueeConfig
    state_dir: Path
    screen_feed: Path
    mock_board: Path | None
    demo_boot_id: str | None
    warnings: tuple[str, ...] = ()

    @property
    def control_socket(self) -> Path:
        """Where a technician's tools reach the daemon."""
        return control_socket(self.screen_feed)

    @property
    def marquee_feed(self) -> Path:
        """What the marquee reads; the file is there while there is one."""
        return self.screen_feed.parent / "marquee.json"

    @property
    def tally(self) -> Path:
        """Where the coin line notes its pulses: beside the screen's feed, in memory."""
        return self.screen_feed.parent / "tally"


def control_socket(screen_feed: Path) -> Path:
    """Beside the screen's feed, in the runtime directory."""
    return screen_feed.parent / "control"


KEYS = {
    "machine_id": Key(value.machine_id),
    "name": Key(value.name, free=True),
    "relay.url": Key(value.relay_address, default=None),
    "relay.token": Key(value.token, default=None, secret=True),
    "relay.proxy": Key(value.proxy, default=None, secret=True),
    "relay.ca_file": Key(value.certificate_file, default=None),
    "broker.host": Key(value.host),
    "broker.port": Key(value.whole(1, 65535, "a port"), default=8883),
    "broker.password": Key(value.secret, secret=True),
    "broker.ca_file": Key(value.certificate_file, default=None),
    "board": Key(value.board, default=JAMMA.name),
    "coin_line.pin": Key(value.coin_pin),
    "coin_line.active": Key(value.only_high, default="high"),
    "coin_line.pulse_ms": Key(value.pulse_ms, default=None),
    "coin_line.gap_ms": Key(value.gap_ms, default=None),
    "coin_line.settle_ms": Key(value.whole(10, 15_000, "milliseconds"), default=None),
    "coin_line.pulses_per_credit": Key(value.whole(1, 10, "pulses"), default=None),
    "coin_line.max_credits": Key(value.whole(1, 999, "credits"), default=None),
    "game_over.pin": Key(value.pin, default=None),
    "game_over.active": Key(value.level, default="low"),
    "game_over.debounce_ms": Key(value.whole(1, 2000, "milliseconds"), default=30),
    "ready.pin": Key(value.pin, default=None),
    "ready.active": Key(value.level, default="low"),
    "ready.debounce_ms": Key(value.whole(1, 2000, "milliseconds"), default=50),
    "ready.stuck_s": Key(value.whole(10, 86400, "seconds"), default=600),
    "coin_meter.pin": Key(value.pin, default=None),
    "coin_meter.active": Key(value.level, default="low"),
    "coin_meter.debounce_ms": Key(value.whole(1, 200, "milliseconds"), default=10),
    "coin_meter.within_ms": Key(value.whole(50, 5000, "milliseconds"), default=500),
    "coin_meter.out_of_order_after": Key(value.whole(1, 20, "pulses"), default=3),
    "service_button.pin": Key(value.pin, default=None),
    "service_button.active": Key(value.level, default="low"),
    "service_button.debounce_ms": Key(value.whole(1, 2000, "milliseconds"), default=30),
    "board_boot_s": Key(value.whole(0, 600, "seconds"), default=20),
    "board_keeps_credits": Key(value.yes_or_no, default=False),
    "session_timeout_s": Key(value.whole(30, 86400, "seconds"), default=1800),
    "payment_link": Key(value.code_address, default=None),
    "accept_unsigned_coinpulse": Key(value.yes_or_no, default=False),
    "screen.rotate": Key(value.one_of(0, 90, 180, 270), default=0),
    "screen.aspect": Key(value.aspect, default=None),
    "screen.overscan_percent": Key(value.whole(0, MOST_OVERSCAN_PERCENT, "percent"), default=0),
    "screen.languages": Key(value.languages, default=(USUAL_LANGUAGE,)),
    "screen.words": Key(value.absolute_path, default=None),
    "screen.theme": Key(value.theme, default=USUAL_THEME.value),
    "screen.folder": Key(value.absolute_path, default=None),
    "screen.sound": Key(value.yes_or_no, default=False),
    "screen.display": Key(value.connector, default=None),
    "marquee.display": Key(value.connector, default=None),
    "marquee.shows": Key(value.word(*Shows), default=Shows.NAME.value),
    "marquee.rotate": Key(value.one_of(0, 90, 180, 270), default=0),
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
    read.problems += contradictions(read)
    if path.stat().st_mode & stat.S_IROTH:
        remedy = f"sudo chmod o-rwx {path}"
        read.problems.append(
            Problem(None, path.name, f"holds secrets and can be read by everybody: {remedy}")
        )
    if read.problems:
        raise ConfigError(path, sorted(read.problems, key=lambda problem: problem.line or 0))
    return _build(read.values, tuple(doubt.as_line(path) for doubt in doubts(read)))


def _build(v: dict[str, Any], warnings: tuple[str, ...]) -> Config:
    return Config(
        machine_id=v["machine_id"],
        name=v["name"],
        relay=_relay(v) if v["relay.url"] else None,
        broker=BrokerConfig(v["broker.host"], v["broker.port"], v["broker.password"], v["broker.ca_file"]),
        board=v["board"],
        coin_line=_coin_line(v),
        game_over=_input("game_over", v),
        ready=_input("ready", v),
        ready_stuck_s=v["ready.stuck_s"],
        coin_meter=_coin_meter(v),
        service_button=_input("service_button", v),
        board_boot_s=v["board_boot_s"],
        board_keeps_credits=v["board_keeps_credits"],
        session_timeout_s=v["session_timeout_s"],
        payment_link=v["payment_link"],
        accept_unsigned_coinpulse=v["accept_unsigned_coinpulse"],
        rotate=v["screen.rotate"],
        aspect=v["screen.aspect"],
        overscan_percent=v["screen.overscan_percent"],
        languages=v["screen.languages"],
        words=v["screen.words"],
        theme=v["screen.theme"],
        folder=v["screen.folder"],
        sound=v["screen.sound"],
        display=v["screen.display"],
        marquee=MarqueeConfig(v["marquee.display"], v["marquee.shows"], v["marquee.rotate"]),
        state_dir=v["state_dir"],
        screen_feed=v["screen_feed"],
        mock_board=v["mock_pins_for_demo_only"],
        demo_boot_id=v["boot_id_for_demo_only"],
        warnings=warnings,
    )


def _relay(v: dict[str, Any]) -> RelayConfig:
    return RelayConfig(v["relay.url"], v["relay.token"], v["relay.proxy"], v["relay.ca_file"])


def _coin_line(v: dict[str, Any]) -> CoinLineConfig:
    """The board's figures, but for those that the technician gave."""
    profile = PROFILES[v["board"]]
    gap_ms = v["coin_line.gap_ms"] or profile.gap_ms
    return CoinLineConfig(
        pin=v["coin_line.pin"],
        pulse_ms=v["coin_line.pulse_ms"] or profile.pulse_ms,
        gap_ms=gap_ms,
        pulses_per_credit=v["coin_line.pulses_per_credit"] or profile.pulses_per_credit,
        settle_ms=v["coin_line.settle_ms"] or max(profile.settle_ms, gap_ms),
        max_credits=v["coin_line.max_credits"] or profile.max_credits,
        shortest_ms=profile.shortest_ms,
        longest_ms=profile.longest_ms,
    )


def _input(name: str, v: dict[str, Any]) -> InputConfig | None:
    if v[f"{name}.pin"] is None:
        return None
    return InputConfig(v[f"{name}.pin"], v[f"{name}.active"], v[f"{name}.debounce_ms"])


def _coin_meter(v: dict[str, Any]) -> CoinMeterConfig | None:
    if v["coin_meter.pin"] is None:
        return None
    return CoinMeterConfig(
        pin=v["coin_meter.pin"],
        active=v["coin_meter.active"],
        debounce_ms=v["coin_meter.debounce_ms"],
        within_ms=v["coin_meter.within_ms"],
        out_of_order_after=v["coin_meter.out_of_order_after"],
    )
