"""Tubes: pixels that are not square, edges that hide a part of the picture, few lines for long addresses."""

from __future__ import annotations

import pygame
import pytest
from attract_screen_samples import ADDRESS, GLASS, a_view, decoded, on_the_glass
from hypothesis import given, settings
from hypothesis import strategies as st

from attract_screen.model.feed_format import MAX_QR_CHARS, State
from attract_screen.model.monitor import (
    MOST_OVERSCAN_PERCENT,
    ROTATIONS,
    SMALLEST_SIDE,
    Frame,
    Monitor,
    frame_in,
)
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.draw import Picture, render
from attract_screen.picture.glass import carry

TUBE = (4, 3)
# What is sent to a tube of 15 kHz, on a Pi's composite output among it.
TUBE_MODES = (
    (640, 240),
    (720, 240),
    (720, 288),
    (1280, 240),
    (1600, 240),
    (1920, 224),
    (1920, 240),
    (1920, 256),
    (1920, 288),
    (2048, 240),
    (2560, 240),
    (3840, 240),
)
FLAT = ((320, 240), (640, 480), (720, 480), (720, 576), (1280, 400), (1424, 280), (1920, 480), (480, 1920))


def an_address(length: int) -> str:
    """An address of so many characters."""
    return ("https://pay.example.com/p/" + "Galaga-0123456789_" * 30)[:length]


@pytest.mark.parametrize("rotate", ROTATIONS)
@pytest.mark.parametrize("size", TUBE_MODES)
def test_the_code_decodes_as_the_tube_shows_it(size: tuple[int, int], rotate: int) -> None:
    """Nothing is configured: the size alone says that the pixels are up to eight times as high as wide."""
    frame = render(a_view(), size, Monitor(rotate), elapsed_s=0.7)
    assert (frame.get_size(), decoded(on_the_glass(frame))) == (size, [ADDRESS])


@pytest.mark.parametrize("size", TUBE_MODES)
def test_a_module_is_as_good_as_square_on_the_tube(size: tuple[int, int]) -> None:
    """Within a ninth, for only whole pixels are sharp."""
    across, down = frame_in(size, Monitor()).stretch
    width_to_height = (across / size[0] * TUBE[0]) / (down / size[1] * TUBE[1])
    assert 8 / 9 <= width_to_height < 9 / 8


@pytest.mark.parametrize("size", FLAT)
def test_a_flat_display_and_a_tube_of_vga_have_square_pixels(size: tuple[int, int]) -> None:
    """The long and low ones above a marquee too."""
    assert frame_in(size, Monitor()) == Frame(size, 0, (1, 1), (0, 0))


@pytest.mark.parametrize(
    ("size", "aspect", "frame"),
    [
        ((1920, 480), (4, 3), Frame((640, 480), 0, (3, 1), (0, 0))),
        ((1920, 240), (8, 1), Frame((1920, 240), 0, (1, 1), (0, 0))),
        ((320, 480), (4, 3), Frame((320, 240), 0, (1, 2), (0, 0))),
        ((2048, 240), None, Frame((341, 240), 0, (6, 1), (1, 0), 0.9375)),
        ((640, 480), (99, 1), Frame((640, 160), 0, (1, 3), (0, 0), 1.5)),
        ((720, 480), (4, 3), Frame((720, 480), 0, (1, 1), (0, 0), 8 / 9)),
    ],
)
def test_the_configured_aspect_comes_before_the_size(
    size: tuple[int, int], aspect: tuple[int, int] | None, frame: Frame
) -> None:
    """Columns that are left over lie on both sides, and an aspect that cannot be leaves room for words."""
    assert frame_in(size, Monitor(aspect=aspect)) == frame


@settings(max_examples=300)
@given(
    width=st.integers(SMALLEST_SIDE, 4096),
    height=st.integers(SMALLEST_SIDE, 4096),
    aspect=st.none() | st.tuples(st.integers(1, 99), st.integers(1, 99)),
    percent=st.integers(0, MOST_OVERSCAN_PERCENT),
    rotate=st.sampled_from(ROTATIONS),
)
def test_the_picture_lies_in_what_can_be_seen(
    width: int, height: int, aspect: tuple[int, int] | None, percent: int, rotate: int
) -> None:
    """Whatever the display and its monitor are, and nothing is left over that could have been used."""
    picture = frame_in((width, height), Monitor(rotate, aspect, percent))
    (left, top), (across, down) = picture.corner, picture.stretch
    w, h = picture.size[::-1] if rotate % 180 else picture.size
    margins = (width - w * across, height - h * down)
    assert (left, top) == (margins[0] // 2, margins[1] // 2)
    assert min(w, h) >= SMALLEST_SIDE * (100 - 2 * percent) // 100 - 2
    for side, margin, times in ((width, margins[0], across), (height, margins[1], down)):
        assert 2 * (side - times) * percent / 100 - times < margin < 2 * side * percent / 100 + 4 * times


@pytest.mark.parametrize("percent", [1, 5, 10])
@pytest.mark.parametrize("size", [(320, 240), (720, 240), (640, 480), (1920, 240), (720, 576)])
def test_the_code_decodes_with_the_edges_of_the_picture_hidden(size: tuple[int, int], percent: int) -> None:
    """So many percent are behind the mask on each side."""
    frame = render(a_view(), size, Monitor(overscan_percent=percent))
    assert decoded(on_the_glass(frame, percent)) == [ADDRESS]


def test_nothing_is_drawn_where_the_mask_is() -> None:
    """The whole picture, with its bulbs, is inside; the rest is as dark as its rail."""
    frame = render(a_view(), (640, 480), Monitor(overscan_percent=5))
    inside = pygame.Rect(32, 24, 576, 432)
    edge = {
        tuple(frame.get_at((x, y)))[:3]
        for x in range(640)
        for y in range(480)
        if not inside.collidepoint(x, y)
    }
    assert edge == {(7, 5, 18)}


@pytest.mark.parametrize("state", [State.ATTRACT, State.PLAYING])
@pytest.mark.parametrize("size", [(320, 240), (240, 320), (1920, 240)])
@pytest.mark.parametrize("length", [26, 90, 107, 108, 109, 110, 122, 152, 180, 213, 251, 287, MAX_QR_CHARS])
def test_an_address_of_any_length_has_its_code_on_few_lines(
    size: tuple[int, int], length: int, state: State
) -> None:
    """Credits can be added while the game runs, however long: 107 characters were once too many."""
    frame = render(a_view(state, qr=an_address(length)), size)
    glass = GLASS[::-1] if size == (240, 320) else GLASS
    assert decoded(on_the_glass(frame, glass=glass)) == [an_address(length)]


@pytest.mark.parametrize("percent", range(MOST_OVERSCAN_PERCENT + 1))
def test_the_longest_address_has_its_code_within_the_smallest_margin(percent: int) -> None:
    """Alone, if nothing else has room beside it: without it the machine sells nothing."""
    frame = render(a_view(qr=an_address(MAX_QR_CHARS)), (320, 240), Monitor(overscan_percent=percent))
    assert decoded(on_the_glass(frame, percent)) == [an_address(MAX_QR_CHARS)]


@pytest.mark.parametrize("length", [107, MAX_QR_CHARS])
def test_the_credits_stay_beside_a_larger_code(length: int) -> None:
    """Who plays looks for them first."""
    layout = Picture(a_view(State.PLAYING, qr=an_address(length)), (320, 240), Studio()).layout
    words = " ".join(label.text for label in layout.labels)
    assert words == "ADD CREDITS pay.example.com galaga-01 GALAGA 3 CREDITS Press START. Good luck!"


@pytest.mark.parametrize("size", [(1920, 240), (2048, 240)])
def test_what_moves_is_carried_over_as_a_whole_picture_would_be(size: tuple[int, int]) -> None:
    """Only parts are drawn anew, thirty times a second: stretched, each lies where it belongs."""
    monitor = Monitor(rotate=90, overscan_percent=5)
    frame, glass = frame_in(size, monitor), render(a_view(), size, monitor)
    picture = Picture(a_view(), frame.size, Studio())
    picture.draw(0.0)
    for tick in range(1, 90):
        carry(picture.surface, picture.move(tick / 30), frame, glass)
    fresh = render(a_view(), size, monitor, 89 / 30)
    assert pygame.image.tostring(glass, "RGB") == pygame.image.tostring(fresh, "RGB")
