"""What the operator writes beside the files, and what is shown when: the pure part."""

from __future__ import annotations

import re
import textwrap
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attract_screen.material.formats.kinds import Kind, kind_of
from attract_screen.material.formats.reel import (
    TAIL_BYTES,
    Reel,
    ReelError,
    index_bytes,
    index_of,
    read_index,
)
from attract_screen.material.formats.tree import Mistake
from attract_screen.material.notes import load_notes
from attract_screen.material.rules.choice import chosen, is_meant
from attract_screen.material.rules.hours import Hours, Times, hours_of
from attract_screen.material.rules.notes import NO_NOTES, Notes, Remark
from attract_screen.material.stock import Ready, Stock
from attract_screen.model.contrast import OwnColours, colour_of, contrast

MANUAL = Path(__file__).parent.parent / "docs" / "own-material.md"
WHOLE = """\
order: [party.jpg, menu.png]
seconds: 6
files:
  menu.png:
    caption: "Pizza: until ten"
    seconds: 12
    hours: 17:00-22:00
  party.jpg:
    hours: 22:00-02:00
    days: fri, Saturday
colours:
  background: "#101030"
  text: "#fff"
  accent: "#ffcc00"
logo: logo.png
typeface: house.ttf
"""


def read(folder: Path, text: str) -> tuple[Notes, tuple[Mistake, ...]]:
    (folder / "screen.yaml").write_text(text)
    return load_notes(folder / "screen.yaml")


def test_everything_that_can_be_written_is_read(tmp_path: Path) -> None:
    """Order, times, captions, colours, logo and typeface arrive as they were meant."""
    assert read(tmp_path, WHOLE) == (
        Notes(
            order=("party.jpg", "menu.png"),
            seconds=6.0,
            remarks={
                "menu.png": Remark("Pizza: until ten", 12.0, Times(Hours(17 * 60, 22 * 60))),
                "party.jpg": Remark(times=Times(Hours(22 * 60, 2 * 60), frozenset({4, 5}))),
            },
            colours=OwnColours((16, 16, 48), (255, 255, 255), (255, 204, 0)),
            logo="logo.png",
            typeface="house.ttf",
        ),
        (),
    )


def test_the_examples_of_the_manual_are_taken_as_they_stand_there(tmp_path: Path) -> None:
    """Who copies them makes no mistake by it."""
    blocks = re.findall(r"(?:^ {4,}\S.*\n)+", MANUAL.read_text(), flags=re.MULTILINE)
    notes = [textwrap.dedent(block) for block in blocks if re.match(r" +(logo|order):", block)]
    read_all = [read(tmp_path, text) for text in notes]
    assert [mistakes for _, mistakes in read_all] == [(), ()]
    assert [list(read.remarks) for read, _ in read_all] == [["1-party.jpg"], ["2-menu.png"]]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "files:\norder: []\n", "---\n"])
def test_notes_that_say_nothing_are_no_notes(tmp_path: Path, text: str) -> None:
    """An empty file, or one of comments, changes nothing and is no mistake."""
    assert read(tmp_path, text) == (NO_NOTES, ())


def test_without_the_file_there_are_no_notes(tmp_path: Path) -> None:
    """Copying pictures is enough."""
    assert load_notes(tmp_path / "screen.yaml") == (NO_NOTES, ())


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("seconds: 2", "line 1: seconds is '2': write a number from 3 to 120"),
        ("seconds: nan", "line 1: seconds is 'nan': write a number from 3 to 120"),
        ("seconds:", "line 1: seconds is empty: write a number from 3 to 120"),
        ("seconds: [5]", "line 1: seconds needs a single value: write a number from 3 to 120"),
        ("order:\n  a: b", "line 2: order is a list: write it as [one, another]"),
        ("order: [[a]]", "line 1: order is a list of plain words"),
        ("order: [../a.jpg]", "line 1: order is '../a.jpg': write names of files"),
        (
            "logo: /etc/logo.png",
            "line 1: logo is '/etc/logo.png': write the name of a file that lies beside this one",
        ),
        ("files: 7", "line 1: files is a section: its keys stand below it, indented"),
        ("files:\n  a.jpg: Hello", "line 2: 'a.jpg' is a section: its keys stand below it, indented"),
        (
            "files:\n  a.jpg:\n    captoin: Hello",
            "line 3: 'captoin' is unknown in 'a.jpg': there are caption, seconds, hours, days",
        ),
        ("files:\n  a.jpg:\n    hours: 17-22", "line 3: hours is '17-22': write them as 17:00-23:00"),
        (
            "files:\n  a.jpg:\n    hours: 17:00-17:00",
            "line 3: hours is '17:00-17:00': write them as 17:00-23:00",
        ),
        (
            "files:\n  a.jpg:\n    days: [fri, funday]",
            "line 3: days is 'funday': write mon, tue, wed, thu, fri, sat or sun",
        ),
        (
            f"files:\n  a.jpg:\n    caption: {'x' * 81}",
            f"line 3: caption is '{'x' * 60}'...: write at most 80 characters",
        ),
        (
            'colours:\n  text: "#fff"\n  accent: "#fff"',
            "line 2: colours lacks background: write all of background, text, accent",
        ),
        (
            "colours: {text: , background: '#000', accent: '#fff'}",
            'line 1: text is empty: write it in quotes, as "#ffcc00"',
        ),
        (
            "colours: {text: red, background: '#000', accent: '#fff'}",
            "line 1: text is 'red': write it in quotes, as \"#ffcc00\"",
        ),
        (
            'colours: {background: "#777777", text: "#ffffff", accent: "#000000"}',
            "line 1: text has a contrast of 4.4 to 1 to the background, and needs 4.5 to be read: "
            "the colours are not used",
        ),
        ("logo: a.png\nlogo: b.png", "line 2: 'logo' stands here a second time"),
        ("a: &x 1\nb: [*x]", 'line 2: a text that begins with * goes in "quotes"'),
        ("a: &x\n  b: *x", 'line 2: a text that begins with * goes in "quotes"'),
        ("[a]: b", "line 1: a key is a plain word"),
        ("a: [", "line 1: this is not YAML: expected the node content, but found '<stream end>'"),
        (
            "seconds: 5\n\tlogo: a",
            "line 2: this is not YAML: found character '\\t' that cannot start any token",
        ),
        ("[" * 5000, "line 1: this is not YAML: too many brackets in brackets"),
        ("a: " + "[" * 20 + "]" * 20, "line 1: too many sections in sections"),
        ("#" * 40_000, "line 1: the file is larger than 16384 bytes"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_would_be_right(
    tmp_path: Path, text: str, mistake: str
) -> None:
    """Each mistake is one sentence; what it stands in is left out."""
    assert [str(each) for each in read(tmp_path, text)[1]] == [mistake]


def test_what_is_right_holds_beside_what_is_wrong(tmp_path: Path) -> None:
    """One slip of the finger does not take all captions away."""
    notes, mistakes = read(tmp_path, WHOLE.replace("seconds: 6", "seconds: six"))
    assert (notes.seconds, notes.logo, notes.remark("menu.png").caption) == (
        None,
        "logo.png",
        "Pizza: until ten",
    )
    assert [mistake.line for mistake in mistakes] == [2]


def test_latin_1_is_told_by_its_line(tmp_path: Path) -> None:
    """An editor of Windows may save so."""
    (tmp_path / "screen.yaml").write_bytes(b"seconds: 5\nlogo: caf\xe9.png\n")
    mistakes = load_notes(tmp_path / "screen.yaml")[1]
    assert mistakes == (Mistake(2, "this is not UTF-8: save the file with the encoding UTF-8"),)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_notes_raise(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    """Whatever lies there, the answer is notes and a list of mistakes."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(raw)
    notes, mistakes = load_notes(path)
    assert isinstance(notes, Notes)
    assert all(mistake.line >= 1 and str(mistake).isprintable() for mistake in mistakes)


FRIDAY = datetime(2026, 11, 27)  # noqa: DTZ001 - as the clock on the wall shows it


@pytest.mark.parametrize(
    ("when", "shown"),
    [
        ((27, 21, 59), False),
        ((27, 22, 0), True),
        ((28, 1, 59), True),
        ((28, 2, 0), False),
        ((28, 23, 0), False),
        ((27, 1, 0), False),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(when: tuple[int, int, int], shown: bool) -> None:
    """Friday's night from 22:00 to 02:00 ends on Saturday."""
    day, hour, minute = when
    times = Times(Hours(22 * 60, 2 * 60), frozenset({4}))
    assert times.has(FRIDAY.replace(day=day, hour=hour, minute=minute)) is shown


def test_hours_of_a_day_end_before_their_last_minute() -> None:
    """Until 22:00 is not at 22:00; until 24:00 is the whole evening."""
    at = [FRIDAY.replace(hour=hour, minute=minute) for hour, minute in ((16, 59), (17, 0), (21, 59), (22, 0))]
    assert [Times(Hours(17 * 60, 22 * 60)).has(each) for each in at] == [False, True, True, False]
    assert hours_of("17:00-24:00") == Hours(17 * 60, 24 * 60)
    assert hours_of("17:00-24:30") is None


def test_contrast_is_that_of_wcag() -> None:
    """Black on white is 21, and the least grey that can be read on white is #767676 (4.54)."""
    black, white, grey = (0, 0, 0), (255, 255, 255), (118, 118, 118)
    assert [colour_of(text) for text in ("#000", "#ffffff", "#767676", "red")] == [black, white, grey, None]
    assert (round(contrast(black, white), 2), round(contrast(white, grey), 2)) == (21.0, 4.54)


def test_files_are_taken_in_the_order_that_is_written_and_then_by_name() -> None:
    """A Mac's name with its accent taken off is the same name; what is too much is left out."""
    names = ["a.jpg", "b.jpg", "cafe\u0301.jpg"]
    assert chosen(names, ("caf\u00e9.jpg", "gone.jpg")) == (["cafe\u0301.jpg", "a.jpg", "b.jpg"], [])
    many = [f"{number:03}.jpg" for number in range(103)]
    assert chosen(many, ("102.jpg",)) == (["102.jpg", *many[:99]], many[99:102])


def test_what_systems_leave_behind_is_no_picture() -> None:
    """Nobody put it there on purpose, and nobody wants to read about it."""
    litter = [".DS_Store", "._one.jpg", "Thumbs.db", "desktop.ini", "lost+found", "screen.yaml"]
    assert [name for name in [*litter, "one.jpg"] if is_meant(name)] == ["one.jpg"]


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", Kind.PICTURE),
        (b"\xff\xd8\xff\xe1", Kind.PICTURE),
        (b"RIFF\0\0\0\0WEBP", Kind.PICTURE),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"GIF89a", Kind.PICTURE),
        (b"\0\0\0\x20ftypmp42", Kind.CLIP),
        (b"\0\0\0\x20ftypheic", None),
        (b"\x1aE\xdf\xa3", Kind.CLIP),
        (b"OTTO", Kind.TYPEFACE),
        (b"%!PS-Adobe-3.0 EPSF", None),
        (b"", None),
    ],
)
def test_a_kind_is_told_by_the_first_bytes(head: bytes, kind: Kind | None) -> None:
    """Names lie, and some kinds would run what is written in them."""
    assert kind_of(head) is kind


def test_a_reel_shows_each_frame_for_its_time_and_begins_anew() -> None:
    """Two frames of 100 and 200 ms."""
    reel = Reel((4, 3), (0, 10), (10, 20), (100, 300))
    at = (0.0, 0.0999, 0.1, 0.2999, 0.3, 0.4, -1.0)
    assert [reel.frame_at(s) for s in at] == [0, 0, 1, 1, 0, 1, 0]
    assert (reel.seconds, Reel((4, 3), (0,), (10,), (1,)).seconds) == (0.3, 0.0)


def test_an_index_is_read_as_it_was_written() -> None:
    """Its frames begin where the one before ends."""
    raw = index_of((4, 3), [10, 20], [100, 300])
    length = index_bytes(raw[-TAIL_BYTES:], 30 + len(raw))
    assert read_index(raw[:length], 30) == Reel((4, 3), (0, 10), (10, 20), (100, 300))


@given(st.binary(max_size=60), st.integers(0, 100))
def test_no_bytes_make_a_reel_raise_but_what_it_says(raw: bytes, total: int) -> None:
    """A card that rots gives any bytes."""
    for look in (lambda: index_bytes(raw[:TAIL_BYTES], total), lambda: read_index(raw, total)):
        try:
            look()
        except ReelError:
            continue


@pytest.mark.parametrize(
    "index",
    [
        '{"size": [4, 3], "lengths": [10], "ends_ms": [1, 2]}',
        '{"size": [4, 3], "lengths": [10, 10], "ends_ms": [5, 5]}',
        '{"size": [4, 3], "lengths": [11, 10], "ends_ms": [5, 9]}',
        '{"size": [4, -3], "lengths": [10, 10], "ends_ms": [5, 9]}',
        '{"size": [4], "lengths": [10, 10], "ends_ms": [5, 9]}',
        '{"size": [4, 3], "lengths": [], "ends_ms": []}',
        '{"size": [4, 3], "lengths": [true, 19], "ends_ms": [5, 9]}',
        "[]",
    ],
)
def test_an_index_that_does_not_fit_is_refused(index: str) -> None:
    """Frames of 20 bytes in all are there, and nothing else is believed."""
    with pytest.raises(ReelError):
        read_index(index.encode(), 20)


def test_a_clip_runs_whole_and_a_picture_for_the_usual_time() -> None:
    """A loop of 3 s is shown three times in eight seconds; what is said of a file goes before that."""
    room = (4, 3)
    ready = {(name, room): Ready(Path(name), runs_s) for name, runs_s in (("a", 0.0), ("b", 3.0), ("c", 3.0))}
    stock = Stock(("a", "b", "c", "d"), ready, Notes(remarks={"c": Remark(seconds=5.0)}))
    assert [stock.seconds(name) for name in stock.names] == [8.0, 9.0, 5.0, 8.0]
    assert stock.names_at(FRIDAY) == ("a", "b", "c", "d")
