"""Draws docs/wiring-*.svg: how the Pi's pins reach the arcade board. A test holds the files to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

DOCS = Path(__file__).parent.parent / "docs"
INK, PAPER, SOFT, PI, BOARD, CHIP = "#1d2330", "#ffffff", "#5b6478", "#c7295b", "#1f6f54", "#eef1f6"
FONT = "font-family='DejaVu Sans, Arial, sans-serif'"
Point = tuple[float, float]
LEFT_EDGE, RIGHT_EDGE = 220, 680


@dataclass
class Sheet:
    """An SVG in the making; `y` grows downwards, and all sizes are in its own units."""

    width: int
    height: int
    parts: list[str] = field(default_factory=list)

    def text(
        self,
        at: Point,
        words: str,
        *,
        size: int = 15,
        colour: str = INK,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """Words whose first line stands on `at`; each further line below it."""
        weight = "bold" if bold else "normal"
        for number, line in enumerate(words.split("\n")):
            y = at[1] + number * size * 1.3
            self.parts.append(
                f"<text x='{at[0]:g}' y='{y:g}' {FONT} font-size='{size}' font-weight='{weight}' "
                f"fill='{colour}' text-anchor='{anchor}'>{escape(line)}</text>"
            )

    def box(
        self, at: Point, size: Point, *, colour: str = INK, fill: str = PAPER, dashed: bool = False
    ) -> None:
        """A box from its upper left corner."""
        dash = " stroke-dasharray='6 5'" if dashed else ""
        self.parts.append(
            f"<rect x='{at[0]:g}' y='{at[1]:g}' width='{size[0]:g}' height='{size[1]:g}' rx='8' "
            f"fill='{fill}' stroke='{colour}' stroke-width='2'{dash}/>"
        )

    def wire(self, points: Iterable[Point], *, colour: str = INK) -> None:
        """A wire from point to point."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2.5'/>")

    def dot(self, at: Point) -> None:
        """Where wires meet."""
        self.parts.append(f"<circle cx='{at[0]:g}' cy='{at[1]:g}' r='4.5' fill='{INK}'/>")

    def resistor(self, at: Point, name: str, *, upright: bool = False) -> None:
        """A resistor around `at`, 60 long; its name beside it."""
        x, y = at
        if upright:
            self.box((x - 9, y - 26), (18, 52))
            self.text((x + 18, y + 5), name)
        else:
            self.box((x - 26, y - 9), (52, 18))
            self.text((x, y - 18), name, anchor="middle")

    def ground(self, at: Point, name: str) -> None:
        """A ground sign below `at`, and whose ground it is."""
        x, y = at
        for half, drop in ((16, 0), (10, 7), (4, 14)):
            self.wire([(x - half, y + drop), (x + half, y + drop)])
        self.text((x, y + 34), name, size=13, colour=SOFT, anchor="middle")

    def opto(self, at: Point, name: str) -> None:
        """An opto-coupler with its middle at `at`: LED left (in above, out below), transistor right."""
        x, y = at
        self.box((x - 75, y - 60), (150, 120), fill=CHIP)
        self.text((x, y - 70), name, bold=True, anchor="middle")
        self.wire([(x - 75, y - 35), (x - 40, y - 35), (x - 40, y - 12)])
        self.wire([(x - 40, y + 12), (x - 40, y + 35), (x - 75, y + 35)])
        self.parts.append(
            f"<path d='M{x - 56:g} {y - 12:g} h32 l-16 24 z M{x - 56:g} {y + 12:g} h32' fill='{INK}' "
            f"stroke='{INK}' stroke-width='2.5'/>"
        )
        for shift in (-6, 6):
            arrow = f"M{x - 14:g} {y + shift:g} h22 m-7 -5 l7 5 l-7 5"
            self.parts.append(f"<path d='{arrow}' fill='none' stroke='{INK}' stroke-width='2'/>")
        self.wire([(x + 28, y - 20), (x + 28, y + 20)])
        self.wire([(x + 75, y - 35), (x + 48, y - 35), (x + 28, y - 8)])
        self.wire([(x + 28, y + 8), (x + 48, y + 35), (x + 75, y + 35)])
        self.parts.append(f"<path d='M{x + 48:g} {y + 35:g} l-13 -5 l7 -8 z' fill='{INK}'/>")

    def svg(self) -> str:
        """The whole drawing."""
        head = (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {self.width} {self.height}' "
            f"width='{self.width}' height='{self.height}'>"
        )
        paper = f"<rect width='{self.width}' height='{self.height}' fill='{PAPER}'/>"
        return "\n".join([head, paper, *self.parts, "</svg>\n"])


def coin_line() -> str:
    """The Pi closes the coin switch: the only line that the Pi drives."""
    sheet = Sheet(900, 400)
    _sides(sheet, "Raspberry Pi", "Arcade board", height=300)
    sheet.text((66, 116), "GPIO 17", bold=True, colour=PI)
    sheet.text((66, 136), "header pin 11", size=13, colour=SOFT)
    sheet.wire([(LEFT_EDGE, 120), (300, 120)])
    sheet.dot((262, 120))
    sheet.resistor((326, 120), "330 Ω")
    sheet.wire([(352, 120), (390, 120), (390, 155), (415, 155)])
    sheet.wire([(262, 120), (262, 194)])
    sheet.resistor((262, 220), "10 kΩ", upright=True)
    sheet.text((280, 244), "pull-down,\nneeded!", size=13, colour=PI)
    sheet.wire([(262, 246), (262, 300)])
    sheet.dot((262, 300))
    sheet.wire([(415, 225), (390, 225), (390, 300), (LEFT_EDGE, 300)])
    sheet.text((66, 305), "GND", bold=True, colour=PI)
    sheet.text((66, 325), "header pin 9", size=13, colour=SOFT)
    sheet.opto((490, 190), "PC817")
    sheet.wire([(565, 155), (RIGHT_EDGE, 155)])
    sheet.wire([(565, 225), (RIGHT_EDGE, 225)])
    sheet.text((700, 160), "COIN 1", bold=True, colour=BOARD)
    sheet.text((700, 180), "JAMMA pin 16", size=13, colour=SOFT)
    sheet.text((700, 230), "GND", bold=True, colour=BOARD)
    sheet.text((700, 250), "JAMMA pin 1", size=13, colour=SOFT)
    sheet.wire([(640, 155), (640, 172)], colour=SOFT)
    sheet.wire([(640, 172), (656, 204)], colour=SOFT)
    sheet.wire([(640, 207), (640, 225)], colour=SOFT)
    sheet.text((666, 262), "the mech's coin switch\nstays where it is", size=13, colour=SOFT, anchor="end")
    return sheet.svg()


def coin_meter() -> str:
    """What drives the board's mechanical counter tells the Pi what the board counted."""
    sheet = Sheet(900, 400)
    _sides(sheet, "Arcade board", "Raspberry Pi", height=300, left_colour=BOARD, right_colour=PI)
    sheet.text((66, 116), "+12 V", bold=True, colour=BOARD)
    sheet.text((66, 136), "of the meter", size=13, colour=SOFT)
    _series_resistor(sheet)
    sheet.text((66, 295), "COUNTER 1", bold=True, colour=BOARD)
    sheet.text((66, 315), "JAMMA pin 8,\nswitches to ground", size=13, colour=SOFT)
    sheet.opto((490, 190), "PC817")
    sheet.wire([(565, 155), (RIGHT_EDGE, 155)])
    sheet.wire([(565, 225), (RIGHT_EDGE, 225)])
    sheet.text((700, 160), "GPIO 23", bold=True, colour=PI)
    sheet.text((700, 180), "header pin 16\npulled up by the Pi", size=13, colour=SOFT)
    sheet.text((700, 230), "GND", bold=True, colour=PI)
    sheet.text((700, 250), "header pin 14", size=13, colour=SOFT)
    return sheet.svg()


def inputs() -> str:
    """Ready and game over are wired alike: a signal of the board through an opto-coupler to a pin."""
    sheet = Sheet(900, 430)
    _sides(sheet, "Arcade board", "Raspberry Pi", height=330, left_colour=BOARD, right_colour=PI)
    sheet.text((66, 116), "the signal", bold=True, colour=BOARD)
    sheet.text((66, 136), "lockout coil, lamp, ...", size=13, colour=SOFT)
    _series_resistor(sheet)
    sheet.text((66, 305), "its GND", bold=True, colour=BOARD)
    sheet.opto((490, 190), "PC817")
    sheet.wire([(565, 155), (RIGHT_EDGE, 155)])
    sheet.wire([(565, 225), (RIGHT_EDGE, 225)])
    sheet.text((700, 150), "GPIO 27  game_over", bold=True, colour=PI, size=14)
    sheet.text((700, 168), "header pin 13", size=13, colour=SOFT)
    sheet.text((700, 196), "or GPIO 22  ready", bold=True, colour=PI, size=14)
    sheet.text((700, 214), "header pin 15", size=13, colour=SOFT)
    sheet.text((700, 244), "GND", bold=True, colour=PI)
    sheet.text(
        (40, 415),
        "Wired so, the pin is low while the signal is on: active: low in config.yaml.",
        size=13,
        colour=SOFT,
    )
    return sheet.svg()


def _series_resistor(sheet: Sheet) -> None:
    """From the board's voltage through the LED of the opto-coupler, and back."""
    sheet.wire([(LEFT_EDGE, 120), (284, 120)])
    sheet.resistor((310, 120), "2.2 kΩ")
    sheet.text((310, 150), "at 5 V: 680 Ω", size=13, colour=SOFT, anchor="middle")
    sheet.wire([(336, 120), (390, 120), (390, 155), (415, 155)])
    sheet.wire([(LEFT_EDGE, 300), (390, 300), (390, 225), (415, 225)])


def _sides(
    sheet: Sheet, left: str, right: str, *, height: int, left_colour: str = PI, right_colour: str = BOARD
) -> None:
    for x, name, colour in ((40, left, left_colour), (RIGHT_EDGE, right, right_colour)):
        sheet.box((x, 60), (180 if x == 40 else 190, height), colour=colour, dashed=True)
        sheet.text((x, 44), name, size=18, bold=True, colour=colour)


DRAWINGS = {"wiring-coin.svg": coin_line, "wiring-meter.svg": coin_meter, "wiring-inputs.svg": inputs}

if __name__ == "__main__":
    for name, draw in DRAWINGS.items():
        (DOCS / name).write_text(draw())
