"""EDGE. A statement as PDF: tables that go on overleaf, in typefaces that have the world's alphabets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace

from fleet.pages.statement import Statement
from fleet.paper.typefaces import NAME, SYSTEMS, Typefaces
from fleet.reports.table import Table, one_line

_SIZE, _SMALL, _LARGE = 9, 8, 16
_GREY = 90
_HEAD = FontFace(emphasis="BOLD", fill_color=(235, 235, 235))


class _Paper(FPDF):
    """A page with its number; `line` stands at its foot."""

    def __init__(self, line: str, others: Sequence[Path]) -> None:
        super().__init__(format="A4")
        self.typefaces = Typefaces(self, others)
        self._line = self.typefaces.drawable(line)
        self.set_margin(18)
        self.set_auto_page_break(auto=True, margin=18)

    def footer(self) -> None:
        """What every page ends with."""
        self.set_y(-14)
        self.set_font(NAME, "", _SMALL)
        self.set_text_color(_GREY)
        self.cell(0, 5, f"{self._line}, page {self.page_no()} of {{nb}}", align="R")
        self.set_text_color(0)


def statement_pdf(statement: Statement, made_on: date, others: Sequence[Path] = SYSTEMS) -> bytes:
    """The statement on A4; `others` are typefaces for letters that ours lacks."""
    paper = _Paper(one_line(f"{statement.title}, {statement.period.words}"), others)
    paper.set_title(statement.title)
    paper.set_creation_date(datetime.combine(made_on, time(tzinfo=UTC)))
    paper.add_page()
    _line(paper, statement.title, _LARGE, "B")
    _line(paper, f"{statement.period.words}", 11)
    if statement.terms.owner:
        _line(paper, f"for {statement.terms.owner}", 11)
    paper.ln(4)
    _table(paper, statement.shares, (4, 2))
    paper.ln(6)
    _line(paper, "Machine by machine", 12, "B")
    _table(paper, statement.machines, (5, 3, 3, 3, 3, 3))
    paper.ln(4)
    _line(paper, f"{statement.source} Made on {made_on}.", _SMALL)
    return bytes(paper.output())


def _line(paper: _Paper, text: str, size: int, style: str = "") -> None:
    paper.set_font(NAME, style, size)
    paper.multi_cell(
        0, size * 0.55, paper.typefaces.drawable(one_line(text)), align="L", new_x="LMARGIN", new_y="NEXT"
    )


def _table(paper: _Paper, table: Table, widths: tuple[int, ...]) -> None:
    paper.set_font(NAME, "", _SIZE)
    paper.set_draw_color(200)
    aligned = ("LEFT", *["RIGHT"] * (len(widths) - 1))
    with paper.table(
        col_widths=widths,
        text_align=aligned,
        headings_style=_HEAD,
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        line_height=5,
        padding=1,
    ) as made:
        for cells in (
            (title for title in table.titles),
            *((cell.words for cell in row) for row in table.rows),
        ):
            row = made.row()
            for text in cells:
                row.cell(paper.typefaces.drawable(text))
