"""The screen in every language: all that it says is there to be read, at every size and in every design."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pygame
import pytest
from attract_screen_samples import FEED

from attract_screen.language.catalogues import Catalogues
from attract_screen.model.feed_format import Feed, Offer, PricePeriod, State
from attract_screen.model.monitor import Size
from attract_screen.model.themes import ThemeName
from attract_screen.model.view import View, in_all, view_of
from attract_screen.model.wording import ENGLISH, LANGUAGES, Language
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.layout import Layout, QrPlace
from attract_screen.picture.letters.fit import ELLIPSIS
from attract_screen.picture.letters.sans import Sans, can_write
from attract_screen.picture.letters.typefaces import Typeface, Typefaces
from attract_screen.picture.scenes.scenes import arrange, pages

CATALOGUES = Catalogues(can_write)
STUDIOS = {name: Studio(name) for name in ThemeName}
SIZES = ((320, 240), (240, 320), (640, 480), (480, 640), (480, 800), (800, 480), (1920, 1080), (1080, 1920))
SMALL = ((320, 240), (480, 800))
CURRENCIES = {"en": "usd", "ms": "myr", "zh_CN": "cny", "ja": "jpy"}
HAPPY = {"period": PricePeriod("Happy hour", "18:00"), "coming": PricePeriod("Late", "22:00")}
FEEDS: dict[str, Feed] = {
    "attract": replace(FEED, **HAPPY, games_today=137),
    "free play": replace(FEED, offers=(Offer(1, 0, "usd"),)),
    "more offers": replace(FEED, offers=tuple(Offer(n, 100 * n, "usd") for n in range(1, 7))),
    "coins": replace(FEED, qr=None),
    "paying": replace(FEED, state=State.PAYING, credits=12),
    "slow": replace(FEED, state=State.PAYING, credits=12, since_s=900.0),
    "free": replace(FEED, state=State.PAYING, free=True, credits=1),
    "playing": replace(FEED, state=State.PLAYING),
    "game on": replace(FEED, state=State.PLAYING, credits=0, qr=None),
    "waiting": replace(FEED, state=State.PLAYING, credits=12, waiting=12, qr=None),
    "not ready": replace(FEED, state=State.NOT_READY),
    "offline": replace(FEED, state=State.OFFLINE),
    "out of order": replace(FEED, state=State.OUT_OF_ORDER),
    "starting": replace(FEED, state=State.STARTING),
}
every_language = pytest.mark.parametrize("code", LANGUAGES)
every_theme = pytest.mark.parametrize("theme", ThemeName)


@pytest.fixture(autouse=True, scope="module")
def fonts() -> Iterator[None]:
    """Opened once, and closed behind the last test."""
    yield
    STUDIOS.clear()


def language(code: str) -> Language:
    """The language, as the screen has it."""
    return CATALOGUES.language(code)


def view_in(code: str, feed: Feed) -> View:
    """The feed's picture in this language, its prices in the money of a country where it is spoken."""
    currency = CURRENCIES.get(code, "eur")
    own = replace(feed, offers=tuple(replace(offer, currency=currency) for offer in feed.offers))
    return view_of(own, 0.0, language(code))


def plain(text: str) -> str:
    """What is left of a text on whatever lines and in whatever letters it is set."""
    letters = unicodedata.normalize("NFKD", text.upper())
    return "".join(c for c in letters if not unicodedata.combining(c) and not c.isspace())


def said(layout: Layout) -> str:
    """All that stands on a picture."""
    return plain("".join(label.text for label in layout.labels))


def words_of(view: View) -> list[str]:
    """All that a player is to read there, apart from the price board."""
    return [plain(text) for text in (view.headline, view.text, *view.steps) if text]


@pytest.mark.parametrize(
    ("size", "theme"), [*product(SIZES, [ThemeName.NIGHT]), *product(SMALL, list(ThemeName)[1:])]
)
@every_language
def test_all_is_said_whole_in_every_language(code: str, size: Size, theme: ThemeName) -> None:
    """No text is cut, and none is left out."""
    missing = []
    for name, feed in FEEDS.items():
        view = view_in(code, replace(feed, theme=theme))
        layout = arrange(view, size, STUDIOS[theme])
        missing += [(name, words) for words in words_of(view) if words not in said(layout)]
        missing += [(name, label.text) for label in layout.labels if ELLIPSIS in label.text]
    assert missing == []


@every_theme
@every_language
def test_every_page_of_the_attract_mode_says_all_it_has_to(code: str, theme: ThemeName) -> None:
    """At a size with room for them: how to play, what comes next and what was played today."""
    view = view_in(code, replace(FEEDS["attract"], theme=theme))
    told = "".join(said(page.layout()) for page in pages(view, (640, 480), STUDIOS[theme]))
    assert view.coming is not None
    assert view.today is not None
    wanted = [*view.steps, view.coming.headline, view.coming.text, view.today.text]
    assert [text for text in wanted if plain(text) not in told] == []


@pytest.mark.parametrize("size", SIZES)
@every_language
def test_nothing_is_set_smaller_than_can_be_read(code: str, size: Size) -> None:
    """Small print has nine pixels to an em, and more wherever there is room."""
    for feed in FEEDS.values():
        layout = arrange(view_in(code, feed), size, STUDIOS[ThemeName.NIGHT])
        for label in layout.labels:
            least = 9 if label.face is Typeface.SANS else 1
            assert label.size >= least, label.text


@every_theme
@pytest.mark.parametrize("size", [*SMALL, (240, 320), (640, 480)])
@pytest.mark.parametrize("pair", [("en", "es"), ("fr", "de"), ("ms", "zh_CN"), ("ja", "en")])
def test_the_code_stands_still_while_languages_take_turns(
    pair: tuple[str, str], size: Size, theme: ThemeName
) -> None:
    """Whoever scans it is not disturbed by the words beside it."""
    for state in (State.ATTRACT, State.PLAYING):
        feed = replace(FEEDS["attract"], theme=theme, state=state)
        one, other = (code_of(feed, order, size) for order in (pair, pair[::-1]))
        assert one is not None
        assert one == other


def test_a_language_has_its_own_forms_of_the_characters() -> None:
    """Those that Japan and China share are drawn in each in its own way; Latin letters are the same."""
    japanese, chinese = (Studio().speaking(code).faces for code in ("ja", "zh_CN"))
    assert drawn(japanese, "数") != drawn(chinese, "数")
    assert drawn(japanese, "A") == drawn(chinese, "A")


def test_a_font_that_is_broken_is_named_once_and_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The screen speaks English then, and draws what it has."""
    broken = tmp_path / "broken.otf"
    broken.write_bytes(b"no font")
    sans = Sans([broken])
    assert sans.draw("コイン 3", 20, (255, 255, 255)).get_width() > 0
    assert not sans.has_wide("コイン")
    assert [record.message.split(":")[0] for record in caplog.records] == [
        f"The font {broken} cannot be used"
    ]


def test_a_language_without_its_font_is_english_and_that_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A player who reads neither is not helped by empty boxes."""
    catalogues = Catalogues(lambda code: code != "ja")
    assert [catalogues.language(code).code for code in ("ja", "ja", "de")] == ["en", "en", "de"]
    assert [record.message for record in caplog.records] == [
        "The font for texts in ja is missing; they are shown in English"
    ]


def test_a_catalogue_that_is_missing_or_broken_is_english(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A damaged card must not take the picture away."""
    broken = tmp_path / "de/LC_MESSAGES/attract_screen.mo"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"\xde\x12\x04\x95")
    catalogues = Catalogues(lambda _code: True, tmp_path)
    assert [catalogues.language(code) for code in ("es", "de")] == [ENGLISH, ENGLISH]
    assert [record.message[:42] for record in caplog.records] == [
        "The screen's texts in es cannot be read, a",
        "The screen's texts in de cannot be read, a",
    ]


def code_of(feed: Feed, order: tuple[str, str], size: Size) -> QrPlace | None:
    """Where the code stands while the first of two languages has its turn."""
    view = in_all([language(code) for code in order], lambda each: view_of(feed, 0.0, each))
    return arrange(view, size, STUDIOS[feed.theme]).qr


def drawn(faces: Typefaces, text: str) -> bytes:
    """A text's pixels."""
    return pygame.image.tostring(faces.draw(text, Typeface.SANS, 40, (255, 255, 255)), "RGBA")


class Marked:
    """A catalogue that has each letter of ours in another, so that what is not asked of it stands out."""

    def gettext(self, message: str) -> str:
        """The text in such letters, with its places."""
        return "".join(part if part[:1] == "{" else re.sub("[A-Za-z]", "Ж", part) for part in _PARTS(message))

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The text for so many, in such letters."""
        return self.gettext(one if count == 1 else many)


_PARTS = re.compile(r"(\{\w*\})").split
# The machine's and the operator's own names.
NAMES = ("GALAGA", "PAY.EXAMPLE.COM", "GALAGA-01", "HAPPY HOUR", "LATE")


@every_theme
@pytest.mark.parametrize("name", FEEDS)
def test_nothing_is_said_that_no_catalogue_has(name: str, theme: ThemeName) -> None:
    """Every word on every page of every picture is asked of the language, apart from names."""
    view = view_of(replace(FEEDS[name], theme=theme), 0.0, Language("de", Marked()))
    layouts = [page.layout() for page in pages(view, (640, 480), STUDIOS[theme])]
    text = "\n".join(label.text.upper() for layout in layouts for label in layout.labels)
    for known in NAMES:
        text = text.replace(known, "")
    assert [line for line in text.splitlines() if re.search("[A-Z]", line)] == []
