from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from attract_screen_samples import FEED, FIELDS
from hypothesis import given
from hypothesis import strategies as st

from attract_screen.feed import FeedReader, Reading, read_feed
from attract_screen.model.feed_format import FeedError, parse_feed
from attract_screen.model.themes import ThemeName


def problem_of(raw: bytes) -> str | None:
    """What the reader says against these bytes, or None when it takes them."""
    try:
        parse_feed(raw)
    except FeedError as error:
        return str(error)
    return None


def test_a_whole_feed_is_read() -> None:
    """Every field arrives as it was written."""
    assert parse_feed(json.dumps(FIELDS).encode()) == FEED


def test_the_folder_of_the_operator_s_own_pictures_is_read() -> None:
    """The folder is known by its whole path; a controller of yesterday names none."""
    folders = [
        parse_feed(json.dumps({**FIELDS, **more}).encode()).folder for more in ({}, {"folder": "/srv/s"})
    ]
    assert folders == [None, "/srv/s"]


@pytest.mark.parametrize(
    ("listed", "languages"),
    [
        (None, ("en",)),
        ([], ("en",)),
        (["ja"], ("ja",)),
        (["en", "es"], ("en", "es")),
        (["tlh", "de"], ("de",)),
        (["tlh"], ("en",)),
        (["de", "de", "fr", "es"], ("de", "fr")),
    ],
)
def test_the_languages_that_this_screen_knows_are_spoken(
    listed: list[str] | None, languages: tuple[str, ...]
) -> None:
    """A newer controller may ask for others; nobody asked is English, as before there were more."""
    feed = parse_feed(json.dumps({**FIELDS, "languages": listed, "words": "/srv/words.yaml"}).encode())
    assert (feed.languages, feed.words) == (languages, "/srv/words.yaml")


def test_unknown_fields_are_ignored() -> None:
    """A newer controller may write more than this screen knows."""
    assert parse_feed(json.dumps({**FIELDS, "weather": "fine"}).encode()) == FEED


def test_what_cannot_be_drawn_becomes_a_space() -> None:
    """Control characters and astral signs would make the font raise."""
    fields = {**FIELDS, "machine_name": "Ga\0la\nga \U0001f680", "technician_line": "\ud800"}
    feed = parse_feed(json.dumps(fields).encode())
    assert (feed.machine_name, feed.technician_line) == ("Ga la ga", None)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Galaga \U0001f680", "Galaga"),
        ("Pac\u2022Man \u2660", "Pac\u2022Man \u2660"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("\u0391\u03c3\u03c4\u03b5\u03c1\u03b9", "\u0391\u03c3\u03c4\u03b5\u03c1\u03b9"),
        ("\U0001f579\ufe0f", "galaga-01"),
        ("\U0001f3ae", "galaga-01"),
        ("\U0001f468\u200d\U0001f469", "galaga-01"),
        ("7\ufe0f\u20e3", "7"),
        ("\u30ae\u30e3\u30e9\u30ac 2", "galaga-01"),
        ("\u05d2\u05dc\u05d0\u05d2\u05d4", "galaga-01"),
        ("\u062c\u0627\u0644\u0627\u062c\u0627", "galaga-01"),
        ("\u0917\u0948\u0932\u093e\u0917\u093e", "galaga-01"),
        ("G\u0338\u0321\u0345alaga", "galaga-01"),
        ("\n", "galaga-01"),
        ("\u2605\u2605\u2605", "galaga-01"),
    ],
)
def test_a_name_is_shown_as_far_as_the_typeface_goes(name: str, title: str) -> None:
    """Without a sign it is still the name; without a letter it is another, and the id is better."""
    assert parse_feed(json.dumps({**FIELDS, "machine_name": name}).encode()).machine_name == title


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("format", 2, "the feed's format is 2; expected 1"),
        ("format", True, "the feed's format is True; expected 1"),
        (
            "written_at_s",
            "now",
            "the feed's written_at_s is 'now'; expected seconds of CLOCK_BOOTTIME",
        ),
        (
            "since_s",
            float("nan"),
            "the feed's since_s is nan; expected seconds of CLOCK_BOOTTIME",
        ),
        (
            "state",
            "idle",
            "the feed's state is 'idle'; expected one of starting, attract, paying,"
            " playing, not_ready, offline, out_of_order",
        ),
        ("state", [], "the feed's state is []; expected one of starting, attract, paying,"),
        (
            "machine_id",
            "a/b",
            "the feed's machine_id is 'a/b'; expected 1-64 of A-Z a-z 0-9 _ -",
        ),
        ("machine_name", 7, "the feed's machine_name is 7; expected a name"),
        (
            "qr",
            "pay here",
            "the feed's qr is 'pay here'; expected null or an http(s) address of at most 300",
        ),
        ("qr", "https://x/" + "y" * 300, "the feed's qr is 'https://x/yyy"),
        ("offers", {}, "the feed's offers is {}; expected a list"),
        (
            "offers",
            [{"credits": 0, "amount": 1, "currency": "usd"}],
            "the feed's offers[0].credits is 0; expected a whole number from 1 up",
        ),
        (
            "offers",
            [{"credits": 1, "amount": 1.5, "currency": "usd"}],
            "the feed's offers[0].amount is 1.5; expected a whole number from 0 up",
        ),
        (
            "offers",
            [{"credits": 1, "amount": 1, "currency": "USD"}],
            "the feed's offers[0].currency is 'USD'; expected three small letters",
        ),
        ("offers", ["x"], "the feed's offers[0] is 'x'; expected an object"),
        ("credits", True, "the feed's credits is True; expected a whole number from 0 up"),
        ("rotate", 45, "the feed's rotate is 45; expected 0, 90, 180 or 270"),
        ("aspect", "4:0", "the feed's aspect is '4:0'; expected null, or two numbers as '4:3'"),
        ("aspect", 1.33, "the feed's aspect is 1.33; expected null, or two numbers as '4:3'"),
        ("overscan_percent", 11, "the feed's overscan_percent is 11; expected a whole number from 0 to 10"),
        (
            "overscan_percent",
            True,
            "the feed's overscan_percent is True; expected a whole number from 0 to 10",
        ),
        ("words", "words.yaml", "the feed's words is 'words.yaml'; expected null, or a whole path"),
        ("languages", "en", "the feed's languages is 'en'; expected null or a list of languages, such as"),
        ("languages", [7], "the feed's languages is [7]; expected null or a list of languages, such as"),
        ("folder", 7, "the feed's folder is 7; expected null, or a whole path"),
        ("folder", "pictures", "the feed's folder is 'pictures'; expected null, or a whole path"),
        ("folder", "/a\nb", "the feed's folder is '/a\\nb'; expected null, or a whole path"),
        (
            "folder",
            "/" + "x" * 1024,
            f"the feed's folder is '/{'x' * 58}…; expected a path of at most 1024 characters",
        ),
        ("note", 7, "the feed's note is 7; expected null or at most 80 characters"),
        ("note", "x" * 81, f"the feed's note is '{'x' * 59}…; expected null or at most 80 characters"),
        ("theme", 7, "the feed's theme is 7; expected text or null"),
        ("today", 7, "the feed's today is 7; expected null or an object with games"),
        ("today", {"games": -1}, "the feed's today.games is -1; expected a whole number from 0 up"),
        ("today", {}, "the feed's today.games is None; expected a whole number from 0 up"),
        (
            "period",
            "x",
            "the feed's period is 'x'; expected null or an object with a name and until as 17:00",
        ),
        ("next", {"from": "17:00"}, "the feed's next is {'from': '17:00'}; expected null or an object with"),
        ("next", {"name": "Late", "from": "25:00"}, "the feed's next is {'name': 'Late', 'from': '25:00'}"),
        ("next", {"name": "Late", "from": 17}, "the feed's next is {'name': 'Late', 'from': 17}; expected"),
        ("period", {"name": "x" * 81}, "the feed's period is {'name': 'xxx"),
        ("free", 1, "the feed's free is 1; expected true or false"),
        ("technician_line", 7, "the feed's technician_line is 7; expected text or null"),
    ],
)
def test_a_wrong_field_is_named_with_its_value(field: str, value: object, message: str) -> None:
    """The error says which field, what it holds and what belongs there."""
    with pytest.raises(FeedError) as caught:
        parse_feed(json.dumps({**FIELDS, field: value}).encode())
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {"qr", "technician_line"}))
def test_a_missing_field_is_an_error(field: str) -> None:
    """Only the address and the technician's line may be left out."""
    with pytest.raises(FeedError, match=f"the feed's {field} is None"):
        parse_feed(json.dumps({key: FIELDS[key] for key in FIELDS if key != field}).encode())


@given(cut=st.integers(0, len(json.dumps(FIELDS)) - 1))
def test_a_half_feed_is_an_error_wherever_it_ends(cut: int) -> None:
    """A torn file is told apart from a whole one."""
    with pytest.raises(FeedError):
        parse_feed(json.dumps(FIELDS).encode()[:cut])


@given(
    raw=st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(FIELDS)), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_bytes_can_crash_the_reader(raw: bytes) -> None:
    """Whatever the file holds, the outcome is a FeedError."""
    with pytest.raises(FeedError):
        parse_feed(raw)


@given(
    field=st.sampled_from(sorted(FIELDS)),
    value=st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
)
def test_no_single_field_can_crash_the_reader(field: str, value: object) -> None:
    """A field of any value is either taken or refused with a FeedError."""
    problem = problem_of(json.dumps({**FIELDS, field: value}).encode())
    assert problem is None or problem.startswith(f"the feed's {field}")


def test_a_file_is_read_again_only_when_it_was_replaced(tmp_path: Path) -> None:
    """Looking at an unchanged file gives the very same reading."""
    path = tmp_path / "feed.json"
    path.write_text(json.dumps(FIELDS))
    reader = FeedReader(path)
    first = reader.look()
    assert first == Reading(feed=FEED)
    assert reader.look() is first


def test_a_replaced_file_is_seen(tmp_path: Path) -> None:
    """The controller renames a new file over the old one."""
    path = tmp_path / "feed.json"
    path.write_text(json.dumps(FIELDS))
    reader = FeedReader(path)
    reader.look()
    new = tmp_path / "new.json"
    new.write_text(json.dumps({**FIELDS, "qr": None}))
    new.replace(path)
    feed = reader.look().feed
    assert feed is not None
    assert feed.qr is None


def test_a_missing_file_is_told_from_a_wrong_one(tmp_path: Path) -> None:
    """Before the controller has started there is no file; that is no fault yet."""
    path = tmp_path / "feed.json"
    reader = FeedReader(path)
    missing = reader.look()
    path.write_text('{"format": 1, "writ')
    wrong = reader.look()
    assert missing == Reading(problem=f"cannot read the feed {path}: No such file or directory", missing=True)
    assert (wrong.feed, wrong.missing) == (None, False)
    assert str(wrong.problem).startswith("the feed is not JSON: ")


def test_a_problem_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Ten looks a second at a broken file must not fill the log."""
    path = tmp_path / "feed.json"
    path.write_text("[]")
    reader = FeedReader(path)
    with caplog.at_level(logging.INFO):
        reader.look()
        path.write_text("[ ]")
        reader.look()
    assert caplog.messages == ["the feed is a JSON list; an object is expected"]


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    """A runaway writer cannot take the screen's memory."""
    path = tmp_path / "feed.json"
    path.write_bytes(b" " * 70_000)
    with pytest.raises(FeedError, match="larger than 65536 bytes"):
        read_feed(path)


def test_a_design_that_this_version_lacks_is_shown_as_the_usual_one() -> None:
    """A controller may be newer than the screen, and a machine that sells must not look broken."""
    shown = [parse_feed(json.dumps({**FIELDS, "theme": name}).encode()).theme for name in ("vector", "neon")]
    assert shown == [ThemeName.VECTOR, ThemeName.NIGHT]


def test_a_period_whose_name_cannot_be_shown_is_none() -> None:
    """Nobody reads "from 17:00" alone."""
    said = {**FIELDS, "next": {"name": "\u5922", "from": "17:00"}}
    assert parse_feed(json.dumps(said).encode()).coming is None
