"""The statement of a place: page, file and paper have one set of figures."""

from __future__ import annotations

import re
from datetime import date

import pytest

from fleet.pages.statement import Terms, statement
from fleet.paper.pdf import statement_pdf
from fleet.reports.periods import Period
from fleet.reports.shares import Deduction, MachinePart
from fleet.reports.table import Table

pytestmark = pytest.mark.fleet

MONTH = Period(date(2026, 10, 1), date(2026, 10, 31))
PARTS = [
    MachinePart("galaga-01", "Galaga", "eur", 12345, 4560, 320, 500, 100),
    MachinePart("pong-01", "pong-01", "jpy", 3000, 500, 108),
]
TERMS = Terms("Löwen", "Jürgen", 37.5, (Deduction.FEES, Deduction.REFUNDS))


def words(table: Table) -> list[tuple[str, ...]]:
    """The rows as a page shows them."""
    return [tuple(cell.words for cell in row) for row in table.rows]


def test_a_statement_goes_from_what_came_in_to_what_is_whose() -> None:
    """Each currency for itself, with what was agreed taken off first."""
    made = statement(TERMS, MONTH, PARTS, is_read=True)
    assert words(made.shares) == [
        ("came in, EUR", "€169.05"),
        ("less payment fees, EUR", "-€3.20"),
        ("less refunds and disputes, EUR", "-€5.00"),
        ("to be shared, EUR", "€160.85"),
        ("37.5 % for Jürgen, EUR", "€60.32"),
        ("for the operator, EUR", "€100.53"),
        ("came in, JPY", "¥3500"),
        ("less payment fees, JPY", "-¥108"),
        ("less refunds and disputes, JPY", "¥0"),
        ("to be shared, JPY", "¥3392"),
        ("37.5 % for Jürgen, JPY", "¥1272"),
        ("for the operator, JPY", "¥2120"),
    ]
    assert words(made.machines) == [
        ("Galaga (galaga-01)", "€123.45", "€45.60", "€3.20", "€5.00", "€1.00"),
        ("pong-01", "¥3000", "¥500", "¥108", "¥0", "¥0"),
    ]
    assert made.title == "Statement for Löwen"
    assert made.source.startswith("Phone payments are taken from the payment provider's account, cash from")


def test_its_file_has_every_figure_of_its_page() -> None:
    """Machine by machine, and then the steps of the split."""
    made = statement(TERMS, MONTH, PARTS, is_read=False)
    lines = made.file.lines
    assert lines[0] == ["location", "period", "of", "what", "amount", "currency"]
    shown = [cell for row in made.machines.rows for cell in row[1:]] + [row[1] for row in made.shares.rows]
    assert [line[4] for line in lines[1:]] == [cell.plain for cell in shown]
    assert made.source.startswith("Phone payments are taken from the machines' own journals")


@pytest.mark.parametrize(("machines", "pages"), [(0, 1), (2, 1), (80, 8)])
def test_it_is_a_paper_of_as_many_pages_as_it_takes(machines: int, pages: int) -> None:
    """With names in any alphabet, and characters that would steer a printer."""
    name = "Żółć Ωμέγα Привет 東京 مرحبا \x1b[31m\n=1+1 " * 2
    parts = [MachinePart(f"m-{number}", name, "eur", 10**9 + number) for number in range(machines)]
    made = statement_pdf(statement(TERMS, MONTH, parts, is_read=True), date(2026, 11, 1))
    assert made.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b(?!s)", made)) == pages
