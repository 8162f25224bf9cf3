"""EDGE. Whether a file can be the cabinet's configuration: what the controller would say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from controller.config.keys import KEYS, load_config
from controller.config.reader import ConfigError, Problem, read_keys

OPEN_KEYS = frozenset(
    part for name, key in KEYS.items() if not key.secret for part in (name.rpartition(".")[2],)
) | frozenset(name.partition(".")[0] for name in KEYS if "." in name)
_DEMO = "is set: no coin would ever reach the board. Take the line out."


@dataclass(frozen=True)
class Verdict:
    """What makes a file unusable, and what in a usable one is hardly meant."""

    problems: Sequence[Problem] = ()
    warnings: Sequence[str] = ()


def judge(path: Path) -> Verdict:
    """Read the file as the controller does at its start."""
    try:
        config = load_config(path)
    except ConfigError as error:
        return Verdict(problems=error.problems)
    except OSError as error:
        return Verdict(problems=[Problem(None, path.name, f"cannot be read: {error.strerror}")])
    if config.mock_board is not None:
        return Verdict(problems=[Problem(None, "mock_pins_for_demo_only", _DEMO)])
    return Verdict(warnings=config.warnings)


def is_blank(path: Path) -> bool:
    """Whether nobody has begun to fill it in: there is no name yet, and no secret."""
    try:
        values = read_keys(path, KEYS).values
    except ConfigError:
        return not path.exists()
    return not any(values.get(name) for name, key in KEYS.items() if key.secret or name == "machine_id")
