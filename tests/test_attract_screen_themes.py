"""The designs of the attract screen: every state in each, readable, calm, and the code never in the way."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace

import pygame
import pytest
from attract_screen_samples import ADDRESS, FEED, LONG_LINE, SIZES, a_view, decoded
from descriptors import left_since, open_now

from attract_screen.model.box import Box
from attract_screen.model.feed_format import Notice, PricePeriod, State
from attract_screen.model.monitor import ROTATIONS, Monitor, Size, frame_in
from attract_screen.model.programme import MaterialPage
from attract_screen.model.reveal import TURN_S
from attract_screen.model.themes import ThemeName
from attract_screen.model.view import View, view_of
from attract_screen.picture.colours import Colour, contrast
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.draw import Picture, render
from attract_screen.picture.entrance import Entrance
from attract_screen.picture.layout import Layout
from attract_screen.picture.letters.typefaces import Typeface
from attract_screen.picture.motion.turn import codes_of
from attract_screen.picture.scenes.scenes import pages

FRAME_S = 1 / 30
UPRIGHT = Monitor()
GLASS = (640, 480)
NEWS = {"coming": PricePeriod("Happy hour", "17:00"), "games_today": 37, "note": "Late price until 17:00"}
STATES = [state for state in State if state is not State.SETUP]
NOTICE = Notice("Not set up yet", ("Put a file on the card.",))
VIEWS: dict[str, View] = {
    **{state.value: a_view(state, qr=None, technician_line=LONG_LINE) for state in STATES},
    "inviting": a_view(**NEWS, technician_line=LONG_LINE),
    "playing with a code": a_view(State.PLAYING),
    "setup": a_view(State.SETUP, notice=NOTICE, technician_line="10.0.0.1"),
}
every_theme = pytest.mark.parametrize("name", list(ThemeName))
every_size = pytest.mark.parametrize("size", [(320, 240), (640, 480), (1920, 1080), (1080, 1920)])


@pytest.fixture(scope="module")
def studios() -> dict[ThemeName, Studio]:
    """Each design in use, opened once."""
    return {name: Studio(name) for name in ThemeName}


def grounds(layout: Layout, box: Box, studio: Studio) -> set[Colour]:
    """All colours that there are beneath a box, once the plates lie on the ground."""
    surface = studio.theme.ground(layout)
    for panel in layout.panels:
        studio.theme.panel(surface, panel)
    step = max(1, box.h // 24)
    places = ((x, y) for y in range(box.y, box.bottom, step) for x in range(box.x, box.right, step))
    return {tuple(surface.get_at(place))[:3] for place in places}  # type: ignore[misc]


def faintest(layout: Layout, studio: Studio) -> dict[str, tuple[float, float]]:
    """Each text with its contrast at its worst, and the one that it needs."""
    found = {}
    for label in layout.labels:
        # WCAG 2.2: text of 14 points (18.66 pixels) and more is large where it is bold, as all of ours is.
        needed = 3.0 if label.box.h >= 24 else 4.5
        inks = studio.faces.inks(label.face, label.colour)
        beneath = grounds(layout, label.box, studio)
        worst = min(contrast(ink, ground) for ink in inks for ground in beneath)
        found[label.text] = (round(worst, 2), needed)
    return found


@every_theme
@every_size
def test_all_that_is_written_can_be_read(
    name: ThemeName, size: Size, studios: dict[ThemeName, Studio]
) -> None:
    """By WCAG 2.2, 1.4.3: in every state, on every page, on whatever the ground has there."""
    studio, faint = studios[name], {}
    for what, view in VIEWS.items():
        for page in pages(view, size, studio):
            for text, (worst, needed) in faintest(page.layout(), studio).items():
                if worst < needed:
                    faint[what, text] = worst
    assert faint == {}


def test_a_contrast_is_what_the_standard_says() -> None:
    """Black on white, a colour on itself, and one that just fails."""
    pairs = [((0, 0, 0), (255, 255, 255)), ((9, 9, 9), (9, 9, 9)), ((119, 119, 119), (255, 255, 255))]
    assert [round(contrast(one, other), 2) for one, other in pairs] == [21.0, 1.0, 4.48]


def small(surface: pygame.Surface) -> bytes:
    """The picture's brightness in cells, as an eye across the room sees it."""
    pixels = pygame.image.tostring(pygame.transform.smoothscale(surface, (64, 48)), "RGB")
    reds, greens, blues = pixels[::3], pixels[1::3], pixels[2::3]
    return bytes((2 * r + 7 * g + b) // 10 for r, g, b in zip(reds, greens, blues, strict=True))


def flashes(levels: list[int]) -> int:
    """How often brightness went down and up again by a tenth of the whole, at least."""
    turns, base, going = 0, levels[0], 0
    for level in levels:
        if going >= 0 and level <= base - 25:
            turns, base, going = turns + 1, level, -1
        elif going <= 0 and level >= base + 25:
            turns, base, going = turns + 1, level, 1
        else:
            base = max(base, level) if going > 0 else min(base, level) if going < 0 else base
    return turns // 2


def most_flashes(frames: list[bytes]) -> int:
    """The most that any cell flashes within a second."""
    second = round(1 / FRAME_S) + 1
    seconds = [frames[start : start + second] for start in range(0, max(1, len(frames) - second), 10)]
    return max(flashes(list(levels)) for frames in seconds for levels in zip(*frames, strict=True))


def test_flashes_are_counted() -> None:
    """Five times a second is five; a slow glow is none."""
    fast = [bytes([255 * (tick // 3 % 2)]) for tick in range(31)]
    slow = [bytes([tick * 8]) for tick in range(31)]
    assert (most_flashes(fast), most_flashes(slow)) == (5, 0)


@every_theme
@pytest.mark.parametrize("state", [State.STARTING, State.ATTRACT, State.PAYING])
def test_nothing_flashes_more_than_three_times_a_second(
    name: ThemeName, state: State, studios: dict[ThemeName, Studio]
) -> None:
    """WCAG 2.2, 2.3.1; the turn of a page included."""
    view = a_view(state, theme=name, **(NEWS if state is State.ATTRACT else {}))
    picture, frames = Picture(view, (640, 480), studios[name]), []
    picture.draw(10.5)
    for tick in range(1, 100):
        picture.move(10.5 + tick * FRAME_S)
        frames.append(small(picture.surface))
    assert most_flashes(frames) <= 3


def moments(view: View, size: Size, studio: Studio) -> Iterator[tuple[float, Picture, list[pygame.Rect]]]:
    """A picture as it moves, thirty times a second around each turn of a page, for one round of all pages."""
    picture = Picture(view, size, studio)
    picture.draw(0.0)
    now_s = 0.0
    for _ in pages(view, size, studio):
        due_s = picture.turns_at_s()
        assert due_s is not None
        ticks = range(-27, round(TURN_S / FRAME_S) + 6)
        for now_s in (due_s + tick * FRAME_S for tick in ticks):
            yield now_s, picture, picture.move(now_s)


@every_theme
@pytest.mark.parametrize("size", [(640, 480), (480, 800)])
def test_no_change_touches_the_code_while_pages_turn(
    name: ThemeName, size: Size, studios: dict[ThemeName, Studio]
) -> None:
    """Neither what moves nor a page nor its front comes over the card."""
    view = a_view(theme=name, **NEWS)
    shown = set()
    for _, picture, changed in moments(view, size, studios[name]):
        assert picture.layout.qr is not None
        card = pygame.Rect(picture.layout.qr.card)
        assert [rect for rect in changed if rect.colliderect(card)] == []
        shown.add(" ".join(label.text for label in picture.layout.labels))
    assert len(shown) == 4
    assert decoded(picture.surface) == [ADDRESS]


@every_theme
def test_a_page_that_has_turned_is_what_drawing_anew_would_be(
    name: ThemeName, studios: dict[ThemeName, Studio]
) -> None:
    """Nothing of the page before is left."""
    view, stale = a_view(theme=name, **NEWS), []
    last = None
    for now_s, picture, _ in moments(view, (640, 480), studios[name]):
        if last is not None and picture.layout is not last:
            # Stars that came to stand in the sky of another page move within a frame or two.
            for tick in (1, 2, 3, 4):
                picture.move(now_s + tick * FRAME_S)
            moved = pygame.image.tostring(picture.surface, "RGB")
            picture.draw(now_s + 4 * FRAME_S)
            stale.append(moved != pygame.image.tostring(picture.surface, "RGB"))
        last = picture.layout
    assert stale == [False] * 5


@every_theme
def test_a_still_picture_stays_still(name: ThemeName, studios: dict[ThemeName, Studio]) -> None:
    """Nothing is to be drawn while nobody is asked to pay."""
    for state in (State.PLAYING, State.NOT_READY, State.OFFLINE, State.OUT_OF_ORDER):
        picture = Picture(a_view(state, qr=None), (640, 480), studios[name])
        picture.draw(0.0)
        assert (picture.is_due(1e6), picture.move(1e6)) == (False, [])


@every_theme
@pytest.mark.parametrize("size", [*SIZES, (240, 320), (800, 480), (256, 192)])
def test_every_page_has_its_room_beside_the_code(
    name: ThemeName, size: Size, studios: dict[ThemeName, Studio]
) -> None:
    """Within the frame, nothing over another, and the code where it is on the first one."""
    shown = [page.layout() for page in pages(a_view(**NEWS), size, studios[name])]
    frame = Box(0, 0, *size).inset(shown[0].rail)
    for layout in shown:
        assert layout.qr == shown[0].qr
        assert [box for box in layout.taken if not frame.contains(box)] == []
        solid = [*(label.box for label in layout.labels), *(piece.box for piece in layout.art)]
        solid += codes_of(layout)
        assert [(a, b) for n, a in enumerate(solid) for b in solid[n + 1 :] if a.overlaps(b)] == []


def entrance(
    before: View, after: View, studio: Studio, monitor: Monitor = UPRIGHT
) -> tuple[pygame.Surface, Entrance, Picture]:
    """A glass with one view on it, over which another comes up."""
    frame, glass = frame_in(GLASS, monitor), render(before, GLASS, monitor)
    old, new = (Picture(view, frame.size, studio) for view in (before, after))
    new.draw(0.0)
    entering = Entrance(new, old, studio.theme, 0.0)
    entering.step(0.0, frame, glass)
    return glass, entering, new


@every_theme
def test_a_code_goes_and_comes_with_the_first_step(name: ThemeName, studios: dict[ThemeName, Studio]) -> None:
    """Nobody scans what is not to be paid any more; and what sells is there at once."""
    selling, closed = a_view(theme=name), a_view(State.OFFLINE, qr=None, theme=name)
    gone, *_ = entrance(selling, closed, studios[name])
    came, *_ = entrance(closed, selling, studios[name])
    assert (decoded(gone), decoded(came)) == ([], [ADDRESS])


@every_theme
@pytest.mark.parametrize("rotate", ROTATIONS)
def test_a_code_can_be_read_all_the_while_that_its_picture_comes_up(
    name: ThemeName, rotate: int, studios: dict[ThemeName, Studio]
) -> None:
    """And in the end the whole picture is there, however the monitor is mounted."""
    closed, selling = a_view(State.OFFLINE, qr=None, theme=name), a_view(theme=name)
    monitor = Monitor(rotate)
    glass, entering, _ = entrance(closed, selling, studios[name], monitor)
    frame, read = frame_in(GLASS, monitor), []
    for tick in range(1, 40):
        entering.step(tick * FRAME_S, frame, glass)
        read.append(decoded(glass))
        if entering.is_over:
            break
    assert (read, entering.is_over) == ([[ADDRESS]] * len(read), True)
    whole = render(selling, GLASS, monitor)
    assert pygame.image.tostring(glass, "RGB") == pygame.image.tostring(whole, "RGB")


class OnePicture:
    """The operator's material: one picture of the colour of grass, and one that is gone."""

    def surface(self, key: str, size: Size, elapsed_s: float) -> pygame.Surface | None:
        """No larger than `size`."""
        if key == "gone":
            return None
        grass = pygame.Surface((size[0] // 2, size[1] // 2), 0, 32)
        grass.fill((10, 200, 30))
        return grass


def test_the_operators_picture_has_its_page() -> None:
    """In the middle of its place, its caption below it; one that is gone has no turn."""
    view = replace(a_view(), material=tuple(MaterialPage(key, "Our hall", 4.0) for key in ("gone", "grass")))
    picture = Picture(view, (640, 480), Studio(), material=OnePicture())
    for second in range(40):
        picture.draw(float(second))
        if place := picture.layout.material:
            break
    assert place is not None
    assert place.key == "grass"
    middle = (place.box.x + place.box.w // 2, place.box.y + place.box.h // 2)
    assert picture.surface.get_at(middle)[:3] == (10, 200, 30)
    assert "Our hall" in [label.text for label in picture.layout.labels]
    assert decoded(picture.surface) == [ADDRESS]


def test_a_machine_that_nobody_has_played_says_nothing_of_it() -> None:
    """Nor does one that does not know; and prices that change at no known time are no news."""
    told = [view_of(replace(FEED, games_today=games), 0.0).today for games in (None, 0, 2, 3)]
    assert [news and (news.headline, news.text) for news in told] == [None, None, None, ("3", "games today")]
    coming = [
        view_of(replace(FEED, coming=period), 0.0).coming
        for period in (None, PricePeriod("Late"), PricePeriod("Late", "22:00"))
    ]
    assert [news and (news.headline, news.text) for news in coming] == [
        None,
        None,
        ("LATE", "from 10:00\xa0PM"),
    ]
    assert view_of(replace(FEED, state=State.PLAYING, games_today=9), 0.0).today is None


@every_theme
def test_an_amount_has_a_designs_own_letters_in_every_form(
    name: ThemeName, studios: dict[ThemeName, Studio]
) -> None:
    """With the no-break spaces of other languages, too."""
    for amount in ("$2.50", "2,50\u00a0€", "2,50\u202f$", "RM2.50", "¥300"):
        assert studios[name].faces.spelled(amount, Typeface.PIXEL) is not None


@every_theme
def test_a_design_that_gave_way_closes_its_fonts(name: ThemeName) -> None:
    """A screen runs for months, and Python does not hurry for fonts: nothing here may hold itself."""
    gc.disable()
    try:
        view = VIEWS["inviting"]
        draw_once(name, view)  # opens what is shared by all
        before = open_now()
        for _ in range(3):
            draw_once(name, view)
        assert left_since(before) == []
    finally:
        gc.enable()


def draw_once(name: ThemeName, view: View) -> None:
    """A design's life: the picture, in two languages."""
    for language in ("en", "ja"):
        Picture(view, (640, 480), Studio(name).speaking(language)).draw(0.0)
