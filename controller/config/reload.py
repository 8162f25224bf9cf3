"""EDGE. config.yaml read anew while the daemon runs: what can be applied now, and what waits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from controller.config.keys import (
    KEYS,
    CoinMeterConfig,
    Config,
    ConfigError,
    InputConfig,
    load_config,
)

# Where a key's value is, if not by the key's own name.
_PLACES = {
    "ready.stuck_s": "ready_stuck_s",
    "screen.rotate": "rotate",
    "screen.aspect": "aspect",
    "screen.overscan_percent": "overscan_percent",
    "screen.languages": "languages",
    "screen.words": "words",
    "screen.theme": "theme",
    "screen.folder": "folder",
    "screen.sound": "sound",
    "screen.display": "display",
    "mock_pins_for_demo_only": "mock_board",
    "boot_id_for_demo_only": "demo_boot_id",
}
_Line = TypeVar("_Line", InputConfig, CoinMeterConfig)


@dataclass(frozen=True)
class ReloadRequested:
    """config.yaml is to be read again."""


@dataclass(frozen=True)
class Reloaded:
    """What holds from now on, and the keys that were `applied` or are `waiting` for a restart.

    `problems` are those of a file that cannot be used: then everything stays as it was.
    """

    config: Config
    applied: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def outstanding(self) -> str:
        """What of the file does not hold, in one line; empty if all of it does."""
        if self.problems:
            more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
            return f"the edit of config.yaml is not used: {self.problems[0]}{more}"
        return f"restart to apply {', '.join(self.waiting)}" if self.waiting else ""

    @property
    def outstanding_keys(self) -> str:
        """What of the file does not hold, without the text of anything that stands in it."""
        if self.problems:
            return f"the edit of config.yaml is not used, for {len(self.problems)} of its lines"
        return self.outstanding

    def log_lines(self) -> Iterator[tuple[int, str]]:
        """What came of the reading, as lines for the log, each with its level."""
        for problem in self.problems:
            yield logging.ERROR, f"not read again, all stays as it was: {problem}"
        if self.waiting:
            yield logging.WARNING, f"config.yaml read again: {self.outstanding}"
        if self.applied:
            yield logging.INFO, f"config.yaml read again: applied {', '.join(self.applied)}"
        elif not self.waiting and not self.problems:
            yield logging.INFO, "config.yaml read again: nothing has changed"
        for warning in () if self.problems else self.config.warnings:
            yield logging.WARNING, warning


def begin_reading(path: Path, running: Config, on_read: Callable[[Reloaded], None]) -> None:
    """Hand what is read to `on_read` from a thread: a coin pulse may be due before so much text is read."""
    threading.Thread(target=lambda: on_read(read_again(path, running)), name="config", daemon=True).start()


def read_again(path: Path, running: Config) -> Reloaded:
    """What `path` now says, for a daemon that runs with `running`."""
    try:
        read = load_config(path)
    except ConfigError as error:
        return Reloaded(running, problems=tuple(str(error).splitlines()))
    config = _applicable(running, read)
    return Reloaded(config, applied=_differing(running, config), waiting=_differing(config, read))


def _applicable(running: Config, read: Config) -> Config:
    """`read`, but for what was built at start: connections, pins and files, and the coin line's process."""
    line, new_line = running.coin_line, read.coin_line
    # A board's other figures belong to its pulse.
    same_pulse = (line.pulse_ms, line.gap_ms) == (new_line.pulse_ms, new_line.gap_ms)
    return replace(
        read,
        machine_id=running.machine_id,
        relay=running.relay,
        broker=running.broker,
        board=read.board if same_pulse else running.board,
        coin_line=replace(new_line, pin=line.pin) if same_pulse else line,
        game_over=_kept_pin(running.game_over, read.game_over),
        ready=_kept_pin(running.ready, read.ready),
        coin_meter=_kept_pin(running.coin_meter, read.coin_meter),
        service_button=_kept_pin(running.service_button, read.service_button),
        state_dir=running.state_dir,
        screen_feed=running.screen_feed,
        mock_board=running.mock_board,
        demo_boot_id=running.demo_boot_id,
    )


def _kept_pin(running: _Line | None, read: _Line | None) -> _Line | None:
    if running is None or read is None:
        return running
    return replace(read, pin=running.pin, active=running.active)


def _differing(one: Config, other: Config) -> tuple[str, ...]:
    """The keys whose values differ."""
    return tuple(key for key in KEYS if _value(one, key) != _value(other, key))


def _value(config: Config, key: str) -> Any:
    value: Any = config
    for name in _PLACES.get(key, key).split("."):
        value = getattr(value, name, None)
    return value
