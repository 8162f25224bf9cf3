"""The screen of a machine without a configuration: what to do next or what is wrong, large enough to read."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from attract_screen_samples import FIELDS, SIZES
from conftest import wait_until
from test_config import NEEDED, SHIPPED, written

from attract_screen.model.box import Box
from attract_screen.model.feed_format import FeedError, Notice, State, parse_feed
from attract_screen.model.monitor import Monitor
from attract_screen.model.view import View, out_of_order, view_of
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.layout import Layout, Size
from attract_screen.picture.scenes.scenes import arrange
from controller.config.keys import control_socket
from controller.pages import card_page
from controller.setup.notice import notice_of, setup_feed, write_feed
from controller.system.address import own_address

SERIAL = "10000000f00dcafe"
STUDIO = Studio()
NEXT = card_page.next_notice(has_network=True)
MISTAKE = "Line 1: machine_id is 'galaga 01': use 1 to 64 of A-Z a-z 0-9 _ - only, for example galaga-01"
# So many lines would fill the picture: on a tube of 19 inches each is 14 mm high.
MOST_LINES = 20


def a_view(notice: card_page.Notice, tmp_path: Path) -> View:
    """What the screen makes of a notice."""
    feed = setup_feed(notice, tmp_path / "config.yaml", 7.0, "192.168.178.42", SERIAL)
    return view_of(parse_feed(json.dumps(feed).encode()), 0.0)


def words(layout: Layout) -> str:
    """All that stands on a picture, from the top down."""
    return " ".join(label.text for label in layout.labels)


def arranged(view: View, size: Size) -> Layout:
    return arrange(view, size, STUDIO)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("has_network", [True, False])
def test_what_is_next_stands_whole_on_every_screen(size: Size, has_network: bool, tmp_path: Path) -> None:
    """With the address and the serial number, inside the picture, and nothing on top of anything."""
    notice = card_page.next_notice(has_network=has_network)
    layout = arranged(a_view(notice, tmp_path), size)
    found = "Address 192.168.178.42, serial 10000000f00dcafe"
    whole = "".join(("NOT SET UP YET", *notice.lines, found))
    assert words(layout).replace(" ", "") == whole.replace(" ", "")
    boxes = [label.box for label in layout.labels]
    assert all(Box(0, 0, *size).inset(layout.rail).contains(box) for box in boxes)
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [1, 2, 3, 12, 60])
def test_mistakes_are_large_and_the_others_are_counted(size: Size, count: int, tmp_path: Path) -> None:
    """Rather fewer of them than letters that nobody reads in bad light."""
    layout = arranged(a_view(card_page.refused_notice("cabinet.yaml", [MISTAKE] * count), tmp_path), size)
    shown = words(layout).count("Line 1:")
    assert shown > 0
    assert (f"… and {count - shown} more" in words(layout)) == (shown < count)
    assert min(label.box.h for label in layout.labels) >= min(size) / MOST_LINES


@pytest.mark.parametrize("line", ["x" * 300, "word " * 200, "https://pay.example.com/" + "a/" * 90])
def test_a_line_that_is_longer_than_the_screen_is_begun(line: str, tmp_path: Path) -> None:
    """A mistake quotes what somebody wrote, however long."""
    layout = arranged(a_view(card_page.refused_notice("cabinet.yaml", [line]), tmp_path), (320, 240))
    written = [label.text for label in layout.labels]
    assert written[1][:4] == line[:4]
    assert all(label.box.right < 320 - layout.rail for label in layout.labels)


def test_a_notice_is_read_with_the_letters_that_the_screen_has(tmp_path: Path) -> None:
    """A value that is quoted may have any."""
    feed = {**FIELDS, "state": "setup", "notice": {"headline": "a", "lines": ["name is '\u4e2d\u6587'", ""]}}
    assert parse_feed(json.dumps(feed).encode()).notice == Notice("a", ("name is ' '",))


@pytest.mark.parametrize(
    "notice", [None, "text", {}, {"headline": "a", "lines": [1]}, {"headline": 1, "lines": []}]
)
def test_a_notice_of_another_shape_is_refused(notice: object) -> None:
    """Named by its field, as everything in the feed."""
    feed = {**FIELDS, "state": "setup", "notice": notice}
    with pytest.raises(FeedError, match=r"notice is .* expected an object with a headline and a list"):
        parse_feed(json.dumps(feed).encode())


def test_a_notice_that_nobody_renews_is_out_of_order(tmp_path: Path) -> None:
    """As every feed: whoever wrote it is gone."""
    feed = parse_feed(json.dumps(setup_feed(NEXT, tmp_path / "no", 7.0, None, SERIAL)).encode())
    stale = "screen: no news from the controller for more than 5 s"
    assert view_of(feed, 6.0) == replace(out_of_order(stale), title="Arcade cabinet")


def test_what_is_shown_goes_by_what_is_wrong(tmp_path: Path) -> None:
    """Nothing filled in, a mistake in config.yaml, one on the card, and all of them mended."""
    told, missing = tmp_path / "notice.json", tmp_path / "missing.yaml"
    assert notice_of(missing, told, has_network=True) == NEXT
    config = written(tmp_path, SHIPPED.read_text())
    assert notice_of(config, told, has_network=True) == NEXT
    config.write_text(NEEDED.replace("galaga-01", "galaga 01"))
    assert notice_of(config, told, has_network=True) == card_page.Notice("config.yaml: 1 mistake", (MISTAKE,))
    on_card = card_page.refused_notice("cabinet.yaml", ["Line 2: name is empty: it is needed"])
    told.write_text(json.dumps(asdict(on_card)))
    assert notice_of(config, told, has_network=True) == on_card
    config.write_text(NEEDED)
    assert notice_of(config, told, has_network=True) == card_page.usable_notice()


@pytest.mark.parametrize(
    ("screen", "monitor"),
    [
        ("rotate: 90", Monitor(rotate=90)),
        ('aspect: "4:3"', Monitor(aspect=(4, 3))),
        ("overscan_percent: 5", Monitor(overscan_percent=5)),
        ("rotate: 45", Monitor()),
    ],
)
def test_a_faulty_file_s_screen_is_the_one_that_it_says(
    screen: str, monitor: Monitor, tmp_path: Path
) -> None:
    """On its side, a tube, or one that hides its edges: the words are for whoever stands before it."""
    config = written(tmp_path, NEEDED.replace("galaga-01", "galaga 01") + f"screen:\n  {screen}\n")
    feed = parse_feed(json.dumps(setup_feed(NEXT, config, 7.0, None, SERIAL)).encode())
    assert feed.monitor == monitor


def test_without_a_readable_file_the_screen_is_any(tmp_path: Path) -> None:
    """As a screen is that nobody has told of."""
    (tmp_path / "config.yaml").write_text("screen: [")
    feed = parse_feed(json.dumps(setup_feed(NEXT, tmp_path / "config.yaml", 7.0, None, SERIAL)).encode())
    assert feed.monitor == Monitor()


def test_no_way_out_is_no_address() -> None:
    """A machine without a network says so; this one may speak to itself."""
    assert own_address([(socket.AF_INET, "127.0.0.9")]) == "127.0.0.1"
    assert own_address([]) is None


def command(config: Path) -> list[str]:
    """As the unit starts it, with its files in a folder."""
    folder = config.parent
    files = [
        "--config",
        str(config),
        "--notice",
        str(folder / "notice"),
        "--screen-feed",
        str(folder / "feed.json"),
    ]
    return [sys.executable, "-m", "controller", "setup-screen", *files]


def test_it_writes_until_the_controller_runs(tmp_path: Path) -> None:
    """Which writes the same file from then on."""
    config, feed = written(tmp_path, SHIPPED.read_text()), tmp_path / "feed.json"
    telling = subprocess.Popen(command(config))
    try:
        wait_until(feed.exists, "the first feed")
        first = parse_feed(feed.read_bytes())
        wait_until(lambda: parse_feed(feed.read_bytes()).written_at_s > first.written_at_s, "the next")
        with socket.socket(socket.AF_UNIX) as controller:
            controller.bind(str(control_socket(feed)))
            controller.listen()
            assert telling.wait(60) == 0
    finally:
        telling.kill()
        telling.wait()
    assert (first.state, first.notice is not None) == (State.SETUP, True)


def test_a_controller_that_ended_for_another_reason_is_not_spoken_for(tmp_path: Path) -> None:
    """Its own feed is left to grow old: the machine is out of order."""
    config = written(tmp_path, NEEDED)
    assert subprocess.run(command(config), check=False, timeout=60).returncode == 0
    assert not (tmp_path / "feed.json").exists()


def test_a_feed_is_never_seen_in_half(tmp_path: Path) -> None:
    """It takes the place of the one before, and leaves nothing else."""
    write_feed(tmp_path / "feed.json", {"a": 1})
    write_feed(tmp_path / "feed.json", {"a": 2})
    assert [path.read_text() for path in tmp_path.iterdir()] == ['{"a": 2}']
