"""PURE. A file of NAME=value lines, as systemd, Docker and a shell read it alike."""

from __future__ import annotations

import re
from collections.abc import Mapping

# What needs no quotes in any of them; JSON does, for a shell.
_PLAIN = re.compile(r"[A-Za-z0-9_.:/@,+=-]*")
_LINE = re.compile(r"(\s*(?:export\s+)?)([A-Za-z_][A-Za-z0-9_]*)(\s*=)(.*?)(\s*)", re.DOTALL)


class CannotBeWritten(ValueError):
    """A value that those readers would not read alike."""


def read_env(text: str) -> dict[str, str]:
    """What is set in it; of a name that stands there twice the last counts, as everywhere."""
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return {match[2]: _unquoted(match[4].strip()) for match in found if match}


def with_env(text: str, values: Mapping[str, str]) -> str:
    """The text with these values, every other line as it was; what is new comes at the end.

    Raises:
        CannotBeWritten: a value holds a line end, or an apostrophe.
    """
    written = {name: _quoted(value) for name, value in values.items()}
    lines = text.splitlines(keepends=True)
    matches = [_LINE.fullmatch(line) for line in lines]
    for at, match in enumerate(matches):
        if match and match[2] in values:
            lines[at] = f"{match[1]}{match[2]}{match[3]}{written[match[2]]}{match[5]}"
    present = {match[2] for match in matches if match}
    new = [f"{name}={value}\n" for name, value in written.items() if name not in present]
    if new and lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += "\n"
    return "".join([*lines, *new])


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if "'" in value or not value.isprintable():
        raise CannotBeWritten("a value with an apostrophe or a line end is typed by hand")
    return f"'{value}'"


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if is_quoted else text
