"""The screen's pictures beside those that somebody looked at: a change that was not meant is seen."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops

sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))

from reference_pictures import CELL, Reference, references
from screens import FEED

# Of 255, on average over a block of so many pixels: what another version's edges of letters may cost.
BLOCK, TOLERANCE = 8, 20


def furthest_apart(one: Image.Image, other: Image.Image) -> int:
    """How far the two are apart, in the block where they are furthest."""
    blocks = ImageChops.difference(one, other).resize((CELL // BLOCK,) * 2, Image.Resampling.BOX)
    return max(most for _, most in blocks.getextrema())


@pytest.mark.parametrize("reference", list(references()), ids=str)
def test_a_picture_is_as_somebody_saw_it(reference: Reference) -> None:
    """`make screens RENEW=1` draws them anew, to be looked at and committed."""
    assert furthest_apart(reference.draw(), reference.kept()) < TOLERANCE


def test_another_price_is_noticed() -> None:
    """As little as one digit of the price board."""
    reference = next(reference for reference in references() if reference.name == "attract")
    dearer = [{**offer, "amount": offer["amount"] + 800} for offer in FEED["offers"]]
    assert furthest_apart(reference.draw(offers=dearer), reference.kept()) > TOLERANCE
