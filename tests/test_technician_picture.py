"""The technician's page at every size and rotation: all of it is seen, and its codes are read."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

import pytest
from attract_screen_samples import SIZES, decoded, on_the_glass
from hypothesis import given, settings
from hypothesis import strategies as st
from photos import photo, pixels_of, read_by_zxing, taken
from technician_samples import CODE_TEXTS, FAULT, SALE, TECHNICIAN, TEST_ADDRESS, turns

from attract_screen.model.box import Box
from attract_screen.model.monitor import ROTATIONS, Monitor, Size
from attract_screen.model.still_care import Stand
from attract_screen.model.technician import Row
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.draw import Picture, render
from attract_screen.picture.layout import Layout
from attract_screen.picture.scenes.scenes import arrange

SMALL = ((320, 240), (240, 320), (256, 192), (341, 240), (800, 480))
every_size = pytest.mark.parametrize("size", [*SIZES, *SMALL[1:]])
LONG = "x" * 300
CROWDED: dict[str, Any] = {
    "faults": [FAULT | {"kind": f"kind_{n}", "text": f"{n} " + "long words " * 20} for n in range(13)],
    "addresses": [
        {"interface": f"enx00112233445{n}", "address": f"2001:db8::{n}:370:7334"} for n in range(9)
    ],
    "payments": [
        SALE | {"amount": 10**11, "currency": "idr", "outcome": "undelivered", "receipt": "conflict"}
    ]
    * 10,
    "test_address": "https://pay.example.com/" + "x" * 250,
    "power": [{"grade": "wrong", "text": LONG}],
    "relay": {"address": f"https://{LONG}", "answered_s": None, "trouble": LONG},
    "lines": [
        {"line": f"line_{n}_{LONG[: n * 20]}", "pin": n, "active": n % 2 == 0, "edges": 10**9}
        for n in range(6)
    ],
}
SOLD: dict[str, Any] = {"faults": [], "selling": True, "state": "attract"}


@pytest.fixture(scope="module")
def studio() -> Studio:
    """The fonts and the art, opened once."""
    return Studio()


def leaves(size: Size, studio: Studio, **changes: Any) -> list[Layout]:
    """Each turn's layout."""
    return [arrange(view, size, studio) for view in turns(**changes)]


def codes(size: Size, rotate: int, **changes: Any) -> list[list[str]]:
    """What an independent decoder reads off each leaf's frame; none of these sizes has more than six."""
    return [decoded(render(view, size, Monitor(rotate))) for view in islice(turns(**changes), 6)]


@pytest.mark.parametrize("rotate", ROTATIONS)
@pytest.mark.parametrize("size", SIZES)
def test_both_codes_decode_at_every_size_and_rotation(size: Size, rotate: int) -> None:
    """One at a time; the fault's has the text itself, all of it where there is room, and needs no network."""
    read = codes(size, rotate)
    texts = {text for frame in read for text in frame}
    assert max(map(len, read)) == 1
    assert TEST_ADDRESS in texts
    (guide,) = texts - {TEST_ADDRESS}
    assert guide in (CODE_TEXTS[:1] if rotate == 0 and max(size) >= 1280 else CODE_TEXTS)


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1280, 720)])
def test_a_phone_reads_both_codes_from_photos(size: Size) -> None:
    """From a metre and from the side, as a player's; one as fine as 3 pixels was lost on most of these."""
    frames = [pixels_of(render(view, size)) for view in islice(turns(), 4)]
    with_code = {texts[0]: frame for frame in frames if (texts := read_by_zxing(frame))}
    lost = [
        (text, number)
        for text, frame in with_code.items()
        for number in range(8)
        if read_by_zxing(taken(frame, photo(number))) != [text]
    ]
    assert (len(with_code), lost) == (2, [])


@pytest.mark.parametrize("size", [(720, 240), (1920, 240), (320, 240)])
def test_both_codes_decode_on_a_tube(size: Size) -> None:
    """Stretched and a little out of focus."""
    frames = [on_the_glass(render(view, size)) for view in islice(turns(), 6)]
    assert {text for frame in frames for text in decoded(frame)} == {TEST_ADDRESS, CODE_TEXTS[2]}


@every_size
@pytest.mark.parametrize("changes", [{}, CROWDED, SOLD], ids=["usual", "crowded", "sold"])
def test_a_code_has_whole_modules_of_three_pixels(
    size: Size, changes: dict[str, Any], studio: Studio
) -> None:
    """Or of two where there is no room for more; and its four modules of quiet zone."""
    for leaf in leaves(size, studio, **changes):
        if leaf.qr:
            assert leaf.qr.module[0] >= (3 if changes is not CROWDED and min(size) >= 240 else 2)
            assert (leaf.qr.box.w, leaf.qr.box.h) == (leaf.qr.code.side * leaf.qr.module[0],) * 2
            assert leaf.qr.card.contains(leaf.qr.box)


def test_a_code_keeps_its_quiet_zone_wherever_the_rest_is_moved(studio: Studio) -> None:
    """What stands for hours moves, within a card that has room for it; this one has none, and needs none."""
    (view, *_) = turns()
    moved = Picture(view, (640, 480), studio, stand=Stand(words=(1, 1), code=(1, 1))).layout
    assert moved == arrange(view, (640, 480), studio)


@every_size
@pytest.mark.parametrize("changes", [{}, CROWDED, SOLD], ids=["usual", "crowded", "sold"])
def test_nothing_runs_into_anything(size: Size, changes: dict[str, Any], studio: Studio) -> None:
    """No words leave the picture, or touch other words or the code."""
    for leaf in leaves(size, studio, **changes):
        glass = Box(0, 0, *size).inset(leaf.rail)
        boxes = [label.box for label in leaf.labels]
        code = [leaf.qr.card] if leaf.qr else []
        assert [box for box in (*boxes, *code) if not glass.contains(box)] == []
        assert [box for box in boxes for card in code if box.overlaps(card)] == []
        assert [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)] == []


@every_size
def test_every_word_is_seen_on_some_leaf(size: Size, studio: Studio) -> None:
    """Small screens turn more leaves; none leaves anything out."""
    seen = {word for leaf in leaves(size, studio) for label in leaf.labels for word in label.text.split()}
    wanted = {word for row in rows() for word in f"{row.label} {row.value}".split()}
    # A word that is wider than its column is broken.
    assert {word for word in wanted - seen if len(word) < 20} == set()


def rows() -> list[Row]:
    """All rows of the sample."""
    (view, *_) = turns()
    assert view.technician is not None
    return [row for chapter in view.technician.chapters for part in chapter.sections for row in part.rows]


@every_size
def test_the_lines_are_on_every_leaf(size: Size, studio: Studio) -> None:
    """Whoever pushes a wire watches, and must not wait for a page."""
    for leaf in leaves(size, studio):
        words = " ".join(label.text for label in leaf.labels)
        assert [line["line"] for line in TECHNICIAN["lines"] if line["line"] not in words] == []


def test_a_line_that_is_active_says_so_in_words(studio: Studio) -> None:
    """And on the smallest screen by a shape: never by colour alone."""
    large, small = leaves((640, 480), studio)[0], leaves((320, 240), studio)[0]
    levels = {label.text for label in large.labels} & {"ACTIVE 4", "rest 4"}
    shapes = {label.text.split()[0] for label in small.labels} & {"●", "○"}
    assert (levels, shapes) == ({"ACTIVE 4", "rest 4"}, {"●", "○"})


def test_all_leaves_of_a_small_screen_come_in_two_minutes(studio: Studio) -> None:
    """Twice, in fact."""
    labels = [label.text for leaf in leaves((320, 240), studio) for label in leaf.labels]
    numbers = [text.split()[0] for text in labels if re.fullmatch(r"\d+/\d+ +\d:\d\d", text)]
    assert numbers == [f"{n % 6 + 1}/6" for n in range(15)]


@settings(max_examples=15)
@given(width=st.integers(160, 700), height=st.integers(160, 700), number=st.integers(0, 14))
def test_any_size_has_a_page(width: int, height: int, number: int) -> None:
    """However odd the display."""
    layout = arrange(list(turns())[number], (width, height), _STUDIO)
    glass = Box(0, 0, width, height)
    assert layout.labels
    assert [box for box in layout.taken if not glass.contains(box)] == []


_STUDIO = Studio()
