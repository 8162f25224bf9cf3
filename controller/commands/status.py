"""EDGE. `python -m controller status`: what the machine is doing, from its feed and its ledger."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import Any

from controller.config.keys import KEYS, ConfigError, control_socket, load_config
from controller.config.reader import read_keys
from controller.control.running import Running, find_running
from controller.ledger.file import LEDGER_NAME, LedgerError
from controller.ledger.reader import read_ledger
from controller.pages.status_page import Status, status_text


def add_status_command(commands: Any, default_config: Path) -> None:
    """Add the command to the parser's `commands`."""
    parser = commands.add_parser(
        "status",
        help="what the machine is doing",
        description="Shows on one screen what the machine is doing, what is wrong, what it sold today, and "
        "its last payments. Ends with 0 if a controller runs, else with 1.",
    )
    parser.add_argument("--config", type=Path, default=default_config, help="default: %(default)s")
    parser.set_defaults(do=status)


def status(options: argparse.Namespace) -> int:
    """Print the screen; 0 if a controller runs."""
    values, problem = _read(options.config)
    running = find_running(control_socket(values["screen_feed"]), values["screen_feed"])
    now = datetime.now().astimezone()
    known = _known(values, problem, running, now)
    print(status_text(known, now), end="")
    return 0 if running else 1


def _read(path: Path) -> tuple[dict[str, Any], str]:
    """What the file says, as far as it can be read, and what is wrong with it: a broken one hides nothing."""
    try:
        load_config(path)
        problem = ""
    except ConfigError as error:
        first, *more = str(error).splitlines()
        problem = f"{first} (and {len(more)} more)" if more else first
    defaults = {name: KEYS[name].default for name in ("screen_feed", "state_dir")}
    try:
        return defaults | read_keys(path, KEYS).values, problem
    except ConfigError:
        return defaults, problem


def _known(values: dict[str, Any], problem: str, running: Running | None, now: datetime) -> Status:
    common: dict[str, Any] = {
        "title": f"{values.get('name', 'no name')} ({values.get('machine_id', 'no machine_id')})",
        "doing": running.doing if running else None,
        "credits": running.credits if running else 0,
        "waiting": running.waiting if running else 0,
        # What the daemon says of the file is what holds; without one, what it would say.
        "configuration": (running.configuration if running else "") or problem,
    }
    faults = tuple(fault.text for fault in running.faults) if running else ()
    try:
        picture = read_ledger(values["state_dir"] / LEDGER_NAME)
    except LedgerError as error:
        return Status(**common, faults=faults, trouble=str(error))
    return Status(
        **common,
        faults=faults if running else picture.faults,
        rows=picture.rows,
        coins_today=picture.coins.get(now.date(), 0),
    )
