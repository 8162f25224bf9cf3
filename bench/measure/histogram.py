"""Draws histograms below one another, on one axis of milliseconds: how often an error was how large."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont

from bench.measure.spread import spread

WIDTH, MARGIN = 1240, 44
PANEL_HEIGHT, PANEL_SPACE = 112, 58
LEFT, RIGHT = 150, WIDTH - MARGIN
# Errors from 0.01 ms to 1 s, ten bars to each power of ten; what is beyond stands in the outermost bar.
DECADES = (-2, 3)
BARS_A_DECADE = 10
# Shares of the pulses from 1 in 10,000 up, each line ten times the one below: the rare ones are what matters.
SHARES = ((1.0, "100 %"), (0.1, ""), (0.01, "1 %"), (0.001, ""), (0.0001, "0.01 %"))
SMALLEST_SHARE = 0.00003
LOGGED_FROM_MS = 5.0
PAPER, INK, FAINT, GRID, LOGGED = "#ffffff", "#1b1f24", "#57606a", "#d8dee4", "#fff1e5"


@dataclass(frozen=True)
class Curve:
    """One histogram: its name, its errors without their sign, and its colour."""

    name: str
    errors_ms: Sequence[float]
    colour: str = "#0969da"


def draw(path: Path, title: str, curves: Sequence[Curve], conditions: str) -> None:
    """Write the picture as PNG."""
    words = wrap(conditions, 112)
    top = 96 + 30 * len(words)
    height = top + len(curves) * (PANEL_HEIGHT + PANEL_SPACE) + 74
    image = Image.new("RGB", (WIDTH, height), PAPER)
    pen = ImageDraw.Draw(image)
    pen.text((MARGIN, 30), title, INK, _font(36))
    for number, line in enumerate(words):
        pen.text((MARGIN, 84 + 30 * number), line, FAINT, _font(22))
    for number, curve in enumerate(curves):
        _panel(pen, top + PANEL_SPACE + number * (PANEL_HEIGHT + PANEL_SPACE), curve)
    _axis(pen, top + len(curves) * (PANEL_HEIGHT + PANEL_SPACE))
    _side(image, (top + PANEL_SPACE + height - 74) // 2)
    image.save(path, optimize=True)


def _panel(pen: ImageDraw.ImageDraw, top: int, curve: Curve) -> None:
    bottom, found = top + PANEL_HEIGHT, spread(curve.errors_ms)
    pen.rectangle((_x(LOGGED_FROM_MS), top, RIGHT, bottom), LOGGED)
    for share, label in SHARES:
        y = _y(share, bottom)
        pen.line((LEFT, y, RIGHT, y), GRID)
        pen.text((LEFT - 12, y), label, FAINT, _font(19), anchor="rm")
    for power in range(DECADES[0], DECADES[1] + 1):
        pen.line((_x(10.0**power), top, _x(10.0**power), bottom), GRID)
    _bars(pen, bottom, curve)
    pen.line((LEFT, bottom, RIGHT, bottom), FAINT, 2)
    pen.text((LEFT, top - 10), curve.name, INK, _font(24), anchor="ls")
    figures = f"99.9 % within {_ms(found.p999_ms)}, worst {_ms(found.worst_ms)}  ({found.count} samples)"
    pen.text((RIGHT, top - 10), figures, INK, _font(22), anchor="rs")


def _bars(pen: ImageDraw.ImageDraw, bottom: int, curve: Curve) -> None:
    counts = [0] * ((DECADES[1] - DECADES[0]) * BARS_A_DECADE)
    for error_ms in curve.errors_ms:
        place = (math.log10(max(error_ms, 1e-9)) - DECADES[0]) * BARS_A_DECADE
        counts[min(len(counts) - 1, max(0, math.floor(place)))] += 1
    for place, count in enumerate(counts):
        if count:
            left = _x(10 ** (DECADES[0] + place / BARS_A_DECADE))
            right = _x(10 ** (DECADES[0] + (place + 1) / BARS_A_DECADE))
            share = count / len(curve.errors_ms)
            pen.rectangle((left + 1, _y(share, bottom), right - 1, bottom), curve.colour)


def _axis(pen: ImageDraw.ImageDraw, bottom: int) -> None:
    for power in range(DECADES[0], DECADES[1] + 1):
        pen.text((_x(10.0**power), bottom + 10), f"{10.0**power:g}", FAINT, _font(20), anchor="mt")
    note = "(cyclictest: how late it was woken); shaded: over 5 ms, which the controller logs"
    words = f"error of the width in ms {note}"
    pen.text(((LEFT + RIGHT) / 2, bottom + 40), words, FAINT, _font(22), anchor="mt")


def _side(image: Image.Image, middle: int) -> None:
    words = "share of the samples"
    left, top, right, bottom = _font(22).getbbox(words)
    label = Image.new("RGB", (round(right - left), round(bottom - top)), PAPER)
    ImageDraw.Draw(label).text((-left, -top), words, FAINT, _font(22))
    upright = label.rotate(90, expand=True)
    image.paste(upright, (MARGIN, middle - upright.height // 2))


def _x(ms: float) -> float:
    share = (math.log10(ms) - DECADES[0]) / (DECADES[1] - DECADES[0])
    return LEFT + share * (RIGHT - LEFT)


def _y(share: float, bottom: int) -> float:
    whole = -math.log10(SMALLEST_SHARE)
    return bottom - PANEL_HEIGHT * max(0.0, 1 + math.log10(max(share, SMALLEST_SHARE)) / whole)


def _ms(ms: float) -> str:
    return f"{ms:.2f} ms" if ms < 10 else f"{ms:.0f} ms"


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
