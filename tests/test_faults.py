"""Faults: each has a kind, a remedy, and a row in docs/faults.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.model.fault import FaultKind
from controller.pages.remedies import MEANINGS, REMEDIES

PAGE = (Path(__file__).parent.parent / "docs" / "faults.md").read_text()
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if line.startswith("| `")
]


def test_the_page_has_a_row_for_each_kind_and_no_other() -> None:
    """In the order in which the machine names them."""
    assert [row[0] for row in ROWS] == [f"`{kind}`" for kind in FaultKind]


@pytest.mark.parametrize("kind", FaultKind, ids=str)
def test_the_page_says_what_check_says(kind: FaultKind) -> None:
    """A technician reads one remedy, wherever he reads it."""
    (row,) = [row for row in ROWS if row[0] == f"`{kind}`"]
    assert (row[1], row[3]) == (MEANINGS[kind], REMEDIES[kind])
