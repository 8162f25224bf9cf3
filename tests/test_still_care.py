"""What stands still for hours moves a little, and nobody who scans the code is disturbed by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pygame
import pytest
import zxingcpp
from attract_screen_samples import a_view, decoded, picture_of, write_feed
from hypothesis import given
from hypothesis import strategies as st

from attract_screen.display import Display, Kind
from attract_screen.feed import FeedReader
from attract_screen.model.box import Box
from attract_screen.model.feed_format import State
from attract_screen.model.monitor import Size
from attract_screen.model.still_care import (
    AT_FIRST,
    CODE_STANDS_AT_MOST_S,
    CODE_STANDS_S,
    WORDS_STAND_S,
    Stand,
    StillCare,
)
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.draw import Picture
from attract_screen.show import Show, boot_clock_s

PLACES = [Stand((dx, dy), (dx % 2, dy % 2)) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]


@pytest.fixture(scope="module")
def studio() -> Studio:
    """The fonts and the art, opened once."""
    return Studio()


def stands(seconds: int, came_at_s: tuple[int, ...] = ()) -> list[Stand]:
    """Where everything stood at each second from a start."""
    care, seen = StillCare(0.0, 0.0), []
    for now_s in range(seconds):
        care = care.later(float(now_s), code_came=now_s in came_at_s)
        seen.append(care.stand)
    return seen


def test_words_move_by_a_step_every_three_minutes_and_are_at_home_again() -> None:
    """In nine steps of three minutes they have been on every pixel around, each as long."""
    words = [stand.words for stand in stands(9 * int(WORDS_STAND_S))]
    assert Counter(words) == {(dx, dy): 180 for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
    assert max(abs(a - b) for one, other in pairwise(words) for a, b in zip(one, other, strict=True)) == 1


def test_a_code_that_stays_moves_by_one_module_an_hour() -> None:
    """Nobody knows when the machine is looked at through a phone: rarely, then, and by the least there is."""
    code = [stand.code for stand in stands(5 * int(CODE_STANDS_AT_MOST_S))]
    moves = [(at_s, here, there) for at_s, (here, there) in enumerate(pairwise(code), 1) if here != there]
    assert moves == [
        (3600, (0, 0), (1, 0)),
        (7200, (1, 0), (1, 1)),
        (10800, (1, 1), (0, 1)),
        (14400, (0, 1), (0, 0)),
    ]


def test_a_code_that_comes_anew_may_have_moved() -> None:
    """Nobody was scanning what was not there; but not with every sale."""
    came = (500, 700, 900, 1299, 1300, 2000)
    code = [stand.code for stand in stands(3000, came)]
    assert [at_s for at_s, (here, there) in enumerate(pairwise(code), 1) if here != there] == [
        700,
        1300,
        2000,
    ]
    assert CODE_STANDS_S == 600


@given(looks=st.lists(st.tuples(st.floats(0, 5000), st.booleans()), max_size=40))
def test_the_code_never_moves_while_it_may_be_scanned(looks: list[tuple[float, bool]]) -> None:
    """But for once an hour, it moves only as it comes."""
    care, now_s, moved_at_s = StillCare(0.0, 0.0), 0.0, 0.0
    for after_s, came in looks:
        now_s += after_s
        later = care.later(now_s, code_came=came)
        if later.stand.code != care.stand.code:
            assert now_s - moved_at_s >= (CODE_STANDS_S if came else CODE_STANDS_AT_MOST_S)
            moved_at_s = now_s
        care = later


@pytest.mark.parametrize("stand", PLACES)
@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("size", [(320, 240), (256, 192), (640, 480), (480, 800)])
def test_wherever_it_stands_it_is_a_whole_picture(
    size: Size, state: State, stand: Stand, studio: Studio
) -> None:
    """Nothing reaches the rail or another thing, and the code keeps its card."""
    layout = Picture(a_view(state), size, studio, 1.0, stand).layout
    glass = Box(0, 0, *size).inset(layout.rail)
    assert [box for box in layout.taken if not glass.contains(box)] == []
    labels = [label.box for label in layout.labels]
    others = [piece.box for piece in layout.art] + ([layout.qr.card] if layout.qr else [])
    assert [(one, other) for one in labels for other in others if one.overlaps(other)] == []


@pytest.mark.parametrize("stand", [*PLACES, AT_FIRST])
@pytest.mark.parametrize("size", [(320, 240), (640, 480)])
def test_the_code_moves_by_whole_modules_within_its_card(size: Size, stand: Stand, studio: Studio) -> None:
    """It keeps its quiet zone, and can be read at each of its places."""
    picture = Picture(a_view(), size, studio, 1.0, stand)
    picture.draw(0.0)
    qr, first = picture.layout.qr, Picture(a_view(), size, studio).layout.qr
    assert qr is not None
    assert first is not None
    steps = (qr.box.x - first.box.x) / qr.module[0], (qr.box.y - first.box.y) / qr.module[1]
    assert (steps, qr.card, qr.card.contains(qr.box)) == (stand.code, first.card, True)
    assert decoded(picture.surface) == [a_view().qr]


def test_a_phone_that_sees_the_code_move_reads_the_next_picture(studio: Studio) -> None:
    """A camera's picture of which one half is older may be lost; those before and after it are not."""
    before, after = (
        Picture(a_view(), (640, 480), studio),
        Picture(a_view(), (640, 480), studio, 1.0, PLACES[-1]),
    )
    before.draw(0.0)
    after.draw(0.0)
    torn = before.surface.copy()
    torn.blit(after.surface, (0, 240), pygame.Rect(0, 240, 640, 240))
    assert [decoded(before.surface), decoded(after.surface)] == [[a_view().qr]] * 2
    assert set(decoded(torn)) <= {a_view().qr}


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Show]:
    """A screen of 640x480 without a monitor that has just been opened, and waits to be told the time."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    write_feed(tmp_path / "feed.json", state="playing")
    stops = iter([False, True, True])
    show = Show(Display(Kind.HEADLESS, (640, 480)), FeedReader(tmp_path / "feed.json"))
    show.run(lambda: next(stops, True))
    yield show
    pygame.display.quit()


def test_the_screen_takes_that_care(show: Show, tmp_path: Path) -> None:
    """Two hours of a game: all stands but for the words each third minute, and the code once in the hour."""
    began_s, frames, codes = boot_clock_s(), [], []
    for minute in range(121):
        now_s = began_s + 60.0 * minute
        write_feed(tmp_path / "feed.json", state="playing", written_at_s=now_s, since_s=now_s)
        for step in range(40):  # the picture comes up over a second
            show.step(now_s + step / 30)
        frame = picture_of(pygame.display.get_surface())
        (code,) = zxingcpp.read_barcodes(frame, formats=zxingcpp.BarcodeFormat.QRCode)
        frames.append(frame.tobytes())
        codes.append((code.position.top_left.x, code.position.top_left.y))
    changed = [minute for minute, (here, there) in enumerate(pairwise(frames), 1) if here != there]
    assert changed == list(range(3, 121, 3))
    moved = [minute for minute, (here, there) in enumerate(pairwise(codes), 1) if here != there]
    assert moved == [60, 120]
