"""The promise of the screen: its code is there whenever a payment would be credited, and never otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import pygame
import pytest
from any_feeds import NOT_SELLING, WRITTEN_AT_S, AgedFeed, addresses, displays, glass_of, selling
from attract_screen_samples import decoded
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from attract_screen.feed import FeedReader
from attract_screen.model.feed_format import State
from attract_screen.model.monitor import Monitor, Size, frame_in
from attract_screen.model.page_turn import CREDITS_S
from attract_screen.model.view import View
from attract_screen.picture.draw import render
from attract_screen.show import view_for

# Many with HYPOTHESIS_PROFILE=exploring, which takes minutes.
EXAMPLES = 60 if os.environ.get("HYPOTHESIS_PROFILE", "repeatable") == "repeatable" else 2000
TIMEOUT_S = 120 if EXAMPLES == 60 else 1800
# The shorter side of a picture that has room for the longest code and for credits.
LEAST_FOR_BOTH = 192


@pytest.fixture(scope="module")
def feed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the controller writes, over and over."""
    return tmp_path_factory.mktemp("feed") / "screen.json"


def shown(feed_file: Path, feed: AgedFeed) -> tuple[View, Monitor]:
    """What the screen makes of the file, as its loop does."""
    feed_file.write_bytes(feed.raw)
    reading = FeedReader(feed_file).look()
    monitor = reading.feed.monitor if reading.feed else Monitor(90)
    return view_for(reading, WRITTEN_AT_S + feed.age_s, running_s=100.0), monitor


def seen(view: View, display: Size, monitor: Monitor, elapsed_s: float) -> list[str]:
    """What a phone reads from the glass at a moment."""
    frame = render(view, display, monitor, elapsed_s)
    picture = Image.frombytes("RGB", display, pygame.image.tostring(frame, "RGB"))
    return decoded(picture.resize(glass_of(display, monitor), Image.Resampling.BICUBIC))


@pytest.mark.timeout(TIMEOUT_S)
@settings(max_examples=EXAMPLES)
@given(data=st.data(), address=addresses, display=displays, elapsed_s=st.floats(0, 3600))
def test_the_code_is_on_the_glass_while_a_payment_would_be_credited(
    feed_file: Path, data: st.DataObject, address: str, display: Size, elapsed_s: float
) -> None:
    """That address and no other, at every size, of every such feed.

    Where even so few words as the credits have no room beside it, it takes turns with them.
    """
    view, monitor = shown(feed_file, data.draw(selling(address)))
    found = seen(view, display, monitor, elapsed_s)
    if not found and view.state is State.PLAYING and min(frame_in(display, monitor).size) < LEAST_FOR_BOTH:
        found = seen(view, display, monitor, elapsed_s + CREDITS_S)
    assert found == [address]


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize("why", NOT_SELLING)
@settings(max_examples=EXAMPLES // 20)
@given(data=st.data(), display=displays, elapsed_s=st.floats(0, 3600))
def test_no_code_is_on_the_glass_otherwise(
    feed_file: Path, why: str, data: st.DataObject, display: Size, elapsed_s: float
) -> None:
    """Of a feed that is old, damaged, without an address, or of a machine that takes no payment just now."""
    view, monitor = shown(feed_file, data.draw(NOT_SELLING[why]))
    assert seen(view, display, monitor, elapsed_s) == []
