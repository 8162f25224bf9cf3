"""EDGE. Bars and lines of time as SVG by pygal, in colours that follow the browser's light or dark."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

import pygal
from pygal.style import Style

from fleet.reports.machine import Bars, Stretch

_SIZE = {"width": 720, "height": 280}
_INK, _DIM, _LINE = "light-dark(#1d1a29, #f1eff8)", "light-dark(#5b5670, #aaa4c2)", "light-dark(#d9d6e3, #38334d)"
# Told from each other by their lightness too, for those who see no colours.
_COLOURS = ("light-dark(#5a2fc2, #b79bff)", "light-dark(#e0912f, #ffc261)", "light-dark(#155e9c, #7cc0ff)")
_FONT = "system-ui, sans-serif"
_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground=_DIM,
    foreground_strong=_INK,
    foreground_subtle=_LINE,
    guide_stroke_color=_LINE,
    major_guide_stroke_color=_LINE,
    guide_stroke_dasharray="0",
    major_guide_stroke_dasharray="0",
    colors=_COLOURS,
    font_family=_FONT,
    opacity="1",
    label_font_size=13,
    major_label_font_size=13,
    legend_font_size=14,
    title_font_size=16,
)


def bars(plot: Bars, *, stacked: bool = True) -> bytes:
    """A plot of bars; every so many labels are written, so that none lies on another."""
    chart = (pygal.StackedBar if stacked else pygal.Bar)(**_options(plot.title), include_x_axis=True)
    chart.x_labels = plot.labels
    step = 5 if len(plot.labels) > 24 else 3
    chart.x_labels_major = plot.labels[::-step][::-1] if len(plot.labels) > 24 else plot.labels[::step]
    chart.show_minor_x_labels = False
    for name, values in plot.series:
        chart.add(name, list(values))
    return _svg(chart)


def time_line(title: str, lines: Sequence[Stretch], first_at: float, now: float, zone: tzinfo) -> bytes:
    """Each kind as a row, with a line wherever it lasted."""
    kinds = sorted({line.kind for line in lines})
    chart = pygal.XY(
        **_options(title),
        show_dots=False,
        allow_interruptions=True,
        xrange=(first_at, now),
        range=(0, len(kinds) + 1),
        show_y_labels=False,
        show_y_guides=False,
        stroke_style={"width": 12, "linecap": "round"},
        x_value_formatter=lambda at: datetime.fromtimestamp(at, zone).strftime("%m-%d"),
    )
    for place, kind in enumerate(reversed(kinds), 1):
        points: list[tuple[float, int | None]] = []
        for line in sorted((each for each in lines if each.kind == kind), key=lambda each: each.began_at):
            points += [(line.began_at, place), (line.ended_at, place), (line.ended_at, None)]
        chart.add(kind, points)
    return _svg(chart)


def _options(title: str) -> dict[str, Any]:
    return {
        "style": _STYLE,
        "title": title,
        "js": [],
        "no_prefix": True,
        "disable_xml_declaration": True,
        "explicit_size": False,
        "legend_at_bottom": True,
        "legend_at_bottom_columns": 3,
        "margin": 8,
        "truncate_legend": 24,
        "no_data_text": "nothing",
        **_SIZE,
    }


def _svg(chart: Any) -> bytes:
    chart.config.css.append("inline:svg { color-scheme: light dark; }")
    drawn: str = chart.render()
    return drawn.encode()
