"""CORE. What `setup` says before it changes anything."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

NOTHING = "Nothing to change: all is as it should be."
UNCHANGED = "Nothing is changed:"


def setup_text(
    changes: Sequence[str], remarks: Sequence[str], where: str, *, dry_run: bool, width: int
) -> str:
    """What will be changed, one thing a line, and what the operator should know besides.

    `where` says at which account or broker: `with a live key`.
    """
    head = f"{'Would' if dry_run else 'Will'} change, {where}:"
    if not changes:
        head = UNCHANGED if remarks else NOTHING
    return "\n".join([head, *_changes(changes, width), *_remarks(remarks, width)]) + "\n"


def _changes(changes: Sequence[str], width: int) -> Iterator[str]:
    for change in changes:
        yield from _wrapped(change, "  - ", width)


def _remarks(remarks: Sequence[str], width: int) -> Iterator[str]:
    for remark in remarks:
        yield from _wrapped(remark, "  ! ", width)


def _wrapped(text: str, head: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )
