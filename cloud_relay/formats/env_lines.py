"""CORE. The lines of an environment file, as systemd, Docker and a shell read them alike."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLAIN = re.compile(r"""[A-Za-z0-9_.:/@,+={}\[\]"-]*""")


class CannotBeWritten(ValueError):
    """A value that those readers would not read alike."""


def value_in(text: str, name: str) -> str:
    """What the file says of a variable, without its quotes; empty for nothing."""
    said = [line.partition("=")[2].strip() for line in text.splitlines() if _name(line) == name]
    return said[-1].strip("'\"") if said else ""


def with_values(text: str, values: Mapping[str, str]) -> str:
    """The file's text with these variables; what it says else, and how, stays as it is.

    Raises:
        CannotBeWritten: a value holds a line end, or an apostrophe beside what needs them around it.
    """
    left = {name: f"{name}={_value(value)}" for name, value in values.items()}
    lines = []
    for line in text.splitlines():
        name = _name(line)
        if name not in values:
            lines.append(line)
        elif name in left:  # a second line of the same name would win over ours
            lines.append(left.pop(name))
    return "\n".join([*lines, *left.values()]) + "\n"


def _name(line: str) -> str:
    return re.sub(r"^\s*(export\s+)?", "", line).partition("=")[0].strip()


def _value(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if "'" in value or not value.isprintable():
        raise CannotBeWritten("a value with an apostrophe or a control character is typed by hand")
    return f"'{value}'"
