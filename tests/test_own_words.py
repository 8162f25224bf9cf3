"""The operator's own words on the screen: from a file, in the place of ours, and what is wrong with it."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path

import pytest
from attract_screen_samples import FEED
from test_check_pictures import the_screen

from attract_screen.language.catalogues import Catalogues
from attract_screen.language.own_file import OwnFile, load_own_words
from attract_screen.language.speaker import Speaker
from attract_screen.material.complaints import Complaints
from attract_screen.material.formats.tree import Mistake
from attract_screen.model.feed_format import Feed, State
from attract_screen.model.view import view_of
from attract_screen.picture.letters.sans import can_write, first_lacking
from controller.check.words import check_words
from controller.pages.findings import ok, warning

GOOD = """\
en:
  INSERT COIN: DROP A TOKEN
  "{count} CREDIT": ["{count} PLAY", "{count} PLAYS"]
ja:
  Good luck!: いってみよう
"""
NOBODY = "65534"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a technician may have put them."""
    return tmp_path / "words.yaml"


def speaker(clock_s: float = 0.0) -> Speaker:
    """The screen's, on this machine's fonts."""
    return Speaker(Catalogues(can_write), OwnFile(first_lacking, Complaints(lambda: clock_s)))


def said(speaks: Speaker, feed: Feed, now_s: float = 0.0) -> tuple[str, str]:
    """Headline and text of a feed."""
    view = view_of(feed, 0.0, speaks.languages(feed, now_s)[0])
    return view.headline, view.text


def test_own_words_stand_in_the_place_of_ours(path: Path) -> None:
    """In the language that they are of, one for one thing and one for more; all others stay."""
    path.write_text(GOOD)
    feed = replace(FEED, qr=None, words=str(path))
    playing = replace(feed, state=State.PLAYING)
    speaks = speaker()
    assert said(speaks, feed) == ("DROP A TOKEN", "Paying by phone will be back soon.")
    assert said(speaks, playing) == ("3 PLAYS", "Press START. Good luck!")
    assert said(speaks, replace(playing, credits=1)) == ("1 PLAY", "Press START. Good luck!")
    assert said(speaks, replace(feed, languages=("es",)))[0] == "INSERTA UNA MONEDA"
    japanese = replace(playing, credits=0, languages=("ja",))
    assert said(speaks, japanese) == ("ゲームスタート", "いってみよう")


def test_the_file_is_read_again_when_it_changes(path: Path) -> None:
    """By itself, within two seconds; without the file, or without its name, ours are there again."""
    feed = replace(FEED, qr=None, words=str(path))
    speaks = speaker()
    assert said(speaks, feed)[0] == "INSERT COIN"
    path.write_text("en: {INSERT COIN: DROP A TOKEN}")
    assert said(speaks, feed, 2.0)[0] == "DROP A TOKEN"
    path.unlink()
    assert said(speaks, feed, 4.0)[0] == "INSERT COIN"
    path.write_text("en: {INSERT COIN: COIN!}")
    assert said(speaks, feed, 6.0)[0] == "COIN!"
    assert said(speaks, replace(feed, words=None), 6.1)[0] == "INSERT COIN"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("- en", Mistake(1, "languages are expected, such as en: and words below it")),
        (
            "tlh:\n  INSERT COIN: Huch!",
            Mistake(2, "'tlh' is no language of the screen's: en, es, fr, de, ms, zh_CN, ja"),
        ),
        ("en: words", Mistake(1, "below en: our text, a colon and yours are expected")),
        ("en:\n  INSERT COINS: x", Mistake(2, "'INSERT COINS': the screen has no such text; it is left out")),
        ("en:\n  INSERT COIN: [x, y]", Mistake(2, "'INSERT COIN': write a text; it is left out")),
        (
            'en:\n  "{count} CREDIT": [x, y, z]',
            Mistake(
                2,
                "'{count} CREDIT': write a text, or two in brackets: for one, and for more; it is left out",
            ),
        ),
        ("en:\n  INSERT COIN:", Mistake(2, "'INSERT COIN': '' is no text; it is left out")),
        (
            f"en:\n  INSERT COIN: {'x' * 21}",
            Mistake(
                2,
                f"'INSERT COIN': '{'x' * 21}' is too long: 20 letters at most (10 of Chinese or Japanese); "
                "it is left out",
            ),
        ),
        (
            "en:\n  INSERT COIN: '{coins}'",
            Mistake(2, "'INSERT COIN': '{coins}' has braces that mean nothing here; it is left out"),
        ),
        (
            "en:\n  INSERT COIN: 'GO {'",
            Mistake(2, "'INSERT COIN': 'GO {' has braces that mean nothing here; it is left out"),
        ),
        (
            "en:\n  INSERT COIN: ضع قطعة",
            Mistake(2, "'INSERT COIN': 'ضع قطعة' has 'ض', which no font here has; it is left out"),
        ),
        ("en:\n  INSERT COIN: 'x", Mistake(2, "this is not YAML: found unexpected end of stream")),
    ],
)
def test_what_cannot_be_said_is_left_out_and_named(path: Path, text: str, mistake: Mistake) -> None:
    """With its line; the screen says ours there."""
    path.write_text(text)
    assert load_own_words(path, first_lacking) == ({}, (mistake,))


def test_a_mistake_is_told_once_and_the_other_words_are_said(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The journal of a screen that runs for months has one line of it."""
    path.write_text("en:\n  INSERT COIN: COIN!\n  INSERT COINS: COINS!\n")
    feed, speaks = replace(FEED, qr=None, words=str(path)), speaker()
    with caplog.at_level(logging.WARNING):
        assert {said(speaks, feed, now_s)[0] for now_s in range(60)} == {"COIN!"}
    assert [record.message for record in caplog.records] == [
        f"{path}: line 3: 'INSERT COINS': the screen has no such text; it is left out"
    ]


def test_check_counts_the_words_and_names_what_is_wrong(path: Path) -> None:
    """As the screen's user sees the file."""
    path.write_text(GOOD)
    assert check_words(path, the_screen()) == [ok(f"3 texts of {path} can be said")]
    path.write_text("en:\n  INSERT COIN: COIN!\n  INSERT COINS: COINS!\n")
    assert check_words(path, None) == [
        ok(f"1 text of {path} can be said"),
        warning(
            "words.yaml, line 3: 'INSERT COINS': the screen has no such text; it is left out",
            "Mend it: the screen reads it again by itself.",
        ),
    ]


def test_check_says_that_the_screen_cannot_read_the_file(path: Path) -> None:
    """Another user, a folder that its unit hides, or no file."""
    elsewhere = "Put it where the screen can read it, as /srv/words.yaml, and write that into screen.words."
    assert check_words(path, None) == [
        warning(f"{path} cannot be read by root: No such file or directory", elsewhere)
    ]
    at_home = Path("/home/pi/words.yaml")
    hidden = f"the screen sees nothing of {at_home}: ProtectHome= of arcade-attract-screen hides /home"
    assert check_words(at_home, the_screen(ProtectHome="yes")) == [warning(hidden, elsewhere)]
    if os.geteuid() == 0:
        path.write_text(GOOD)
        path.chmod(0o600)
        refused = check_words(path, the_screen(NOBODY))[0].text
        assert refused.startswith(f"{path} cannot be read by {NOBODY}: ")
