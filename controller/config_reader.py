"""Reads a YAML file of sections and plain values, and collects all that is wrong with it, line by line."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml


class _Required:
    """The default of a key that has none."""


REQUIRED: Final = _Required()


@dataclass(frozen=True)
class Key:
    """How to read a key's text, and what holds if it is absent.

    `read` takes the text as written, for YAML's own guesses turn NO into false and 007 into 7. It raises
    ValueError saying what would be right. The value of a `secret` is never shown.
    """

    read: Callable[[str], Any]
    default: Any = REQUIRED
    secret: bool = False


@dataclass(frozen=True)
class Problem:
    """One thing wrong, at a line if it has one."""

    line: int | None
    key: str
    text: str

    def told(self, path: Path) -> str:
        """The problem in one line: file, line, key, and what is wrong with it."""
        place = f"{path}:{self.line}" if self.line else f"{path}"
        return f"{place}: {self.key} {self.text}"


class ConfigError(Exception):
    """The file cannot be used; the message lists every problem with its line."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(problem.told(path) for problem in problems))


@dataclass
class Read:
    """The values found, the lines they stand in, and the problems met on the way."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def is_wrong(self, key: str) -> bool:
        """Whether the key, or one of its section, is among the problems: its value cannot be relied on."""
        return any(problem.key == key or problem.key.startswith(f"{key}.") for problem in self.problems)


def read_keys(path: Path, keys: Mapping[str, Key]) -> Read:
    """Read all `keys` ("section.key" or "key") from a YAML file.

    Raises:
        ConfigError: the file is missing, or is no YAML at all.
    """
    read = Read({name: key.default for name, key in keys.items() if key.default is not REQUIRED})
    found = _scalars(_compose(path), read, keys)
    for name, node in found.items():
        read.lines[name] = _line(node)
        try:
            read.values[name] = keys[name].read(node.value)
        except ValueError as error:
            shown = "not right" if keys[name].secret else repr(node.value)
            read.problems.append(Problem(_line(node), name, f"is {shown}: {error}"))
    for name, key in keys.items():
        if key.default is REQUIRED and name not in found:
            read.problems.append(Problem(None, name, "is missing"))
    read.problems.sort(key=lambda problem: problem.line or 0)
    return read


def _compose(path: Path) -> yaml.Node:
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigError(path, [Problem(None, "cannot be read:", str(error.strerror))]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(path, [Problem(None, "is not UTF-8:", str(error))]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ConfigError(path, [Problem(line, "is not YAML:", str(error.problem))]) from error
    except yaml.reader.ReaderError as error:
        raise ConfigError(path, [Problem(None, "is not YAML:", str(error.reason))]) from error
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(path, [Problem(1, "is empty:", "it needs keys such as machine_id")])
    return node


def _scalars(
    node: yaml.Node, read: Read, keys: Mapping[str, Key], prefix: str = ""
) -> dict[str, yaml.ScalarNode]:
    """The known keys that have a value, by their full name; all others become problems."""
    found: dict[str, yaml.ScalarNode] = {}
    seen: set[str] = set()
    for key_node, value_node in node.value:
        name = f"{prefix}{key_node.value}"
        if name in seen:
            read.problems.append(Problem(_line(key_node), name, "stands here a second time"))
        seen.add(name)
        if isinstance(value_node, yaml.MappingNode) and _is_section(name, keys):
            found |= _scalars(value_node, read, keys, f"{name}.")
        elif name in keys and isinstance(value_node, yaml.ScalarNode):
            if not _is_null(value_node):
                found[name] = value_node
        elif not (_is_section(name, keys) and _is_null(value_node)):
            read.problems.append(Problem(_line(key_node), name, _unknown(name, keys)))
    return found


def _is_section(name: str, keys: Mapping[str, Key]) -> bool:
    return any(key.startswith(f"{name}.") for key in keys)


def _is_null(node: yaml.Node) -> bool:
    return bool(node.tag == "tag:yaml.org,2002:null") or node.value == ""


def _unknown(name: str, keys: Mapping[str, Key]) -> str:
    if name in keys:
        return "needs a single value"
    if _is_section(name, keys):
        return "is a section: its keys stand below it, indented"
    sections = {key.rpartition(".")[0] for key in keys} - {""}
    close = difflib.get_close_matches(name, [*keys, *sections], n=1)
    return f"is unknown: did you mean {close[0]}?" if close else "is unknown"


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
