"""docs/screens.md: every picture that the screen can show, as the program draws it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from attract_screen.model.feed_format import State, parse_feed
from attract_screen.model.view import view_of

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from screens import FEED, PICTURES, SCREENS, draw  # noqa: E402 - the tools are no package

PAGE = (ROOT / "docs" / "screens.md").read_text()
# Of 255, on average: what another version's rounding may cost. Another digit in a headline is 0.2.
NEARLY_THE_SAME = 0.1


def test_every_state_of_the_screen_has_its_picture() -> None:
    """A technician who stands before one finds it."""
    assert {str(fields.get("state", "attract")) for fields in PICTURES.values()} == {s.value for s in State}
    assert {path.stem for path in SCREENS.iterdir()} == set(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_stands_on_the_page_with_its_words(name: str) -> None:
    """Who cannot see the picture reads them; who looks for the words finds the row."""
    view = view_of(parse_feed(json.dumps(FEED | PICTURES[name]).encode()), 0.0)
    (row,) = [line for line in PAGE.splitlines() if f'"screens/{name}.png"' in line]

    assert view.headline in row


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_as_the_screen_draws_it(name: str, tmp_path: Path) -> None:
    """An old one would mislead; `make pictures` draws it anew."""
    draw(name, tmp_path / "now.png")
    with Image.open(tmp_path / "now.png") as now, Image.open(SCREENS / f"{name}.png") as stored:
        apart = ImageChops.difference(now.convert("RGB"), stored.convert("RGB"))

    assert max(ImageStat.Stat(apart).mean) < NEARLY_THE_SAME
