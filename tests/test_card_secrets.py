"""A text without its secrets, and with them again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.formats.card_secrets import fill_in, hide, not_kept
from controller.formats.card_text import CardText, is_card_name, is_nearly_card_name, read_card_text
from controller.setup.usable import OPEN_KEYS

SECRET = "hunter2"
TEXT = "machine_id: galaga-01\nbroker:\n  password: hunter2\n"

LINES = "machine_id: a|relay:|  tokn: x1|password = y2|# a word||  z3|name: A # b|\ttoken:q".split("|")  # noqa: SIM905
lines = st.lists(st.sampled_from(LINES) | st.text(max_size=12))
texts = st.builds(lambda parts, end: end.join(parts), lines, st.sampled_from(["\n", "\r\n"]))
OPEN = [
    "machine_id: galaga 01",
    "\ufeffname: Galaga",
    "relay:",
    "  url: http://x",
    "# This token is secret.",
    "--",
]


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        ("  password: hunter2", "  password: kept-in-the-cabinet-1"),
        ('  password: "hunter2"  ', "  password: kept-in-the-cabinet-1  "),
        ("  pasword: hunter2", "  pasword: kept-in-the-cabinet-1"),
        ("  Token:hunter2", "  Token:kept-in-the-cabinet-1"),
        ("  password = hunter2", "  password = kept-in-the-cabinet-1"),
        ("  password\uff1ahunter2", "  password\uff1akept-in-the-cabinet-1"),
        ("  password hunter2", "  kept-in-the-cabinet-1"),
        ("  hunter2", "  kept-in-the-cabinet-1"),
        ("#password: hunter2", "#password: kept-in-the-cabinet-1"),
        ("broker: {password: hunter2}", "broker: kept-in-the-cabinet-1"),
        ("broker: password: hunter2", "broker: kept-in-the-cabinet-1"),
        ("url: https://me:hunter2@pay.example.com", "url: kept-in-the-cabinet-1"),
        ("  password: hunter2 # mine", "  password: kept-in-the-cabinet-1"),
    ],
)
def test_a_secret_is_hidden_however_it_is_mistyped(line: str, hidden: str) -> None:
    """A key that is not known may be a secret's; what has no key may be one."""
    text, kept = hide(f"name: Galaga\r\n{line}\r\n", OPEN_KEYS, {})
    assert text == f"name: Galaga\r\n{hidden}\r\n"
    assert fill_in(text, kept).split() == f"name: Galaga\r\n{line}\r\n".split()


@pytest.mark.parametrize("line", OPEN)
def test_what_anybody_may_read_stays(line: str) -> None:
    """A file with a mistake is mended where it lies: it has to be readable there."""
    assert hide(line, OPEN_KEYS, {}) == (line, {})


@given(texts)
def test_whatever_was_hidden_is_there_again(text: str) -> None:
    """To the letter; and what is hidden once is not hidden again."""
    hidden, kept = hide(text, OPEN_KEYS, {})
    assert fill_in(hidden, kept) == text
    assert hide(hidden, OPEN_KEYS, kept) == (hidden, kept)


def test_a_secret_keeps_its_number() -> None:
    """A power cut may leave the card as it was before: its old numbers must mean the same."""
    _, kept = hide(TEXT, OPEN_KEYS, {})
    text, more = hide(f"token: another\n{TEXT}", OPEN_KEYS, kept)
    assert more == {"1": SECRET, "2": "another"}
    assert text.splitlines()[::3] == ["token: kept-in-the-cabinet-2", "  password: kept-in-the-cabinet-1"]


def test_what_the_cabinet_does_not_keep_is_named() -> None:
    """The card was written for another cabinet."""
    text = "name: Galaga\npassword: kept-in-the-cabinet-3\n"
    assert (fill_in(text, {"1": SECRET}), not_kept(text)) == (text, [2])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_every_encoding_of_an_editor_is_read_and_written_again(encoding: str) -> None:
    """The editor finds its file as it wrote it."""
    raw = "name: Galaga\r\n# é\r\n".encode(encoding)
    card = read_card_text(raw)
    assert card is not None
    assert card.as_written() == raw
    if encoding == "latin-1":
        assert card.as_config() == b"name: Galaga\n# \xe9\n"
    else:
        assert card.as_config() == "name: Galaga\n# é\n".encode()


@pytest.mark.parametrize("raw", [b"PK\x03\x04 a: b", b"{\\rtf1 a: b}", b"a: b\n\0\0\0\0", b"\xff\xfea"])
def test_what_is_no_text_is_not_read_as_one(raw: bytes) -> None:
    """A document, a damaged file, half a character."""
    assert read_card_text(raw) is None


def test_no_file_at_all_is_an_empty_text() -> None:
    """It is refused for what it is."""
    assert read_card_text(b"") == CardText("", "utf-8")


@pytest.mark.parametrize(
    ("name", "is_meant", "is_nearly"),
    [
        ("cabinet.yaml", True, False),
        ("CABINET.YML", True, False),
        ("cabinet.yaml.txt", True, False),
        ("Cabinet.Yaml.Yaml", True, False),
        ("cabinet (1).yaml", False, True),
        ("cabinet.txt", False, True),
        ("config.yaml", False, True),
        ("config.txt", False, False),
        ("._cabinet.yaml", False, False),
        ("cmdline.txt", False, False),
    ],
)
def test_a_name_is_meant_nearly_so_or_somebody_else_s(name: str, is_meant: bool, is_nearly: bool) -> None:
    """Windows hides the last ending; what the Pi has there is never taken for ours."""
    assert (is_card_name(name), is_nearly_card_name(name)) == (is_meant, is_nearly)
