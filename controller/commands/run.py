"""EDGE. `python -m controller run`: the daemon, as the unit starts it."""

from __future__ import annotations

import argparse
import gc
import logging
from pathlib import Path
from typing import Any

from controller.board.coin_line_start import Process, fork_early
from controller.system.memory import share_one_heap

log = logging.getLogger("controller")


def add_run_command(commands: Any, default_config: Path) -> None:
    """Add the command to the parser's `commands`."""
    parser = commands.add_parser("run", help="run the daemon")
    parser.add_argument("--config", type=Path, default=default_config, help="default: %(default)s")
    parser.add_argument(
        "--real-pins-only", action="store_true", help="refuse a demo's mock pins (the unit sets it)"
    )
    parser.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    """Run until asked to stop; the status that the service manager sees.

    Raises:
        ConfigError: the configuration cannot be used.
    """
    # Before the program is imported: what the coin line's process has in common with it is in memory once.
    share_one_heap()
    coin_line = fork_early()
    try:
        return _run(options, coin_line)
    finally:
        # What the fork has frozen, Python 3.11 cannot take down at its end: it dies of a signal.
        gc.unfreeze()


def _run(options: argparse.Namespace, coin_line: Process) -> int:
    from controller.app import App
    from controller.config.keys import ConfigError, load_config
    from controller.config.reader import Problem

    config = load_config(options.config)
    if config.mock_board is not None and options.real_pins_only:
        no_coin = "is set: no coin would ever reach the board. Take the line out."
        raise ConfigError(options.config, [Problem(None, "mock_pins_for_demo_only", no_coin)])
    for warning in config.warnings:
        log.warning("%s", warning)
    return App(config, config_file=options.config, start_coin_line=lambda: coin_line).run()
