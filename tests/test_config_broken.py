"""Broken config.yaml files: a table of mistakes with what each earns, and accidents of every kind."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_config import TOKEN, load, problems, written

from controller.config.keys import Config, ConfigError, load_config

GOOD = f"""\
machine_id: galaga-01
name: Galaga
relay:
  url: https://pay.example.com
  token: {TOKEN}
broker:
  host: broker.example.com
  password: galaga-password
coin_line:
  pin: 17
game_over:
  pin: 27
  active: low
ready:
  pin: 22
coin_meter:
  pin: 23
board_boot_s: 20
screen:
  rotate: 0
"""
TABLE = Path(__file__).parent / "broken_configs.txt"
"""What stands in the good file => what stands there instead, and below it every line that this earns."""


def table() -> Iterator[tuple[str, str, list[str]]]:
    r"""The mistakes; ⏎ is a new line in the file, ⇥ a tab, and no eye sees what has its number (\u200b)."""
    edit, lines = "", []
    for line in [*TABLE.read_text().splitlines(), " => "]:
        if line.startswith("    "):
            lines.append(line.strip())
            continue
        if edit:
            before, after = (_written_out(half) for half in edit.split(" => "))
            yield before, after, lines
        edit, lines = line, []


def _written_out(half: str) -> str:
    text = re.sub(r"\\u([0-9a-f]{4})", lambda hidden: chr(int(hidden[1], 16)), half)
    text = text.replace("⏎", "\n").replace("⇥", "\t").replace("TOKEN", TOKEN)
    return "" if text == "(nothing)" else text


def test_the_good_file_is_good(tmp_path: Path) -> None:
    """Or every mistake below would be another's."""
    assert load(tmp_path, GOOD).warnings == ()


@pytest.mark.parametrize(("before", "after", "told"), list(table()))
def test_a_mistake_is_told(tmp_path: Path, before: str, after: str, told: list[str]) -> None:
    """With its line, its key and what would be right; and nothing else is."""
    assert before in GOOD
    found = problems(tmp_path, GOOD.replace(before, after, 1))
    assert [line.removeprefix("config.yaml: ") for line in found] == told


TOKEN_HELP = "copy what `python -m cloud_relay token MACHINE_ID` printed"


@pytest.mark.parametrize("token", ["ab" * 32, "0." + "ab" * 32, TOKEN.upper(), TOKEN[:-1]])
def test_a_token_that_is_none_is_told_and_not_shown(tmp_path: Path, token: str) -> None:
    """A part of a secret is one too."""
    told = problems(tmp_path, GOOD.replace(TOKEN, token))
    assert told == [f"5: relay.token is not right: {TOKEN_HELP}"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (GOOD, "", "1: is empty: it needs keys such as machine_id"),
        (GOOD, "- galaga-01\n", "1: is empty: it needs keys such as machine_id"),
        (GOOD, "x: " + "[" * 3000, "config.yaml: is not YAML: too many brackets in brackets"),
        (
            "pin: 17",
            "pin: " + "1" * 5000,
            f"10: coin_line.pin is '{'1' * 80}'...: write a GPIO (BCM number) that rests low at power-up "
            "as a whole number from 9 to 27",
        ),
    ],
)
def test_what_no_hand_would_type_is_told(tmp_path: Path, before: str, after: str, told: str) -> None:
    """A file may also be damaged."""
    assert problems(tmp_path, GOOD.replace(before, after, 1)) == [told]


UTF16 = '1: is not UTF-8: it is UTF-16, which some editors call "Unicode": save it with the encoding UTF-8'
NUL = (
    "is damaged: NUL bytes begin here, as a power cut leaves them: "
    "copy the file anew, or type what is missing"
)
LATIN = "is of Latin-1, Windows-1252 or the like: save the file with the encoding UTF-8"
NO_TEXT = "save it as plain text"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (GOOD.encode("utf-16"), UTF16),
        (codecs.BOM_UTF16_BE + GOOD.encode("utf-16-be"), UTF16),
        (GOOD.encode("utf-16-le"), UTF16),
        (GOOD.encode("utf-16-be"), UTF16),
        (GOOD.encode("utf-32"), "1: is not UTF-8: it is UTF-32: save it with the encoding UTF-8"),
        (GOOD.replace("Galaga", "Gäläga").encode("latin-1"), f"2: is not UTF-8: character 8 {LATIN}"),
        (GOOD.replace("Galaga", "Dragon\u2019s").encode("cp1252"), f"2: is not UTF-8: character 13 {LATIN}"),
        (GOOD.replace("password", "pässword").encode("mac-roman"), f"8: is not UTF-8: character 4 {LATIN}"),
        (
            GOOD.replace("17", "17 # 0,50 \u20ac").encode("iso8859-15"),
            f"10: is not UTF-8: character 18 {LATIN}",
        ),
        (bytes(4096), f"1: {NUL}"),
        (GOOD.encode() + bytes(512), f"21: {NUL}"),
        (GOOD.encode()[:200] + bytes(300), f"8: {NUL}"),
        (GOOD.replace("17", "1\x007").encode(), f"10: {NUL}"),
        (b"{\\rtf1\\ansi " + GOOD.encode(), f"1: is not YAML: it is a document in rich text: {NO_TEXT}"),
        (b"PK\x03\x04\x14\0\6\0", f"1: is not YAML: it is a ZIP file or an office document: {NO_TEXT}"),
        (b"\n<!DOCTYPE html>\n<html>", "1: is not YAML: it is a web page: fetch the file itself"),
        (b"<html><body>", "1: is not YAML: it is a web page: fetch the file itself"),
        (
            f"```yaml\n{GOOD}```\n".encode(),
            "1: is not YAML: ``` marks code on a page: delete this line, and the one at the end",
        ),
    ],
)
def test_a_file_that_is_no_text_is_told_in_one_line(tmp_path: Path, raw: bytes, told: str) -> None:
    """Saved by another editor, cut by the power, or another kind of document."""
    path = written(tmp_path, "")
    path.write_bytes(raw)
    with pytest.raises(ConfigError) as refused:
        load_config(path)
    assert str(refused.value) == f"{path}:{told}"


def test_no_break_spaces_in_every_line_are_one_line(tmp_path: Path) -> None:
    """As a page's code has them when it is copied: they look like spaces."""
    told = "4: is not YAML: character 1 is U+00A0 (no-break space): type a space"
    lines = "(so have lines 5, 7, 8, 10, 12, 13 and more)"
    assert problems(tmp_path, GOOD.replace("  ", "\u00a0\u00a0")) == [f"{told} {lines}"]


@pytest.mark.parametrize(
    "text",
    [
        codecs.BOM_UTF8.decode() + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        GOOD.replace("17", "17 # 0,50 \u20ac\u00a0a game\t\u2013 by the door"),
        GOOD.replace("Galaga", "Dragon\u2019s Lair \u2013 \u201cDeluxe\u201d II"),
        GOOD.replace("galaga-password", "pässwörd\u20ac"),
    ],
    ids=["mark", "windows", "old mac", "comment", "name", "password"],
)
def test_what_editors_put_in_and_harms_nobody_is_taken(tmp_path: Path, text: str) -> None:
    """A mark in front, other line ends; and in a comment or a name anything may stand."""
    assert load(tmp_path, text).warnings == ()


# What is hardly meant

HASHED = (
    'name ends before a #, which begins a comment in YAML: if it belongs to it, put all of it in "quotes"'
)


@pytest.mark.parametrize(
    ("text", "name", "warned"),
    [
        ("Galaga #2", "Galaga", [f"2: {HASHED}"]),
        ("Galaga #2 # by the door", "Galaga", [f"2: {HASHED}"]),
        ('"Galaga #2"', "Galaga #2", []),
        ("Galaga#2", "Galaga#2", []),
        ("Galaga # the left one", "Galaga", []),
    ],
)
def test_a_name_that_a_comment_cuts_short_is_warned_of(
    tmp_path: Path, text: str, name: str, warned: list[str]
) -> None:
    """A number behind a # is hardly a comment; a sentence is one."""
    config = load(tmp_path, GOOD.replace("Galaga", text))
    told = [warning.removeprefix(f"{tmp_path}/config.yaml:") for warning in config.warnings]
    assert (config.name, told) == (name, warned)


CUT = 'ends before a #, which begins a comment in YAML: if it belongs to it, put all of it in "quotes"'


@pytest.mark.parametrize(
    ("text", "password", "warned"),
    [
        ("pass # word", "pass", [f"8: broker.password {CUT}"]),
        ("pass#word", "pass#word", []),
        ('"pass # word"', "pass # word", []),
        ('"pass" # word', "pass", []),
        ("'pass ''# word'", "pass '# word", []),
    ],
)
def test_a_password_that_a_comment_cuts_short_is_warned_of(
    tmp_path: Path, text: str, password: str, warned: list[str]
) -> None:
    """It would be refused by the broker, and look right in the file."""
    config = load(tmp_path, GOOD.replace("galaga-password", text))
    told = [warning.removeprefix(f"{tmp_path}/config.yaml:") for warning in config.warnings]
    assert (config.broker.password, told) == (password, warned)


@pytest.mark.parametrize("pin", [14, 15])
def test_a_coin_line_on_the_serial_console_is_warned_of(tmp_path: Path, pin: int) -> None:
    """Its idle level is high, and it chatters while the Pi boots."""
    (told,) = load(tmp_path, GOOD.replace("pin: 17", f"pin: {pin}")).warnings
    what = "which a serial console drives while the Pi boots: a free credit. Take another"
    assert told == f"{tmp_path}/config.yaml:10: coin_line.pin is {pin}, {what}"


# Accidents

LINES = GOOD.splitlines(keepends=True)
SPOTS = st.integers(0, len(GOOD))
ROWS = st.integers(0, len(LINES) - 1)
MARKS = ":#&*!|>'\"%@`{}[],?-~\\\t\n "
SNIPPETS = st.sampled_from([*MARKS, "\n  ", ": ", "\\U", "---\n", "<<: ", "null", "\ufeff"])


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """The good file after a few accidents."""
    text = GOOD
    for _ in range(draw(st.integers(1, 4))):
        accident = draw(st.sampled_from([_deleted, _inserted, _doubled, _swapped]))
        text = draw(accident(text))
    return text


@st.composite
def _deleted(draw: st.DrawFn, text: str) -> str:
    at, length = draw(SPOTS), draw(st.integers(1, 30))
    return text[:at] + text[at + length :]


@st.composite
def _inserted(draw: st.DrawFn, text: str) -> str:
    at, what = draw(SPOTS), draw(st.one_of(SNIPPETS, st.text(max_size=5)))
    return text[:at] + what + text[at:]


@st.composite
def _doubled(draw: st.DrawFn, text: str) -> str:
    return text + LINES[draw(ROWS)]


@st.composite
def _swapped(draw: st.DrawFn, text: str) -> str:
    """Two values change places."""
    one, other = (LINES[draw(ROWS)].partition(":")[2].strip() for _ in range(2))
    return (
        text.replace(one, "\0", 1).replace(other, one, 1).replace("\0", other, 1) if one and other else text
    )


@given(mutations())
def test_no_accident_ends_in_a_traceback(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """The file is used, or every line that is said of it names it."""
    path = written(tmp_path_factory.mktemp("config"), "")
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        outcome: Config | str = load_config(path)
    except ConfigError as error:
        outcome = str(error)
    assert isinstance(outcome, Config) or all(line.startswith(f"{path}:") for line in outcome.split("\n"))
