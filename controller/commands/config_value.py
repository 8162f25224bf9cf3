"""EDGE. `python -m controller config-value` and `check-config`, for scripts that set a system up."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from controller.config.checks import contradictions
from controller.config.keys import KEYS, load_config
from controller.config.reader import ConfigError, Problem, read_keys


def add_config_value_command(commands: Any, default_config: Path) -> None:
    """Add the command to the parser's `commands`."""
    parser = commands.add_parser(
        "config-value",
        help="print one value of config.yaml",
        description="Prints the value of KEY as the controller takes it. The rest of the file may still be "
        "empty or wrong; a value whose own section is wrong is not printed, and the command ends with 78.",
    )
    parser.add_argument("key", metavar="KEY", choices=[*_public_keys()], help="such as coin_line.pin")
    parser.add_argument("--config", type=Path, default=default_config, help="default: %(default)s")
    parser.set_defaults(do=config_value)


def add_check_config_command(commands: Any, default_config: Path) -> None:
    """Add the command to the parser's `commands`."""
    parser = commands.add_parser(
        "check-config",
        help="say whether config.yaml can be used",
        description="Reads config.yaml as the controller does at its start. Prints nothing if it can be "
        "used; ends with 78 and every problem in it otherwise.",
    )
    parser.add_argument("--config", type=Path, default=default_config, help="default: %(default)s")
    parser.set_defaults(do=check_config)


def config_value(options: argparse.Namespace) -> int:
    """Print one value; an empty line where the key has none."""
    read = read_keys(options.config, KEYS)
    problems = [each for each in (*read.problems, *contradictions(read)) if _concerns(each, options.key)]
    if problems:
        raise ConfigError(options.config, problems)
    value = read.values[options.key]
    print("" if value is None else value)
    return 0


def check_config(options: argparse.Namespace) -> int:
    """Read the whole file."""
    load_config(options.config)
    return 0


def _public_keys() -> list[str]:
    return [name for name, key in KEYS.items() if not key.secret]


def _concerns(problem: Problem, key: str) -> bool:
    """Whether a problem casts doubt on the value; one in its section may be the key itself, mistyped."""
    section = key.partition(".")[0]
    return problem.key.partition(".")[0] == section or key in problem.text
