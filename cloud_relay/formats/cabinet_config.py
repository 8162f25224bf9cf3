"""CORE. A cabinet's config.yaml: the shipped one, its sentences and all, with the keys filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping

_LINE = re.compile(r"(?P<indent> *)(?P<key>[a-z_]+):(?P<value>.*)")
_MACHINE_ID = re.compile(r"""^machine_id:\s*["']?([A-Za-z0-9_-]{1,64})["']?\s*$""", re.MULTILINE)


def filled_in(shipped: str, values: Mapping[str, str]) -> str:
    """The shipped text with these values, by "key" or "section.key".

    Raises:
        KeyError: the text has no such key.
    """
    left, lines, section = dict(values), [], ""
    for line in shipped.splitlines():
        found = _LINE.fullmatch(line)
        if found and not found["indent"]:
            section = found["key"]
        name = _name(found, section) if found else ""
        lines.append(f"{line[: line.index(':')]}: {quoted(left.pop(name))}" if name in left else line)
    if left:
        raise KeyError(f"the shipped config.yaml has no {', '.join(sorted(left))}")
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A text as YAML takes it for just this text, whatever it holds, and whoever edits the line later."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def machine_in(config: str) -> str | None:
    """Which machine a config.yaml is for; None where that cannot be told."""
    found = _MACHINE_ID.findall(config)
    return found[0] if len(found) == 1 else None


def _name(found: re.Match[str], section: str) -> str:
    return f"{section}.{found['key']}" if found["indent"] else found["key"]
