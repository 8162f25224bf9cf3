"""A file of NAME=value lines, read and changed."""

from __future__ import annotations

import pytest

from cloud_relay.formats.env_file import read_env, with_env

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
