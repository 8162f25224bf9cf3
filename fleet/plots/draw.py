"""EDGE. Bars and lines of time as SVG by pygal, in colours that follow the browser's light or dark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

import pygal
from pygal.style import Style

from fleet.reports.machine import Bars, Stretch

_INK, _DIM, _LINE = (
    "light-dark(#1d1a29, #f1eff8)",
    "light-dark(#5b5670, #aaa4c2)",
    "light-dark(#d9d6e3, #38334d)",
)
# Told from each other by their lightness too, for those who see no colours.
_COLOURS = ("light-dark(#5a2fc2, #b79bff)", "light-dark(#e0912f, #ffc261)", "light-dark(#155e9c, #7cc0ff)")
_FONT = "system-ui, sans-serif"
# Its settings, for a script of pygal's that we have not.
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
# Even a short fault is seen, as a dot.
_CSS = (
    "svg { color-scheme: light dark; } .reactive { stroke-opacity: 1; } "
    ".xy-graph .series .line { stroke-width: 10px; stroke-linecap: round; fill: none; }"
)
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


def bars(plot: Bars, *, is_narrow: bool = False) -> bytes:
    """A plot of stacked bars; every so many labels are written, so that none lies on another."""
    chart = pygal.StackedBar(
        **_options(plot.title, is_narrow=is_narrow), include_x_axis=True, truncate_label=-1
    )
    # Counted from the end: the newest day is always named.
    step = (len(plot.labels) // (5 if is_narrow else 8)) or 1
    chart.x_labels = plot.labels
    chart.x_labels_major = plot.labels[::-step]
    chart.show_minor_x_labels = False
    if plot.is_counted:
        chart.y_labels = _whole_steps(plot)
    for name, values in plot.series:
        chart.add(name, list(values))
    return _svg(chart)


def time_line(
    lines: Sequence[Stretch], first_at: float, now: float, zone: tzinfo, *, is_narrow: bool = False
) -> bytes:
    """Each kind of fault as a row, with a line wherever one lasted."""
    kinds = sorted({line.kind for line in lines})
    chart = pygal.XY(
        **(_options("Faults", is_narrow=is_narrow) | {"margin_bottom": 36}),
        show_dots=False,
        allow_interruptions=True,
        xrange=(first_at, now),
        range=(0, len(kinds) + 1),
        show_y_labels=False,
        show_y_guides=False,
        x_labels_major_count=4 if is_narrow else 8,
        show_minor_x_labels=False,
        x_value_formatter=lambda at: datetime.fromtimestamp(at, UTC).astimezone(zone).strftime("%m-%d"),
    )
    for place, kind in enumerate(reversed(kinds), 1):
        points: list[tuple[float, int | None]] = []
        for line in sorted((each for each in lines if each.kind == kind), key=lambda each: each.began_at):
            points += [(line.began_at, place), (line.ended_at, place), (line.ended_at, None)]
        chart.add(kind, points)
    return _svg(chart)


def _whole_steps(plot: Bars) -> list[int]:
    highest = int(max(map(sum, zip(*(values for _, values in plot.series), strict=True)), default=0))
    return list(range(0, highest + 1, max(1, -(-highest // 6))))


def _options(title: str, *, is_narrow: bool) -> dict[str, Any]:
    return {
        "style": _STYLE,
        "title": title,
        "js": [],
        "no_prefix": True,
        "disable_xml_declaration": True,
        "legend_at_bottom": True,
        "legend_at_bottom_columns": 2,
        "margin": 8,
        "margin_bottom": 14,
        "truncate_legend": 24,
        "width": 360 if is_narrow else 720,
        "height": 280,
    }


def _svg(chart: Any) -> bytes:
    chart.config.css.append(f"inline:{_CSS}")
    drawn: str = chart.render()
    return _SCRIPT.sub("", drawn).encode()
