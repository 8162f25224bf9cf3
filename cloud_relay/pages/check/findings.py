"""CORE. What a check found: one thing looked at, how it is, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How a thing is. A `note` could not be looked at, or need not be."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One thing; the remedy is one sentence, and empty where there is nothing to do."""

    grade: Grade
    text: str
    remedy: str = ""


@dataclass(frozen=True)
class Section:
    """What was found of one part of the cloud."""

    name: str
    findings: tuple[Finding, ...]


def ok(text: str) -> Finding:
    """A finding that all is as it should be."""
    return Finding(Grade.OK, text)


def note(text: str) -> Finding:
    """Nothing can be said of it, and why."""
    return Finding(Grade.NOTE, text)


def warning(text: str, remedy: str) -> Finding:
    """It works, and somebody should know."""
    return Finding(Grade.WARNING, text, remedy)


def wrong(text: str, remedy: str) -> Finding:
    """A sale would be lost, or not be settled."""
    return Finding(Grade.WRONG, text, remedy)


def all_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing is wrong; warnings are not."""
    return all(finding.grade is not Grade.WRONG for finding in findings)


def count(sections: Sequence[Section], grade: Grade) -> int:
    """How many findings are of a grade."""
    return sum(finding.grade is grade for section in sections for finding in section.findings)
