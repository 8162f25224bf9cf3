"""A file of NAME=value lines, read and changed."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_relay.formats.env_file import CannotBeWritten, read_env, with_env

pytestmark = pytest.mark.cloud


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("A=1\n# B=2\n\nC\n", {"A": "1"}),
        ("A=1\nA=2", {"A": "2"}),
        ("  export A = 1 \r\nB='x y'\nC=\"x=y\"\n", {"A": "1", "B": "x y", "C": "x=y"}),
        ("A='\nB=''\n", {"A": "'", "B": ""}),
    ],
)
def test_what_is_set_is_read(text: str, found: dict[str, str]) -> None:
    """Comments are none of it; the last of two lines counts."""
    assert read_env(text) == found


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("", "A=9\nB=8\n"),
        ("X=1", "X=1\nA=9\nB=8\n"),
        ("# A=0\nexport A='1'\r\nX=1\n", "# A=0\nexport A=9\r\nX=1\nB=8\n"),
        ("A=1\nB=\nA=2\n", "A=9\nB=8\nA=9\n"),
        ("  A = 1  \n", "  A =9  \nB=8\n"),
    ],
)
def test_only_what_is_meant_is_changed(text: str, changed: str) -> None:
    """Every other line stays as it was, with its end; what is new comes last."""
    assert with_env(text, {"A": "9", "B": "8"}) == changed
    assert with_env(changed, {"A": "9", "B": "8"}) == changed


WRITABLE = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"], exclude_characters="'")
).filter(str.isprintable)
VALUES = st.dictionaries(st.sampled_from(["STRIPE_API_KEY", "OFFERS", "A", "_B2"]), WRITABLE)


@given(VALUES, VALUES)
def test_what_was_written_is_read(before: dict[str, str], values: dict[str, str]) -> None:
    """The last value of each name, and those of the other names as they were."""
    assert read_env(with_env(with_env("", before), values)) == {**before, **values}


@given(VALUES)
def test_a_shell_reads_it_alike(values: dict[str, str]) -> None:
    """Each value as one word: nothing in it is run, split or replaced."""
    shown = "".join(f'printf "%s\\0" "${name}"\n' for name in values)
    said = subprocess.run(
        ["sh"], input=with_env("", values) + shown, env={}, capture_output=True, text=True, check=True
    )
    assert said.stdout.split("\0")[:-1] == list(values.values())


@pytest.mark.parametrize("value", ["it's", "two\nlines", "a\0b", "\t"])
def test_what_readers_read_differently_is_refused(value: str) -> None:
    """Rather than half of it being taken, or a second line."""
    with pytest.raises(CannotBeWritten):
        with_env("", {"NAME": value})
