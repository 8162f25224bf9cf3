"""CORE. The page of a check: its sections as an operator reads them, or as one JSON document."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cloud_relay.pages.check.findings import Finding, Grade, Section, count


@dataclass(frozen=True)
class Marks:
    """What stands before each thing, by its grade, and before a remedy."""

    of: dict[Grade, str]
    remedy: str


MARKS = Marks({Grade.OK: "✓", Grade.NOTE: "-", Grade.WARNING: "!", Grade.WRONG: "✗"}, "→")
# A bare console has no such characters: both would be the same box.
PLAIN_MARKS = Marks({Grade.OK: "ok", Grade.NOTE: "- ", Grade.WARNING: "! ", Grade.WRONG: "NO"}, "->")


def section_text(section: Section, marks: Marks, width: int) -> str:
    """A section, its lines at most `width` wide unless a word is longer."""
    lines = [section.name]
    for finding in section.findings:
        lines += _finding_lines(finding, marks, width)
    return "\n".join(lines) + "\n"


def summary_text(sections: Sequence[Section]) -> str:
    """The last line: how many things are wrong."""
    bad, doubtful = count(sections, Grade.WRONG), count(sections, Grade.WARNING)
    if not bad and not doubtful:
        return "All is well.\n"
    text = f"{bad} {'thing is' if bad == 1 else 'things are'} wrong" if bad else "Nothing is wrong"
    warned = f", {doubtful} {'thing' if doubtful == 1 else 'things'} to know" if doubtful else ""
    return f"{text}{warned}.\n"


def document(sections: Sequence[Section]) -> str:
    """The findings as JSON."""
    found = {
        "ok": count(sections, Grade.WRONG) == 0,
        "sections": [
            {"name": section.name, "findings": [_fields(each) for each in section.findings]}
            for section in sections
        ],
    }
    return json.dumps(found, indent=2) + "\n"


def _finding_lines(finding: Finding, marks: Marks, width: int) -> Iterator[str]:
    yield from _wrapped(finding.text, f"  {marks.of[finding.grade]} ", width)
    if finding.remedy:
        yield from _wrapped(finding.remedy, f"    {marks.remedy} ", width)


def _wrapped(text: str, head: str, width: int) -> list[str]:
    # Commands and paths stay whole, so that they can be copied.
    return textwrap.wrap(
        text,
        width,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _fields(finding: Finding) -> dict[str, str | None]:
    return {"grade": finding.grade, "text": finding.text, "remedy": finding.remedy or None}
