"""Rows of a label and a value, below each other in lines of one size, over as many pages as needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from attract_screen.model.box import Box
from attract_screen.model.technician import Row, Section, Tone
from attract_screen.picture.colours import Colour
from attract_screen.picture.letters.fit import Align, Label, Style
from attract_screen.picture.letters.listing import wrapped
from attract_screen.picture.letters.typefaces import Typeface, Typefaces

# On black each of them has more than 7:1 (WCAG 2.2, 1.4.6), and none tells what the words do not.
AMBER: Colour = (255, 200, 80)
_INK: dict[Tone, Colour] = {
    Tone.PLAIN: (255, 255, 255),
    Tone.GOOD: (130, 235, 150),
    Tone.BAD: (255, 140, 120),
    Tone.DIM: (185, 185, 200),
}
DIM = _INK[Tone.DIM]
SANS = Style(Typeface.SANS, 0, DIM, Align.LEFT)
_MOST_LABEL = 0.4


@dataclass(frozen=True)
class TextLine:
    """One line: a label at the left, a value from `indent` on; a heading has the label alone."""

    label: str
    value: str
    colour: Colour
    indent: int = 0
    is_heading: bool = False


def lines_of(section: Section, width: int, size: int, faces: Typefaces) -> list[TextLine]:
    """A section as lines of so many pixels, its heading first."""
    indent = _indent(section, width, size, faces)
    titles = wrapped(section.title, width, size, SANS, faces)
    lines = [TextLine(title, "", AMBER, is_heading=True) for title in titles]
    for row in section.rows:
        lines += _lines_of_row(row, indent, width, size, faces)
    return lines


def breaks_a_word(section: Section, width: int, size: int, faces: Typefaces) -> bool:
    """Whether a word is wider than its column, at letters of so many pixels."""
    room = width - _indent(section, width, size, faces)
    words = {word for row in section.rows for word in row.value.split()}
    return any(faces.width(word, Typeface.SANS, size) > room for word in words)


def _indent(section: Section, width: int, size: int, faces: Typefaces) -> int:
    widest = max(faces.width(row.label, Typeface.SANS, size) for row in section.rows)
    return min(widest + size * 2 // 3, round(width * _MOST_LABEL)) if widest else 0


def _lines_of_row(row: Row, indent: int, width: int, size: int, faces: Typefaces) -> Iterator[TextLine]:
    (label, *_) = wrapped(row.label, indent, size, SANS, faces) if indent else ("",)
    for number, value in enumerate(wrapped(row.value, width - indent, size, SANS, faces)):
        yield TextLine("" if number else label, value, _INK[row.tone], indent)


def height_of(sections: Iterable[Sequence[TextLine]], size: int, faces: Typefaces) -> int:
    """How high sections are, with half a line between them."""
    line, counts = faces.height(Typeface.SANS, size), [len(section) for section in sections]
    return sum(counts) * line + max(0, len(counts) - 1) * (line // 2)


def paged(
    sections: Sequence[Sequence[TextLine]], height: int, size: int, faces: Typefaces
) -> list[list[list[TextLine]]]:
    """Sections over as many pages as needed: one that is broken goes on below its heading."""
    pages: list[list[list[TextLine]]] = [[]]
    for section in sections:
        if height_of([*pages[-1], section], size, faces) <= height:
            pages[-1].append(list(section))
            continue
        room = max(2, height // faces.height(Typeface.SANS, size))
        heading, *rows = section
        parts = [[heading, *rows[at : at + room - 1]] for at in range(0, len(rows), room - 1)]
        pages += [[part] for part in parts]
    return [page for page in pages if page]


def set_lines(
    sections: Sequence[Sequence[TextLine]], box: Box, size: int, faces: Typefaces
) -> Iterator[Label]:
    """The labels of sections, from the top of the box down."""
    line, top = faces.height(Typeface.SANS, size), box.y
    for section in sections:
        for each in section:
            for text, x, colour in (
                (each.label, box.x, AMBER if each.is_heading else DIM),
                (each.value, box.x + each.indent, each.colour),
            ):
                if text:
                    place = Box(x, top, faces.width(text, Typeface.SANS, size), line)
                    yield Label(text, Typeface.SANS, size, colour, place)
            top += line
        top += line // 2
