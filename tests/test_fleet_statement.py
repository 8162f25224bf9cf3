"""The statement of a place: page, file and paper have one set of figures."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from fleet.pages.statement import Terms, statement
from fleet.paper.pdf import statement_pdf
from fleet.paper.typefaces import SYSTEMS
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
        ("came in, JPY", "¥3,500"),
        ("less payment fees, JPY", "-¥108"),
        ("less refunds and disputes, JPY", "¥0"),
        ("to be shared, JPY", "¥3,392"),
        ("37.5 % for Jürgen, JPY", "¥1,272"),
        ("for the operator, JPY", "¥2,120"),
    ]
    assert words(made.machines) == [
        ("Galaga (galaga-01)", "€123.45", "€45.60", "€3.20", "€5.00", "€1.00"),
        ("pong-01", "¥3,000", "¥500", "¥108", "¥0", "¥0"),
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


def letters(pdf: bytes) -> str:
    """All letters that the paper draws, by what it tells of them to whoever copies its text."""
    pairs = re.findall(rb"^<[0-9A-F]+> <([0-9A-F]+)>$", pdf, re.MULTILINE)
    return "".join(bytes.fromhex(each.decode()).decode("utf-16-be") for each in pairs)


def paper(name: str, **others: tuple[Path, ...]) -> str:
    """The letters of a statement for a place of this name, whose machine is called so too."""
    made = statement(
        Terms(name, name, 50, ()), MONTH, [MachinePart("m-1", name, "eur", 100, 0, 0, 0, 0)], is_read=True
    )
    return letters(statement_pdf(made, date(2026, 11, 1), **others))


@pytest.mark.parametrize("number", range(len(SYSTEMS)))
def test_chinese_and_japanese_are_drawn_with_each_of_the_systems_typefaces(number: int) -> None:
    """In the heading, in bold, and in the tables; the rest is ours still."""
    if not SYSTEMS[number].exists():
        pytest.skip(f"{SYSTEMS[number].name} is not installed here")
    drawn = paper("東京ゲーム 游戏厅 Löwen", others=(SYSTEMS[number],))
    assert set("東京ゲーム游戏厅Löwen") <= set(drawn)
    assert "?" not in drawn


def test_without_one_of_them_they_are_question_marks(tmp_path: Path) -> None:
    """Whoever reads it has the machine's id beside them; no file in its place stops the paper."""
    broken = tmp_path / "broken.ttf"
    broken.write_text("no typeface")
    for others in ((), (tmp_path / "none.ttf",), (broken,)):
        drawn = paper("東京 Löwen \U0001f579", others=others)
        assert set("Löwen?m-1") <= set(drawn)
        assert not set("東京") & set(drawn)
