"""The feed's `technician`: read, put in words, and left out with one line in the log where it is damaged."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from attract_screen_samples import FIELDS, a_view, write_feed
from hypothesis import given
from hypothesis import strategies as st
from technician_samples import CODE_TEXTS, FAULT, SALE, TECHNICIAN, TEST_ADDRESS, a_feed

from attract_screen.feed import FeedReader
from attract_screen.model.feed_format import parse_feed
from attract_screen.model.technician import Row, Section, Tone
from attract_screen.model.view import view_of


def sections(**changes: Any) -> dict[str, tuple[Row, ...]]:
    """The page's sections by their titles."""
    page = view_of(a_feed(**changes), 0.0).technician
    assert page is not None
    parts: list[Section] = [part for chapter in page.chapters for part in chapter.sections]
    return {part.title: part.rows for part in parts}


def test_what_is_wrong_stands_first_with_its_remedy() -> None:
    """Whoever opens the door wants to know that."""
    assert sections()["NOW"] == (
        Row("state", "offline: no broker"),
        Row("sells", "NO", Tone.BAD),
        Row("FAULT", FAULT["text"], Tone.BAD),
        Row("", FAULT["remedy"]),
    )


def test_of_many_faults_the_worst_are_told_and_the_others_counted() -> None:
    """All of them would take a small screen longer than the page stays."""
    rows = sections(faults=[FAULT] * 7)["NOW"]
    assert [row.label for row in rows].count("FAULT") == 4
    assert rows[-1] == Row("", "and 3 more: sudo cabinet status", Tone.BAD)


def test_a_machine_that_sells_says_so() -> None:
    """And that nothing is wrong, which is no empty place."""
    assert sections(state="attract", selling=True, faults=[])["NOW"] == (
        Row("state", "waiting for a player"),
        Row("sells", "yes", Tone.GOOD),
        Row("faults", "none", Tone.GOOD),
    )


def test_the_network_is_told_by_interface_and_by_link() -> None:
    """Times in words that stand still for a while: nobody reads a number that runs."""
    assert sections()["NETWORK"] == (
        Row("eth0", "192.168.1.23"),
        Row("wlan0", "2001:db8:85a3::8a2e:370:7334"),
        Row("broker", "NOT connected", Tone.BAD),
        Row("", FAULT["text"], Tone.DIM),
        Row("relay", "answered 5 h ago", Tone.GOOD),
        Row("", "https://pay.example.com", Tone.DIM),
    )


def test_a_cabinet_that_knows_nothing_yet_says_that() -> None:
    """The first look takes a moment, and a cabinet without a relay has none."""
    told = sections(
        addresses=None, broker=None, relay=None, payments=None, power=[], celsius=None, clock=None
    )
    assert told["NETWORK"] == (
        Row("address", "not known yet", Tone.DIM),
        Row("relay", "none in config.yaml", Tone.DIM),
    )
    assert told["MACHINE"][-1] == Row("power", "nothing here tells", Tone.DIM)
    assert told["LAST PAYMENTS: credits given / paid"] == (Row("", "not known yet", Tone.DIM),)


def test_the_machine_names_itself_and_its_health() -> None:
    """Names, versions, clock, heat and power."""
    hot = sections(celsius=81.0, clock={"time": "2000-01-01 00:10 UTC", "set": False, "ahead_s": -8.6e8})
    assert hot["MACHINE"] == (
        Row("machine", "galaga-01"),
        Row("name", "Galaga"),
        Row("versions", "controller 0.2.0, feed 1, ledger 6"),
        Row("clock", "2000-01-01 00:10 UTC"),
        Row("", "NOT set by the network", Tone.BAD),
        Row("", "9953 days behind the relay's", Tone.BAD),
        Row("heat", "81 °C", Tone.BAD),
        Row("power", "the power has been strong enough since the start", Tone.GOOD),
    )


def test_payments_are_told_without_a_payer() -> None:
    """Amount, credits and what came of it; what was not charged as it should be stands out."""
    undelivered = SALE | {"delivered": 0, "outcome": "undelivered", "receipt": "owed"}
    told = sections(
        payments=[SALE, undelivered, SALE | {"amount": None, "currency": None, "outcome": "test"}]
    )
    assert told["LAST PAYMENTS: credits given / paid"] == (
        Row("11-28 18:10", "$2.50  3/3  delivered"),
        Row("11-28 18:10", "$2.50  0/3  undelivered, receipt owed", Tone.BAD),
        Row("11-28 18:10", "3/3  test"),
    )


def test_the_codes_are_the_test_s_and_the_worst_fault_s() -> None:
    """Of the fault the fullest text first, for a screen that has no room for it."""
    page = view_of(a_feed(faults=[FAULT, FAULT | {"kind": "relay"}]), 0.0).technician
    assert page is not None
    codes = [chapter.code.texts for chapter in page.chapters if chapter.code]
    assert codes == [CODE_TEXTS, (TEST_ADDRESS,)]


def test_the_page_counts_down_and_goes_by_itself() -> None:
    """Though the controller should forget it: two minutes are up for the screen, too."""
    page = view_of(a_feed(until_s=1003.5), 0.0).technician
    assert page is not None
    assert (page.left_s, view_of(a_feed(until_s=1003.5), 4.0)) == (3, a_view())


def test_an_old_feed_apologises_as_ever() -> None:
    """A page of a controller that died would lie."""
    assert view_of(a_feed(), 6.0).technician is None


def test_a_feed_of_a_later_controller_is_read() -> None:
    """Fields that this screen does not know are ignored, within the object too."""
    later = {"lines": [{**TECHNICIAN["lines"][0], "hum": 3}], "fan": {"rpm": 900}, "state": "dreaming"}
    assert sections(**later)["NOW"][0] == Row("state", "dreaming")


DAMAGED: list[tuple[object, str]] = [
    ([], "the feed's technician is []; expected an object"),
    ({}, "the feed's technician.until_s is None; expected seconds of CLOCK_BOOTTIME"),
    (TECHNICIAN | {"until_s": True}, "the feed's technician.until_s is True; expected a number or null"),
    (TECHNICIAN | {"selling": "yes"}, "the feed's technician.selling is 'yes'; expected true, false or null"),
    (TECHNICIAN | {"faults": [7]}, "the feed's technician.faults[0] is 7; expected an object"),
    (TECHNICIAN | {"faults": {}}, "the feed's technician.faults is {}; expected a list or null"),
    (
        TECHNICIAN | {"lines": [{"line": "ready", "pin": -1}]},
        "the feed's technician.lines[0].pin is -1; expected a whole number from 0 up",
    ),
    (
        TECHNICIAN | {"payments": [SALE | {"currency": "dollars"}]},
        "the feed's technician.payments[0].currency is 'dollars'; "
        "expected three small letters beside an amount, or null beside null",
    ),
    (
        TECHNICIAN | {"test_address": "javascript:alert(1)"},
        "the feed's technician.test_address is 'javascript:alert(1)'; expected null or an http(s) address",
    ),
]


@pytest.mark.parametrize(("technician", "why"), DAMAGED, ids=[why[:60] for _, why in DAMAGED])
def test_a_damaged_page_leaves_the_usual_picture(
    technician: object, why: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With one line in the log, however often the feed is written."""
    caplog.set_level(logging.WARNING)
    reader, path = FeedReader(tmp_path / "feed"), tmp_path / "feed"
    for credits in (1, 2, 3):
        write_feed(path, technician=technician, credits=credits)
        feed = reader.look().feed
        assert feed is not None
        assert view_of(feed, 0.0) == a_view()
    assert caplog.messages == [f"{why}: the usual picture is shown"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(TECHNICIAN)), JSON, max_size=4))
def test_whatever_stands_there_a_player_sees_a_picture(changes: dict[str, Any]) -> None:
    """A view comes of it, with a page or without one."""
    feed = parse_feed(json.dumps({**FIELDS, "technician": TECHNICIAN | changes}).encode())
    view = view_of(feed, 0.0)
    assert view.technician is not None or view == a_view()
    assert (feed.technician is None) == (feed.odd != "")


def test_a_feed_without_the_page_is_shown_as_before() -> None:
    """A controller of yesterday with a screen of today."""
    feed = parse_feed(json.dumps(FIELDS).encode())
    assert (view_of(feed, 0.0), feed.odd) == (a_view(), "")
    assert feed == replace(a_feed(), technician=None)
