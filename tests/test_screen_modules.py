"""How large a code is: in whole pixels, as good as square on the glass, and never left out if readable."""

from __future__ import annotations

import pytest
from attract_screen_samples import GLASS, a_view, decoded, on_the_glass
from hypothesis import given
from hypothesis import strategies as st
from test_attract_screen_tubes import an_address

from attract_screen.model.feed_format import State
from attract_screen.model.modules import module_in
from attract_screen.model.monitor import Monitor, Size, frame_in
from attract_screen.model.page_turn import CODE_S, CREDITS_S
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.draw import Picture, render

TURNING: Size = (200, 160)
TOO_LONG_FOR_BOTH = an_address(140)


@given(
    width=st.integers(1, 2000),
    height=st.integers(1, 2000),
    modules=st.integers(29, 80),
    aspect=st.floats(1 / 1.5, 1.5),
    least_px=st.integers(1, 4),
)
def test_modules_fit_and_are_as_good_as_square(
    width: int, height: int, modules: int, aspect: float, least_px: int
) -> None:
    """Within half a pixel of square on the glass, unless that has no room; and larger ones have none."""
    module = module_in((width, height), modules, aspect, least_px)
    fitting = [
        (wide, high)
        for high in range(least_px, height // modules + 1)
        for wide in [max(least_px, round(high / aspect))]
        if wide * modules <= width
    ]
    smallest = (least_px, least_px) if least_px * modules <= min(width, height) else None
    assert module == max(fitting, key=lambda size: size[1], default=smallest)
    assert module is None or abs(module[0] - module[1] / aspect) <= 0.5 or module[0] == least_px


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize(
    ("size", "aspect"), [((720, 480), (4, 3)), ((720, 576), (4, 3)), ((1280, 720), (4, 3))]
)
def test_a_code_is_square_on_a_glass_whose_pixels_are_not(
    size: Size, aspect: tuple[int, int], rotate: int
) -> None:
    """Within a fourteenth: its modules are as many more pixels wide as those are narrow."""
    monitor = Monitor(rotate, aspect)
    frame = frame_in(size, monitor)
    qr = Picture(a_view(), frame.size, Studio(), frame.pixel_aspect).layout.qr
    assert qr is not None
    card = frame.place(qr.box)
    on_glass = (card.w / size[0] * aspect[0]) / (card.h / size[1] * aspect[1])
    assert 14 / 15 < on_glass < 15 / 14
    glass = (GLASS[0], GLASS[0] * aspect[1] // aspect[0])
    assert decoded(on_the_glass(render(a_view(), size, monitor), glass=glass)) == [a_view().qr]


def test_credits_and_code_take_turns_where_there_is_no_room_for_both() -> None:
    """A code that is left out sells nothing; one that is too fine neither."""
    view = a_view(State.PLAYING, qr=TOO_LONG_FOR_BOTH)
    picture, seen = Picture(view, TURNING, Studio()), []
    picture.draw(0.0)
    for elapsed_s in (0.0, CREDITS_S - 0.1, CREDITS_S, CREDITS_S + CODE_S - 0.1, CREDITS_S + CODE_S):
        turned = picture.is_due(elapsed_s)
        picture.draw(elapsed_s)
        words = [label.text for label in picture.layout.labels]
        seen.append((turned, decoded(picture.surface), "3 CREDITS" in " ".join(words)))
    credits, code = [], [TOO_LONG_FOR_BOTH]
    assert seen == [
        (False, credits, True),
        (False, credits, True),
        (True, code, False),
        (False, code, False),
        (True, credits, True),
    ]
