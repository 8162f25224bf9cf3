from __future__ import annotations

import gc
import json
import weakref

import pygame
import pytest
from attract_screen_samples import (
    ADDRESS,
    FEED,
    FIELDS,
    LONG_LINE,
    LONG_NAME,
    SIZES,
    a_view,
    decoded,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from attract_screen.model.box import Box
from attract_screen.model.feed_format import Offer, State, parse_feed
from attract_screen.model.monitor import ROTATIONS, Monitor, Size, frame_in
from attract_screen.model.themes import ThemeName
from attract_screen.model.view import View, out_of_order, view_of
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.draw import Picture, render
from attract_screen.picture.glass import carry
from attract_screen.picture.layout import Layout
from attract_screen.picture.letters.fit import Style, fit
from attract_screen.picture.letters.listing import fit_list
from attract_screen.picture.letters.typefaces import Typeface
from attract_screen.picture.scenes.scenes import arrange

MANY_OFFERS = (Offer(1, 500, "jpy"), Offer(3, 1250, "chf"), Offer(5, 2500, "myr")) * 2
VIEWS = {
    **{state.value: a_view(state) for state in State},
    "coins": a_view(qr=None),
    "long": a_view(machine_name=LONG_NAME, technician_line=LONG_LINE, offers=MANY_OFFERS),
    "happy hour": a_view(note="Happy hour until 18:00"),
    "long note": a_view(note="x" * 80, offers=MANY_OFFERS, technician_line=LONG_LINE),
    "free play": a_view(note="Free play until 22:00", offers=(Offer(1, 0, "usd"),)),
    "long out of order": out_of_order(LONG_LINE),
    "no offers": a_view(offers=()),
    "slow": a_view(State.PAYING, since_s=900.0, credits=100),
    "playing, long": a_view(State.PLAYING, machine_name=LONG_NAME, technician_line=LONG_LINE),
    "playing, a long address": a_view(State.PLAYING, qr="https://pay.example.com/" + "x" * 83),
    "playing, all long": a_view(
        State.PLAYING,
        qr="https://pay.example.com/" + "x" * 276,
        machine_name=LONG_NAME,
        technician_line=LONG_LINE,
        credits=2,
        waiting=120,
    ),
    "too long an address": a_view(qr="https://pay.example.com/" + "x" * 276),
}
every_view = pytest.mark.parametrize("name", sorted(VIEWS))
every_size = pytest.mark.parametrize("size", [*SIZES, (240, 320), (800, 480), (256, 192), (341, 240)])


@pytest.fixture(scope="module", params=list(ThemeName))
def studio(request: pytest.FixtureRequest) -> Studio:
    """The fonts and the art, opened once."""
    return Studio(request.param)


def laid_out(name: str, size: Size, studio: Studio) -> Layout:
    """The layout of a named view."""
    return arrange(VIEWS[name], size, studio)


def picture_bytes(surface: pygame.Surface) -> bytes:
    """All pixels of a surface."""
    return bytes(pygame.image.tostring(surface, "RGB"))


@pytest.mark.parametrize("rotate", ROTATIONS)
@pytest.mark.parametrize("size", SIZES)
def test_the_qr_decodes_at_every_size_and_rotation(size: Size, rotate: int) -> None:
    """An independent decoder reads the exact address from a frame of exactly the size."""
    frame = render(a_view(), size, Monitor(rotate), elapsed_s=0.7)
    assert (frame.get_size(), decoded(frame)) == (size, [ADDRESS])


@pytest.mark.parametrize("size", [(640, 480), (480, 800), (1280, 720)])
def test_the_smaller_qr_beside_a_game_decodes(size: Size) -> None:
    """Credits can be added while the game runs."""
    assert decoded(render(a_view(State.PLAYING), size)) == [ADDRESS]


@pytest.mark.parametrize("name", ["offline", "not_ready", "out_of_order", "starting", "paying"])
def test_no_qr_is_left_where_nobody_may_pay(name: str) -> None:
    """The decoder finds nothing, though the feed still holds an address."""
    assert decoded(render(VIEWS[name], (640, 480))) == []


@settings(max_examples=25)
@given(path=st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/?=&", max_size=96))
def test_any_address_up_to_120_characters_decodes_on_the_smallest_screen(path: str) -> None:
    """320x240 has room enough for every code that 120 characters can make."""
    address = f"https://pay.example.com/{path}"
    assert decoded(render(a_view(qr=address), (320, 240))) == [address]


@every_size
def test_the_qr_keeps_its_quiet_zone_and_whole_modules(size: Size, studio: Studio) -> None:
    """Every module is the same whole number of pixels; four light ones surround the code."""
    picture = Picture(a_view(), size, studio)
    picture.draw(0.0)
    qr = picture.layout.qr
    assert qr is not None
    (module_px, other_px) = qr.module
    assert (qr.box.w, qr.box.h, other_px) == (*(qr.code.side * module_px,) * 2, module_px)
    assert qr.card.contains(qr.box)
    quiet = qr.box.inset(4 * module_px)
    light = {
        tuple(picture.surface.get_at((x, y)))[:3]
        for x in range(qr.box.x, qr.box.right)
        for y in range(qr.box.y, qr.box.bottom)
        if not (quiet.x <= x < quiet.right and quiet.y <= y < quiet.bottom)
    }
    assert light == {(255, 255, 255)}


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (480, 800)])
def test_the_qr_never_changes_while_the_picture_moves(size: Size, studio: Studio) -> None:
    """No star, coin or bulb touches the card at any moment of a minute."""
    picture = Picture(a_view(), size, studio)
    assert picture.layout.qr is not None
    card = picture.surface.subsurface(picture.layout.qr.card)
    picture.draw(0.0)
    at_first = picture_bytes(card)
    for tick in range(1, 600):
        picture.move(tick / 10)
        assert picture_bytes(card) == at_first


@every_size
@every_view
def test_everything_stands_inside_the_frame(name: str, size: Size, studio: Studio) -> None:
    """No text, panel, picture or code reaches the rail that carries the bulbs."""
    layout = laid_out(name, size, studio)
    glass = Box(0, 0, *size).inset(layout.rail)
    assert [box for box in layout.taken if not glass.contains(box)] == []


@every_size
@every_view
def test_no_text_runs_into_anything(name: str, size: Size, studio: Studio) -> None:
    """Labels overlap neither each other nor the code nor the art."""
    layout = laid_out(name, size, studio)
    labels = [label.box for label in layout.labels]
    others = [piece.box for piece in (*layout.art, *layout.spinning)]
    others += [layout.qr.card] if layout.qr else []
    others += [layout.lane.box] if layout.lane else []
    collisions = [(one, other) for one in labels for other in others if one.overlaps(other)]
    collisions += [
        (one, other) for i, one in enumerate(labels) for other in labels[:i] if one.overlaps(other)
    ]
    assert collisions == []


@every_size
@every_view
def test_no_ink_leaves_its_label(name: str, size: Size, studio: Studio) -> None:
    """The boxes that the other tests trust are what is really drawn."""
    for label in laid_out(name, size, studio).labels:
        ink = studio.faces.draw(label.text, label.face, label.size, label.colour)
        assert (ink.get_width(), ink.get_height() <= label.box.h) == (label.box.w, True)


@every_size
def test_prices_and_steps_are_all_readable(size: Size, studio: Studio) -> None:
    """Nothing on the usual attract picture is left out or cut short, at any size."""
    layout = laid_out("attract", size, studio)
    words = " ".join(label.text for label in layout.labels).upper().replace(" · ", " ")
    for text in ("GALAGA", "SCAN TO PLAY", "1 CREDIT", "$1.00", "3 CREDITS", "$2.50"):
        assert text in words
    for step in ("SCAN THE CODE", "PAY BY PHONE", "PRESS START"):
        assert step in words


@every_size
def test_the_prices_of_a_happy_hour_are_as_readable(size: Size, studio: Studio) -> None:
    """With what it is and until when; on the smallest screen of all the prices have its room."""
    words = " ".join(label.text for label in laid_out("happy hour", size, studio).labels).upper()
    assert ("HAPPY HOUR UNTIL 18:00" in words) == (size != (256, 192))
    for text in ("SCAN TO PLAY", "1 CREDIT", "$1.00", "3 CREDITS", "$2.50"):
        assert text in words


@every_size
@pytest.mark.parametrize("name", ["long", "long out of order", "playing, long"])
def test_the_technician_line_is_there_at_every_size(name: str, size: Size, studio: Studio) -> None:
    """However long the line, its beginning can be read."""
    starts = [label.text[:5] for label in laid_out(name, size, studio).labels]
    assert "relay" in starts


def test_a_name_that_no_face_can_write_gives_way_to_the_machine_id(studio: Studio) -> None:
    """Empty boxes would be no name at all."""
    view = view_of(parse_feed(json.dumps({**FIELDS, "machine_name": "ギャラガ"}).encode()), 0.0)
    layout = arrange(view, (640, 480), studio)
    assert [label.text for label in layout.labels if label.face is Typeface.TITLE] == ["GALAGA-01"]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("Press START. Good luck!", 200, ["Press START.", "Good luck!"]),
        ("Appuyez sur START. Bonne chance\xa0!", 140, ["Appuyez", "sur START.", "Bonne chance\xa0!"]),
        ("Sorry! Please try another machine.", 190, ["Sorry! Please try", "another machine."]),
    ],
)
def test_sentences_stand_on_lines_of_their_own(
    text: str, width: int, lines: list[str], studio: Studio
) -> None:
    """As far as that takes no more lines, and no smaller letters."""
    style = Style(Typeface.SANS, 20, (0, 0, 0), max_lines=len(lines))
    labels = fit(text, Box(0, 0, width, 200), style, studio.faces)
    assert [label.text for label in labels] == lines


@pytest.mark.parametrize(("width", "is_whole"), [(300, True), (240, True), (120, False)])
def test_the_name_of_a_file_is_not_broken_where_smaller_letters_will_do(
    width: int, is_whole: bool, studio: Studio
) -> None:
    """Whoever types it from the screen has to see where it ends; down to half of their size."""
    name = "/etc/arcade-cabinet/config.yaml"
    style = Style(Typeface.SANS, 20, (0, 0, 0))
    labels = fit_list(["Or by SSH:", f"sudoedit {name}"], Box(0, 0, width, 300), style, studio.faces)
    assert any(name in label.text for label in labels) == is_whole


def test_a_line_that_is_too_long_ends_in_an_ellipsis(studio: Studio) -> None:
    """Elided is honest; clipped is not."""
    box = Box(0, 0, 100, 14)
    (label,) = fit(LONG_LINE, box, Style(Typeface.SANS, 14, (0, 0, 0)), studio.faces)
    assert (label.text[-1], box.contains(label.box)) == ("…", True)


@pytest.mark.parametrize("name", ["attract", "paying", "starting", "offline"])
def test_moving_paints_what_drawing_anew_would(name: str, studio: Studio) -> None:
    """The rectangles given for redrawing are all that differs on the glass."""
    picture = Picture(VIEWS[name], (640, 480), studio)
    picture.draw(0.0)
    glass = picture.surface.copy()
    for tick in range(1, 90):
        for rect in picture.move(tick / 30):
            glass.blit(picture.surface, rect, rect)
    fresh = Picture(VIEWS[name], (640, 480), studio)
    fresh.draw(89 / 30)
    assert picture_bytes(glass) == picture_bytes(fresh.surface)


@pytest.mark.parametrize("name", ["playing", "offline", "not_ready", "out_of_order"])
def test_a_still_picture_stands_still(name: str) -> None:
    """A state without movement looks the same at any time."""
    one, other = (render(VIEWS[name], (320, 240), elapsed_s=elapsed_s) for elapsed_s in (0.0, 12.3))
    assert picture_bytes(one) == picture_bytes(other)


@pytest.mark.parametrize("rotate", ROTATIONS)
def test_a_rectangle_turns_with_its_picture(rotate: int) -> None:
    """A part carried over alone lands where it lies in the whole, on every kind of display."""
    for display in ((320, 240), (1920, 240), (2048, 240)):
        frame = frame_in(display, Monitor(rotate, overscan_percent=3))
        picture = render(a_view(), frame.size)
        whole, part = pygame.Surface(display), pygame.Surface(display)
        carry(picture, [picture.get_rect()], frame, whole)
        (place,) = carry(picture, [pygame.Rect(20, 30, 70, 40)], frame, part)
        assert picture_bytes(whole.subsurface(place)) == picture_bytes(part.subsurface(place))
        assert place.size == tuple(frame.place(Box(20, 30, 70, 40))[2:])


def test_a_quarter_turn_lays_out_in_the_turned_shape() -> None:
    """A 640x480 panel on its side is laid out as 480x640."""
    assert [frame_in((640, 480), Monitor(rotate)).size for rotate in ROTATIONS] == [
        (640, 480),
        (480, 640),
        (640, 480),
        (480, 640),
    ]


def test_an_address_too_fine_for_the_screen_is_not_drawn_at_all(studio: Studio) -> None:
    """A code that no phone can read is worse than a sentence."""
    layout = laid_out("too long an address", (160, 160), studio)
    text = " ".join(label.text for label in layout.labels[1:])
    assert (layout.qr, text) == (None, "The address is too long for a QR code on this screen.")


def test_the_view_alone_decides_the_picture() -> None:
    """Equal views, sizes and moments give equal pictures: nothing is random."""
    view: View = VIEWS["attract"]
    assert FEED.qr == view.qr
    one, other = (picture_bytes(render(view, (640, 480), Monitor(90), 3.3)) for _ in range(2))
    assert one == other


def test_a_picture_that_gave_way_leaves_no_memory_behind(studio: Studio) -> None:
    """Its surfaces are megabytes, and garbage is collected rarely: nothing in it may know itself."""
    gc.disable()
    try:
        picture = Picture(VIEWS["attract"], (320, 240), studio)
        picture.draw(0.0)
        picture.draw(14.0)
        known = weakref.ref(picture)
        del picture
        assert known() is None
    finally:
        gc.enable()
