"""Where a line may be broken, in every kind of writing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attract_screen.model.phrases import pieces


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Scan the code", ("Scan", " the", " code")),
        ("  two   spaces ", ("two", " spaces")),
        ("Désolé\xa0! Essayez", ("Désolé\xa0!", " Essayez")),
        ("コインを入れてね", ("コインを", "入れてね")),
        ("STARTを押してね。がんばって！", ("STARTを", "押してね。", "がんばって！")),
        ("お支払い完了", ("お支払い", "完了")),
        ("故障中", ("故障中",)),
        ("免费游戏币", ("免费游戏币",)),
        ("抱歉！请玩其他机器。", ("抱", "歉！", "请", "玩", "其", "他", "机", "器。")),
        ("ギャラガ", ("ギャラガ",)),
        ("", ()),
    ],
)
def test_a_line_is_broken_where_its_writing_allows_it(text: str, parts: tuple[str, ...]) -> None:
    """At spaces but for those that bind, in Japanese before a phrase, in Chinese before a character."""
    assert pieces(text) == parts


@given(text=st.text("ab ，。！「」スキをん请投币\xa0ー", max_size=20))
def test_nothing_is_lost_and_no_line_begins_with_a_full_stop(text: str) -> None:
    """The parts are the text, but for spaces at its ends and more than one in a row."""
    parts = pieces(text)
    assert "".join(parts) == " ".join(word for word in text.split(" ") if word)
    assert [part for part in parts[1:] if part[0] in "，。！」ー"] == []
