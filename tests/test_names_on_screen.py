"""Whatever text config.yaml takes, the screen draws, with its code."""

from __future__ import annotations

import json
from pathlib import Path

import pygame
import pytest
from attract_screen_samples import FIELDS, decoded
from hypothesis import given, settings
from hypothesis import strategies as st
from test_config import load
from test_config_broken import GOOD

from attract_screen.__main__ import main as screen
from attract_screen.model.feed_format import MAX_QR_CHARS, State
from attract_screen.model.letters import _RANGES, title_of
from attract_screen.picture.letters.font_files import OWN_FILES, expected_letters
from attract_screen.picture.letters.sans import letters_here
from controller.config import values
from controller.config.keys import ConfigError
from controller.config.values import MAX_RELAY_CHARS

ODD_NAMES = (
    "🕹️",
    "🎮",
    "👨👩👧 Arcade",
    "Dragon\u2019s Lair \u201cII\u201d",
    "ギャラガ",
    "갤러그",
    "大蜜蜂",
    "جالاجا",
    "גלאגה 88",
    "กาแล็กซี",
    "गैलागा",
    "Ἀστέρες",
    "Космос",
    "Ġ̸̢͓a̴l̷a̶g̵a",
    "e\u0301" * 32,
    "\ufe0f",
    "\u0301",
    "ﷺ" * 64,
    "W" * 64,
    "i" * 64,
    "1 2 3",
    "…",
    "_",
)
NAMES = st.one_of(st.sampled_from(ODD_NAMES), st.text(min_size=1, max_size=64))


def render(folder: Path, size: str, **fields: object) -> list[str]:
    """What a decoder reads on the picture that `--render` draws of a feed."""
    feed, picture = folder / "screen.json", folder / "screen.png"
    feed.write_text(json.dumps({**FIELDS, **fields}))
    arguments = ["--feed", str(feed), "--render", str(picture), "--size", size, "--age", "0"]
    assert screen(arguments) == 0
    return decoded(picture)


def is_taken(name: str) -> bool:
    """Whether config.yaml may have it for a name."""
    try:
        values.name(name)
    except ValueError:
        return False
    return True


@settings(max_examples=60)
@given(name=NAMES.filter(is_taken), size=st.sampled_from(["320x240", "640x480", "480x800"]))
def test_every_name_is_drawn_with_the_code(
    tmp_path_factory: pytest.TempPathFactory, name: str, size: str
) -> None:
    """Of any script, with any sign; where it cannot be shown, the machine's id is."""
    folder = tmp_path_factory.mktemp("screen")
    assert render(folder, size, machine_name=name) == [FIELDS["qr"]]


@settings(max_examples=40)
@given(line=st.text(max_size=200), state=st.sampled_from(State))
def test_every_line_for_the_technician_is_drawn(
    tmp_path_factory: pytest.TempPathFactory, line: str, state: State
) -> None:
    """It may hold other people's words."""
    folder = tmp_path_factory.mktemp("screen")
    notice = {"headline": line, "lines": [line, line]}
    shown = render(folder, "320x240", technician_line=line, state=state, notice=notice)
    assert shown == [FIELDS["qr"]] or state is not State.ATTRACT


@pytest.mark.parametrize("length", [40, 110, MAX_RELAY_CHARS + len("/p/") + 64, MAX_QR_CHARS])
@pytest.mark.parametrize("size", ["640x480", "800x600", "1080x1920"])
def test_the_longest_address_that_is_taken_is_a_code(tmp_path: Path, length: int, size: str) -> None:
    """As a link of the older relay, or as the relay's own with its door."""
    address = "https://pay.example.com/".ljust(length, "x")
    assert values.code_address(address) == address
    assert render(tmp_path, size, qr=address) == [address]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            "board_boot_s: 20",
            f"payment_link: https://pay.example.com/{'x' * 296}",
            f"use at most {MAX_QR_CHARS} characters: the screen shows it as a code",
        ),
        (
            "https://pay.example.com",
            f"https://pay.example.com/{'x' * 220}",
            f"use at most {MAX_RELAY_CHARS} characters: the screen shows it as a code",
        ),
    ],
)
def test_an_address_that_is_too_long_for_a_code_is_refused(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    """It was taken, and the screen apologised."""
    with pytest.raises(ConfigError, match=told):
        load(tmp_path, GOOD.replace(before, after))


@pytest.mark.parametrize(
    ("name", "shown", "first"),
    [
        ("🕹️", "galaga-01", "U+1F579 (joystick)"),
        ("Galaga 🚀", "Galaga", "U+1F680 (rocket)"),
        ("גלאגה", "galaga-01", "U+05D2 (hebrew letter gimel)"),
        ("جالاجا", "galaga-01", "U+062C (arabic letter jeem)"),
    ],
)
def test_a_name_that_the_screen_cannot_show_is_warned_of(
    tmp_path: Path, name: str, shown: str, first: str
) -> None:
    """When it is read, with what is shown instead."""
    config = load(tmp_path, GOOD.replace("Galaga", name))
    said = f"name has {first}, which the screen cannot show: it shows {shown} instead"
    assert config.warnings == (f"{tmp_path}/config.yaml:2: {said}",)
    assert title_of(config.name, config.machine_id) == shown


def test_a_name_in_kana_is_shown_by_the_font_that_is_shipped(tmp_path: Path) -> None:
    """Han characters want one of Debian's: with it they are no doubt, and without it they are."""
    assert load(tmp_path, GOOD.replace("Galaga", "ギャラガ 88")).warnings == ()
    assert title_of("ギャラガ 88", "galaga-01", letters_here([OWN_FILES["ja"]])) == "ギャラガ 88"
    assert title_of("大蜜蜂", "galaga-01", letters_here([OWN_FILES["ja"]])) == "galaga-01"
    assert [expected_letters(tmp_path)(c) for c in "ガ蜜"] == [True, False]
    debians = tmp_path / "truetype/vlgothic/VL-Gothic-Regular.ttf"
    debians.parent.mkdir(parents=True)
    debians.touch()
    assert [expected_letters(tmp_path)(c) for c in "ガ蜜ض"] == [True, True, False]


def test_the_typeface_has_every_letter_that_counts_as_shown() -> None:
    """Each is drawn as itself, and takes room."""
    pygame.font.init()
    source = Path(__file__).parents[1] / "attract_screen/picture/assets/DejaVuSansCondensed-Bold.ttf"
    font = pygame.font.Font(str(source), 48)
    empty_box = font.metrics("\ufffe")[0]
    letters = [chr(code) for first, last in _RANGES for code in range(first, last + 1)]
    assert [c for c in letters if font.metrics(c)[0] == empty_box or font.size(c)[0] == 0] == []
