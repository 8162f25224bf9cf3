"""docs/stripe-reads.md: the figures are those of a relay whose reads were counted."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from how_it_works import filled, places  # noqa: E402 - the tools are no package
from stripe_reads import PAGE, tables  # noqa: E402

TEXT = PAGE.read_text()
# An hour of 500 machines takes a minute to simulate: `make docs` alone does.
OF_500 = re.compile(r"(<!-- run: busy-fleets -->\n(?:\|[^\n]*\n)+)\| 500 [^\n]*\n")


def test_the_figures_on_the_page_are_counted() -> None:
    """On a relay whose hours are simulated; after a change `make docs` writes them anew."""
    told = tables(busy_fleets=(1, 50))

    assert sorted(places(TEXT)) == sorted(told)
    page, hours_of_500 = OF_500.subn(r"\1", TEXT)
    assert hours_of_500 == 1
    assert filled(page, told) == page


def test_a_relay_at_rest_keeps_to_the_least_ration() -> None:
    """With as many as 50 machines, each switched on once a day."""
    rest = re.findall(r"^\| (1|50) \| ([\d,]+) \| [\d,]+ \| ([\d,]+) \|", TEXT, re.MULTILINE)[:2]

    assert [machines for machines, *_ in rest] == ["1", "50"]
    assert all(int(figure.replace(",", "")) < 10_000 for _, *figures in rest for figure in figures)
