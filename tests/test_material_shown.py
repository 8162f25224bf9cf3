"""The operator's pictures, logo, colours and typeface on the glass, in every design."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pygame
import pytest
from attract_screen_samples import ADDRESS, SIZES, a_view, decoded
from hypothesis import given
from hypothesis import strategies as st

from attract_screen.model.contrast import LEAST_CONTRAST, OwnColours, contrast
from attract_screen.model.monitor import Size
from attract_screen.model.programme import MaterialPage
from attract_screen.model.themes import ThemeName
from attract_screen.picture.design.dress import Dress
from attract_screen.picture.design.dressed import dressed
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.design.themes import THEMES
from attract_screen.picture.draw import Picture
from attract_screen.picture.letters.font_files import SANS_FILE
from attract_screen.picture.letters.own_letters import OwnLetters
from attract_screen.picture.letters.typefaces import Typeface

BLUE = (10, 20, 200)
OWN = OwnColours((16, 40, 24), (255, 255, 255), (255, 204, 0))
PAGES = (MaterialPage("one", "Hello", 4.0), MaterialPage("two", "", 4.0))


class Pictures:
    """One blue picture for each key that is ready, half as wide as its room."""

    def __init__(self, *ready: str) -> None:
        self.ready = ready
        self.asked: set[str] = set()
        self._made: dict[tuple[str, Size], pygame.Surface] = {}

    def surface(self, key: str, size: Size, elapsed_s: float) -> pygame.Surface | None:
        self.asked.add(key)
        if key not in self.ready:
            return None
        made = self._made.setdefault((key, size), pygame.Surface((size[0] // 2, size[1]), 0, 32))
        made.fill(BLUE)
        return made


def shown(size: Size, pictures: Pictures, name: ThemeName = ThemeName.NIGHT, seconds: int = 90) -> list[str]:
    """What stands beside the code, look by look; each look finds the code."""
    view = replace(a_view(), material=PAGES)
    picture = Picture(view, size, Studio(name), material=pictures)
    picture.draw(0.0)
    seen: list[str] = []
    for step in range(seconds * 10):
        picture.move(step / 10)
        place = picture.layout.material
        if step % 50 == 0:
            assert decoded(picture.surface) == [ADDRESS]
        if place is None:
            now = "-"
        else:
            is_there = picture.surface.get_at(place.box.centred(2, 2)[:2])[:3] == BLUE
            is_leaving = seen[-1:] == [place.key]
            now = place.key if is_there or is_leaving else f"{place.key}, empty"
        seen += [now] if seen[-1:] != [now] else []
    return seen


@pytest.mark.parametrize("name", list(ThemeName))
def test_the_operator_s_pictures_have_their_turn_beside_the_code(name: ThemeName) -> None:
    """One after the other, with the design's own pages between them; the code stays and decodes."""
    seen = shown((640, 480), Pictures("one", "two"), name)
    assert seen[:5] == ["-", "one", "-", "two", "-"]


def test_a_picture_that_is_not_ready_has_no_turn_and_is_asked_for() -> None:
    """No empty page is shown for it."""
    pictures = Pictures("two")
    assert set(shown((640, 480), pictures)) == {"-", "two"}
    assert pictures.asked == {"one", "two"}


@pytest.mark.parametrize("frames_a_second", [30, 1])
def test_a_picture_that_is_ready_before_its_turn_has_it(frames_a_second: int) -> None:
    """It was asked for when the page before it came, and needs some seconds: no round is lost for that."""
    pictures = Pictures()
    picture = Picture(
        replace(a_view(), material=PAGES), (640, 480), Studio(ThemeName.NIGHT), material=pictures
    )
    picture.draw(0.0)
    for step in range(14 * frames_a_second):
        if step == 6 * frames_a_second:
            assert pictures.asked == {"one"}
            pictures.ready = ("one",)
        picture.move(step / frames_a_second)
    assert picture.layout.material is not None
    assert picture.layout.material.key == "one"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", list(ThemeName))
def test_a_logo_stands_in_the_place_of_the_name(name: ThemeName, size: Size) -> None:
    """Whole, in its sides' ratio, and never over the code, which decodes."""
    logo = pygame.Surface((300, 100), 0, 32)
    logo.fill(BLUE)
    picture = Picture(a_view(), size, Studio(name, Dress(logo=logo)))
    picture.draw(0.0)
    box, qr = picture.layout.logo, picture.layout.qr
    assert box is not None
    assert qr is not None
    assert not pygame.Rect(box).colliderect(qr.card)
    assert abs(box.w / box.h - 3) < 0.5
    middle = picture.surface.get_at(box.centred(2, 2)[:2])[:3]
    assert max(abs(one - other) for one, other in zip(middle, BLUE, strict=True)) < 6
    assert "Galaga" not in [label.text for label in picture.layout.labels]
    assert decoded(picture.surface) == [ADDRESS]


@pytest.mark.parametrize("name", list(ThemeName))
def test_own_colours_and_letters_leave_the_code_as_it_is(name: ThemeName) -> None:
    """The ground has the one colour, the frame and the code stay the design's."""
    plain, own = Studio(name), Studio(name, Dress(OWN, SANS_FILE))
    picture = Picture(a_view(), (640, 480), own)
    picture.draw(0.0)
    assert decoded(picture.surface) == [ADDRESS]
    assert picture.surface.get_at((320, 240 * 2 - 40))[:3] == OWN.background
    same = ("rail", "code_light", "code_dark")
    assert [getattr(own.theme.colours, each) for each in same] == [
        getattr(plain.theme.colours, each) for each in same
    ]


_COLOUR = st.tuples(*[st.integers(0, 255)] * 3)


@given(st.sampled_from(list(ThemeName)), _COLOUR, _COLOUR, _COLOUR)
def test_whatever_colours_are_taken_all_can_be_read(
    name: ThemeName,
    background: tuple[int, int, int],
    text: tuple[int, int, int],
    accent: tuple[int, int, int],
) -> None:
    """Of colours that are taken, each has its contrast wherever the design uses it."""
    if min(contrast(text, background), contrast(accent, background)) < LEAST_CONTRAST:
        return
    theme = dressed(THEMES[name], Dress(OwnColours(background, text, accent)))
    colours = theme.colours
    pairs = [
        *((each, background) for each in (colours.strong, colours.accent, colours.soft, colours.dim)),
        *((each, colours.plate) for each in (colours.on_plate, colours.on_plate_accent)),
        (colours.on_badge, colours.badge),
    ]
    assert min(contrast(*pair) for pair in pairs) >= LEAST_CONTRAST
    inks = theme.letters().inks(colours.accent, title=True)
    assert min(contrast(ink, background) for ink in inks) >= 3


def test_the_typeface_is_that_of_all_large_letters() -> None:
    """A name is written as it is, and not in capitals; the small print stays the design's."""
    picture = Picture(a_view(), (640, 480), Studio(ThemeName.NIGHT, Dress(typeface=SANS_FILE)))
    faces = {label.text: label.face for label in picture.layout.labels}
    assert (faces["Galaga"], faces["galaga-01"]) == (Typeface.TITLE, Typeface.SANS)


def test_a_typeface_that_is_gone_leaves_the_design_s(tmp_path: Path) -> None:
    """A picture in other letters is better than none."""
    picture = Picture(a_view(), (640, 480), Studio(ThemeName.NIGHT, Dress(typeface=tmp_path / "gone.ttf")))
    assert "GALAGA" in [label.text for label in picture.layout.labels]


@pytest.mark.parametrize("text", ["Galaga", "$2.50", "Ångström", "W" * 40, "1"])
@pytest.mark.parametrize("size", [14, 31, 80])
def test_letters_of_an_own_typeface_are_as_large_as_they_were_measured(text: str, size: int) -> None:
    """What is laid out by its measure has room; what the typeface lacks is left to the small print."""
    letters = OwnLetters(SANS_FILE, (255, 0, 0))
    measured = letters.width(text, size, title=False), letters.height(size, title=False)
    drawn = letters.draw(text, size, (255, 255, 255), title=False)
    assert drawn.get_size() == measured
    inked = drawn.get_bounding_rect()
    assert (inked.left > 0, inked.right < measured[0]) == (True, True)
    assert [letters.spelled(each) for each in (text, "\u65e5", "\U0001f680")] == [text, None, None]
