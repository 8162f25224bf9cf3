"""CORE. Rows of text in columns."""

from __future__ import annotations

from collections.abc import Sequence

from cloud_relay.rules.plain_text import plain


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The rows below their head, each column as wide as its widest cell, each line ended."""
    lines = [[plain(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip() + "\n"
