"""EDGE. `python -m controller release-lines`: rests the coin line when the process that held it is gone.

On a Pi a pin keeps its last level when its process dies. A process killed in the middle of a pulse thus
leaves the coin switch closed. The unit's ExecStopPost, controller.board.quick_release, opens it again by what
that process had noted of its pin; this command takes the pin from config.yaml.
"""

from __future__ import annotations

import argparse
import logging
from contextlib import AbstractContextManager
from pathlib import Path

from gpiozero import Factory, OutputDevice

from controller.board.pins import open_pins
from controller.board.quick_release import not_released
from controller.config.keys import KEYS, ConfigError
from controller.config.reader import Problem, read_keys

log = logging.getLogger(__name__)

_NEEDED = ("coin_line.pin", "mock_pins_for_demo_only")


class LineNotReleasedError(OSError):
    """The line may still be active; the message says why, and what to do."""


def add_release_lines_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], default_config: Path
) -> None:
    """`release-lines`: by hand, and behind an end of the daemon of which nothing is noted."""
    release = commands.add_parser("release-lines", help="put the coin line at rest, if no process holds it")
    release.add_argument("--config", type=Path, default=default_config, help="default: %(default)s")
    release.set_defaults(do=_release)


def _release(options: argparse.Namespace) -> int:
    pin, mock_board = _lines(options.config)
    put_at_rest(pin, open_pins(mock_board, listens=False))
    log.info("coin line at rest: GPIO %d", pin)
    return 0


def put_at_rest(pin: int, pins: AbstractContextManager[Factory]) -> None:
    """Claim the pin (BCM number) at its rest level, and leave it.

    There is no rising edge: the pin becomes an input, falls by its pull-down, and is driven low.

    Raises:
        LineNotReleasedError: another process holds it, or it is no pin of this computer.
    """
    try:
        with pins as factory:
            OutputDevice(pin, initial_value=False, pin_factory=factory).close()
    except Exception as error:  # lgpio's own errors have no base that could be named here
        raise LineNotReleasedError(not_released(pin, error)) from error


def _lines(config: Path) -> tuple[int, Path | None]:
    """The coin pin and the demo's board, whatever else is wrong with the configuration.

    Raises:
        ConfigError: the file cannot be read, or just these are wrong.
    """
    read = read_keys(config, KEYS)
    if problems := [problem for problem in read.problems if problem.key in _NEEDED]:
        unknown = Problem(None, "coin_line.pin", "is not known for sure: no line was put at rest")
        raise ConfigError(config, [*problems, unknown])
    return read.values["coin_line.pin"], read.values["mock_pins_for_demo_only"]
