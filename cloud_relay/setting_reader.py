"""Reads settings from the environment one by one, and keeps every problem until the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Self, TypeVar, cast

T = TypeVar("T")


class SettingsError(ValueError):
    """The environment is not usable; the message lists every problem, each with its remedy.

    `problems` are the same by variable: its name, and what is wrong with it.
    """

    problems: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, problems: Sequence[tuple[str, str]], whose: str = "relay") -> Self:
        """All of these problems, each by its variable."""
        lines = (f"  {name}: {problem}" for name, problem in problems)
        made = cls("\n".join([f"The {whose}'s environment is not usable:", *lines]))
        made.problems = tuple(problems)
        return made


class SettingReader:
    """Reads one variable after the other, and keeps every problem."""

    def __init__(self, environment: Mapping[str, str], whose: str = "relay") -> None:
        self._environment = environment
        self._whose = whose
        self._problems: list[tuple[str, str]] = []

    def __contains__(self, name: str) -> bool:
        return bool(self._environment.get(name, "").strip())

    def read(self, name: str, parse: Callable[[str], T], default: str = "") -> T:
        """The variable's value; after a problem an empty one, which `finish` keeps from callers."""
        text = self._environment.get(name, "").strip() or default
        try:
            if not text:
                raise ValueError(NOT_SET)
            return parse(text)
        except ValueError as why:
            found = [_QUOTED] if _is_quoted(text) else str(why).splitlines()
            self._problems += ((name, problem) for problem in found)
            return cast(T, "")

    def finish(self) -> None:
        """Raise SettingsError if there was any problem."""
        if self._problems:
            raise SettingsError.of(self._problems, self._whose)


NOT_SET = "is not set"
# A shell takes them off, `docker --env-file` and the consoles of clouds do not.
_QUOTED = "has quotation marks around it, which are part of the value: write it without them"


def _is_quoted(text: str) -> bool:
    return len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
