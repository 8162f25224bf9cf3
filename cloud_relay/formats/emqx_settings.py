"""CORE. The settings of broker/shipped/emqx.conf, and how those of a running EMQX differ from them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Value = str | int | bool
_ROOT = re.compile(r"(\w+) \{")
_LINE = re.compile(r"  (\w+) = (.+)")
_UNITS = {"KB": 1024, "MB": 1024**2, "GB": 1024**3}
_SIZE = re.compile(r"(\d+) ?(KB|MB|GB)", re.IGNORECASE)


@dataclass(frozen=True)
class Difference:
    """One setting: its name, what EMQX has, and what it shall have."""

    name: str
    has: object
    wanted: Value

    @property
    def text(self) -> str:
        """What changes, as one reads it."""
        return f"{self.name} = {shown(self.wanted)} (it was {shown(self.has)})"


def shipped_settings(text: str) -> dict[str, dict[str, Value]]:
    """The settings of emqx.conf by their root: mqtt, retainer, authorization.

    Of HOCON it knows as much as that file has: roots in braces, and a line for each setting.
    """
    roots: dict[str, dict[str, Value]] = {}
    root: dict[str, Value] = {}
    for line in text.splitlines():
        if begin := _ROOT.fullmatch(line):
            root = roots.setdefault(begin[1], {})
        elif setting := _LINE.fullmatch(line):
            root[setting[1]] = _value(setting[2])
    return roots


def differences(root: str, wanted: Mapping[str, Value], has: Mapping[str, object]) -> Iterator[Difference]:
    """Which of them EMQX has otherwise; it writes a size in bytes or with a unit."""
    for name, value in wanted.items():
        if _plain(has.get(name)) != _plain(value):
            yield Difference(f"{root}.{name}", has.get(name), value)


def shown(value: object) -> str:
    """A value as it stands in a configuration, or "unset"."""
    return "unset" if value is None else value if isinstance(value, str) else json.dumps(value)


def _value(text: str) -> Value:
    if text in ("true", "false") or text.isdecimal() or text.startswith('"'):
        value: Value = json.loads(text)
        return value
    return text


def _plain(value: object) -> object:
    size = _SIZE.fullmatch(value) if isinstance(value, str) else None
    return int(size[1]) * _UNITS[size[2].upper()] if size else value
