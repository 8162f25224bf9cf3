"""Reads a YAML file of sections and plain values, and collects all that is wrong with it, line by line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from controller.config.file_text import NotPlainText, check_structure, text_in
from controller.formats.odd_characters import false_quote, has_false_quotes, named, oddity


class _Required:
    """The default of a key that has none."""


REQUIRED: Final = _Required()
_TEXT = "tag:yaml.org,2002:str"
_QUOTE = 'a text that begins with one of # & * ! % @ ` [ { goes in "quotes"'
_FALSE_QUOTES = "its quotes are none to YAML, and count as a part of it"
_NO_LIST = "is a section, and no list: its keys stand below it, indented, with no - in front"
_NO_COLON = "a key is followed by a colon and a space"
_BELOW = "keys of a section stand exactly below each other"
# What helps, by what YAML says, or by what it was about to read.
_HINTS = {
    "that cannot start any token": _QUOTE,
    "alias": _QUOTE,
    "anchor": _QUOTE,
    "tag": _QUOTE,
    "while scanning a quoted scalar": "the quotes that begin here do not end, or have a \\ in them",
    "while scanning a simple key": _NO_COLON,
    "mapping values are not allowed": f'a text with ": " in it goes in "quotes"; {_BELOW}',
    "expected <block end>": _BELOW,
    "expected the node content": "a value is missing, or a bracket does not end",
    "expected ',' or": "a bracket does not end",
    "found another document": "a line of --- begins another file",
}
_QUOTES_BEGIN = "while scanning a quoted scalar"
_BEGINS_AT = (_QUOTES_BEGIN, "while scanning a simple key")
_LONGEST_SHOWN = 80


@dataclass(frozen=True)
class Key:
    """How to read a key's text, and what holds if it is absent.

    `read` takes the text as written, for YAML's own guesses turn NO into false and 007 into 7. It raises
    ValueError saying what would be right. The value of a `secret` is never shown; a `free` one may hold
    anything, a # included.
    """

    read: Callable[[str], Any]
    default: Any = REQUIRED
    secret: bool = False
    free: bool = False


@dataclass(frozen=True)
class Problem:
    """One thing wrong, at a line if it has one."""

    line: int | None
    key: str
    text: str

    def as_line(self, path: Path) -> str:
        """The problem in one line: file, line, key, and what is wrong with it."""
        place = f"{path}:{self.line}" if self.line else f"{path}"
        return f"{place}: {self.key} {self.text}"


class ConfigError(Exception):
    """The file cannot be used; the message lists every problem with its line."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(problem.as_line(path) for problem in problems))


@dataclass
class Read:
    """The values found, the lines they stand in, and the problems met on the way.

    `empty` are known keys without a value, and `cut_short` those that may have lost a part to a comment.
    """

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    empty: dict[str, yaml.Node] = field(default_factory=dict)
    cut_short: list[str] = field(default_factory=list)

    def is_wrong(self, key: str) -> bool:
        """Whether the key, or one of its section, is among the problems: its value cannot be relied on."""
        return any(problem.key == key or problem.key.startswith(f"{key}.") for problem in self.problems)


def read_keys(path: Path, keys: Mapping[str, Key]) -> Read:
    """Read all `keys` ("section.key" or "key") from a YAML file.

    Raises:
        ConfigError: the file is missing, or is no YAML at all.
    """
    read = Read({name: key.default for name, key in keys.items() if key.default is not REQUIRED})
    text = _text(path)
    found = _scalars(_compose(path, text), read, keys)
    for name, node in found.items():
        read.lines[name] = _line(node)
        try:
            read.values[name] = keys[name].read(_plainly_written(node, text))
        except ValueError as error:
            read.problems.append(Problem(_line(node), name, _refused(keys[name], node.value, str(error))))
        if _is_cut_short(keys[name], node, text):
            read.cut_short.append(name)
    for name, key in keys.items():
        if key.default is REQUIRED and name not in found and not read.is_wrong(name):
            read.problems.append(_missing(name, read.empty.get(name), text))
    return read


def _text(path: Path) -> str:
    try:
        text = text_in(path.read_bytes())
        check_structure(text)
    except PermissionError as error:
        raise ConfigError(path, [Problem(None, "cannot be read:", f"{error.strerror}: use sudo")]) from error
    except OSError as error:
        raise ConfigError(path, [Problem(None, "cannot be read:", str(error.strerror))]) from error
    except NotPlainText as error:
        raise ConfigError(path, [Problem(error.line, error.what, error.text)]) from error
    return text


def _compose(path: Path, text: str) -> yaml.Node:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(path, [_no_yaml(error, text.splitlines())]) from error
    except yaml.reader.ReaderError as error:
        raise ConfigError(path, [_no_character(text, error.position)]) from error
    except (ValueError, OverflowError) as error:
        raise ConfigError(path, [Problem(None, "is not YAML:", "a \\U in quotes is no character")]) from error
    except RecursionError as error:
        raise ConfigError(path, [Problem(None, "is not YAML:", "too many brackets in brackets")]) from error
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
        if not isinstance(key_node, yaml.ScalarNode) or not key_node.value.isprintable():
            read.problems.append(Problem(_line(key_node), "a key", "is no plain word"))
            continue
        name = f"{prefix}{key_node.value}"
        if name in seen:
            read.problems.append(Problem(_line(key_node), name, "stands here a second time"))
        seen.add(name)
        if isinstance(value_node, yaml.MappingNode) and _is_section(name, keys):
            found |= _scalars(value_node, read, keys, f"{name}.")
        elif name in keys and isinstance(value_node, yaml.ScalarNode):
            if _is_null(value_node):
                read.empty[name] = key_node
            else:
                found[name] = value_node
        elif not (_is_section(name, keys) and _is_null(value_node)):
            read.problems.append(Problem(_line(key_node), name, _unknown(name, value_node, keys)))
    return found


def _is_section(name: str, keys: Mapping[str, Key]) -> bool:
    return any(key.startswith(f"{name}.") for key in keys)


def _is_null(node: yaml.Node) -> bool:
    return bool(node.tag == "tag:yaml.org,2002:null") or (node.value == "" and node.tag == _TEXT)


def _plainly_written(node: yaml.ScalarNode, text: str) -> str:
    """The value as it stands there, and not a part of it: &x and !x in front mean something to YAML."""
    if text[node.start_mark.index] in "&!":
        raise ValueError(_QUOTE)
    if node.start_mark.line != node.end_mark.line and node.style is None:
        raise ValueError("a value stands on one line: the line below it begins too far right")
    value: str = node.value
    if node.style is None and has_false_quotes(value):
        raise ValueError(_FALSE_QUOTES)
    return value


def _is_cut_short(key: Key, node: yaml.ScalarNode, text: str) -> bool:
    """Whether a comment begins where the value may go on: a secret is typed without one."""
    begins = re.match(r"[ \t]+#(\S?)", text[node.end_mark.index :])
    return node.style is None and begins is not None and (key.secret or (key.free and begins[1] != ""))


def _refused(key: Key, value: str, why: str) -> str:
    """What is wrong with a value, and which character of it nobody meant."""
    # A letter of a secret is a part of it.
    odd = oddity(re.sub(r"\w", "x", value) if key.secret else value)
    return f"is {'not right' if key.secret else _shown(value)}: {why}" + (f"; its {odd}" if odd else "")


def _missing(name: str, key: yaml.Node | None, text: str) -> Problem:
    if key is None:
        return Problem(None, name, "is missing")
    if re.match(r"\s*:[ \t]+[#&]", text[key.end_mark.index :]):
        return Problem(_line(key), name, f"is empty: {_QUOTE}")
    return Problem(_line(key), name, "is empty: it is needed")


def _no_yaml(error: yaml.MarkedYAMLError, lines: Sequence[str]) -> Problem:
    """Where it is and what helps; nothing that YAML quotes, for that may be part of a secret."""
    text, begins = str(error.problem), str(error.context)
    mark = error.context_mark if begins in _BEGINS_AT else error.problem_mark
    line = mark.line if mark else None
    hint = next((hint for words, hint in _HINTS.items() if words in text or words == begins), None)
    if line is not None and begins == _QUOTES_BEGIN and (odd := false_quote(lines[line])):
        hint = f"the quotes that begin here do not end: {odd}"
    if line and "mapping values" in text and _lacks_colon(lines[line - 1]):
        line, hint = line - 1, _NO_COLON
    said = hint or text.partition("'")[0].strip()
    return Problem(None if line is None else line + 1, "is not YAML:", said)


def _lacks_colon(line: str) -> bool:
    content = line.strip()
    return content != "" and ":" not in content and not content.startswith(("#", "-", "?", "[", "{"))


def _no_character(text: str, position: int) -> Problem:
    begins = text.rfind("\n", 0, position) + 1
    told = oddity(text[position], position - begins + 1)
    told = told or f"character {position - begins + 1} is {named(text[position])}: delete it"
    return Problem(text.count("\n", 0, position) + 1, "is not YAML:", told)


def _shown(value: str) -> str:
    return repr(value) if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]!r}..."


def _unknown(name: str, value: yaml.Node, keys: Mapping[str, Key]) -> str:
    if name in keys:
        return f"needs a single value: {_QUOTE}"
    if _is_section(name, keys):
        return (
            _NO_LIST
            if isinstance(value, yaml.SequenceNode)
            else "is a section: its keys stand below it, indented"
        )
    section = name.rpartition(".")[0]
    sections = {key.rpartition(".")[0] for key in keys} - {""}
    own = [key for key in (*keys, *sections) if key.rpartition(".")[0] == section]
    leaves = {key.rpartition(".")[2]: key for key in own}
    close = difflib.get_close_matches(name.rpartition(".")[2].lower(), leaves, n=1)
    if close:
        return f"is unknown: did you mean {leaves[close[0]]}?"
    return f"is unknown: {section} has {', '.join(leaves)}" if section else "is unknown"


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
