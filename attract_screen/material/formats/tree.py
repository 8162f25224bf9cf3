"""CORE. A text file of sections, lists and plain words as a tree that knows its lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """A plain value as it stands there; empty where nothing does."""

    text: str
    line: int


@dataclass(frozen=True)
class Rows:
    """A list."""

    rows: tuple[Tree, ...]
    line: int


@dataclass(frozen=True)
class Section:
    """Keys and what stands at each."""

    keys: Mapping[str, Tree]
    line: int


Tree = Word | Rows | Section


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong, and in which line (counted from 1)."""

    line: int
    text: str

    def __str__(self) -> str:
        """As it is told after the file's name."""
        return f"line {self.line}: {self.text}"
