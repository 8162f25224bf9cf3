"""The page of a check: what an operator reads, compared whole."""

from __future__ import annotations

import json

import pytest

from cloud_relay.pages.check.check_page import MARKS, PLAIN_MARKS, document, section_text, summary_text
from cloud_relay.pages.check.findings import Finding, Section, note, ok, warning, wrong

BROKER = Section(
    "broker",
    (
        ok("broker.example.com (203.0.113.7) answers at port 8883"),
        wrong(
            "it does not let galaga-01 in: Not authorized",
            "Write the password of the broker's user galaga-01 into broker.password.",
        ),
        note("systemd does not run here"),
        warning("not synchronised", "Give the Pi a network, and then: sudo timedatectl set-ntp true."),
    ),
)


def test_a_section_has_a_mark_before_each_thing_and_the_remedy_below() -> None:
    """Lines end before column 60, and no command is broken."""
    assert section_text(BROKER, MARKS, 60) == (
        "broker\n"
        "  ✓ broker.example.com (203.0.113.7) answers at port 8883\n"
        "  ✗ it does not let galaga-01 in: Not authorized\n"
        "    → Write the password of the broker's user galaga-01 into\n"
        "      broker.password.\n"
        "  - systemd does not run here\n"
        "  ! not synchronised\n"
        "    → Give the Pi a network, and then: sudo timedatectl\n"
        "      set-ntp true.\n"
    )


def test_a_bare_console_gets_letters_that_it_has() -> None:
    """A tick and a cross would be the same box there."""
    lines = section_text(BROKER, PLAIN_MARKS, 80).splitlines()
    assert [line[:5] for line in lines] == ["broke", "  ok ", "  NO ", "    -", "  -  ", "  !  ", "    -"]


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ([ok("a"), note("b")], "All is well.\n"),
        ([warning("a", "b")], "Nothing is wrong, 1 thing to know.\n"),
        ([wrong("a", "b")], "1 thing is wrong.\n"),
        ([wrong("a", "b")] * 2 + [warning("c", "d")] * 2, "2 things are wrong, 2 things to know.\n"),
    ],
)
def test_the_last_line_counts(findings: list[Finding], said: str) -> None:
    """Over all sections."""
    halves = (Section("a", tuple(findings[:1])), Section("b", tuple(findings[1:])))
    assert summary_text(halves) == said


def test_the_same_as_json() -> None:
    """For a program that looks after many relays."""
    assert json.loads(document([Section("disk", (ok("fine"), wrong("full", "Make room.")))])) == {
        "ok": False,
        "sections": [
            {
                "name": "disk",
                "findings": [
                    {"grade": "ok", "text": "fine", "remedy": None},
                    {"grade": "wrong", "text": "full", "remedy": "Make room."},
                ],
            }
        ],
    }
