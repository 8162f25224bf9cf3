"""The programme of the attract mode, and how one page gives way to another: by rules alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attract_screen.model.box import Box
from attract_screen.model.programme import MaterialPage, PageKind, programme
from attract_screen.model.reveal import Reveal, dissolve, reels, sweep

ONE, TWO = MaterialPage("a.jpg", "", 8.0), MaterialPage("b.jpg", "Hall", 5.0)
REVEALS = {"dissolve": dissolve, "sweep": sweep, "reels": reels}


def pixels(box: Box) -> list[tuple[int, int]]:
    """All of them."""
    return [(x, y) for x in range(box.x, box.right) for y in range(box.y, box.bottom)]


def kinds(*, coming: bool = False, today: bool = False, material: tuple[MaterialPage, ...] = ()) -> list[str]:
    """The programme in short: each page's kind, or its picture."""
    told = programme(coming=coming, today=today, material=material)
    return [page.material.key if page.material else page.kind.value for page in told]


def test_the_prices_come_first_and_again_after_every_second_page() -> None:
    """Whatever else there is to tell."""
    assert kinds() == ["offer", "how-to"]
    assert kinds(coming=True) == ["offer", "how-to", "coming"]
    assert kinds(coming=True, today=True) == ["offer", "how-to", "coming", "offer", "today"]


def test_the_operators_pictures_take_turns_with_ours() -> None:
    """Each of both is there, for its own seconds."""
    assert kinds(material=(ONE, TWO)) == ["offer", "a.jpg", "how-to", "offer", "b.jpg", "how-to"]
    assert kinds(today=True, material=(ONE,)) == ["offer", "a.jpg", "how-to", "offer", "a.jpg", "today"]
    shown = programme(coming=False, today=False, material=(ONE, TWO))
    assert [page.seconds for page in shown if page.kind is PageKind.MATERIAL] == [8.0, 5.0]


@pytest.mark.parametrize("reveal", REVEALS.values(), ids=REVEALS)
@given(
    box=st.builds(Box, *[st.integers(0, 50)] * 2, *[st.integers(1, 120)] * 2),
    stops=st.lists(st.floats(0.01, 0.99), max_size=8),
)
def test_all_steps_together_show_the_whole_box(reveal: Reveal, box: Box, stops: list[float]) -> None:
    """However late they come; never anything beside it, and at last no front is left."""
    seen: set[tuple[int, int]] = set()
    parts = [0.0, *sorted(stops), 1.0]
    for before, after in pairwise(parts):
        step = reveal(box, before, after)
        assert all(box.contains(part) for part in (*step.new, *step.front))
        seen |= {pixel for part in step.new for pixel in pixels(part)}
    assert step.front == ()
    assert len(seen) == box.w * box.h


@given(*[st.builds(Box, *[st.integers(0, 20)] * 2, *[st.integers(1, 20)] * 2)] * 2)
def test_a_box_without_another_is_what_lies_beside_it(box: Box, hole: Box) -> None:
    """Pixel by pixel, each once."""
    left = [pixel for part in box.without(hole) for pixel in pixels(part)]
    assert sorted(left) == sorted(set(pixels(box)) - set(pixels(hole)))
