"""CORE. A file of NAME=value lines, as systemd, Docker and a shell read it alike."""

from __future__ import annotations

import re
from collections.abc import Mapping

_LINE = re.compile(r"(\s*(?:export\s+)?)([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)", re.DOTALL)
_PLAIN = re.compile(r"""[A-Za-z0-9_.:/@,+={}\[\]"-]*""")


class CannotBeWritten(ValueError):
    """A value that those readers would not read alike."""


def read_env(text: str) -> dict[str, str]:
    """What is set in it; of a name that stands there twice the last counts, as everywhere."""
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return {match[2]: _unquoted(match[3].strip()) for match in found if match}


def with_env(text: str, values: Mapping[str, str]) -> str:
    """The file's text with these variables; other lines stay as they are, and what is new comes at the end.

    Raises:
        CannotBeWritten: a value holds a line end, or an apostrophe beside what needs them around it.
    """
    left = {name: f"{name}={_quoted(value)}" for name, value in values.items()}
    lines = []
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is None or match[2] not in values:
            lines.append(line)
        elif match[2] in left:  # a second line of the same name would win over ours
            lines.append(match[1] + left.pop(match[2]))
    return "".join(f"{line}\n" for line in (*lines, *left.values()))


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if "'" in value or not value.isprintable():
        raise CannotBeWritten("a value with an apostrophe or a control character is typed by hand")
    return f"'{value}'"


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if is_quoted else text
