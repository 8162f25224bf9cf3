"""A marquee: a second screen with a process and a feed of its own, which shows a code only if it is to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pygame
import pytest
from attract_screen_samples import ADDRESS, FEED, decoded, write_feed
from cabinets import NOW_S, open_bench
from conftest import wait_until
from desktops import needs_a_desktop, wayland_desktop
from test_config import NEEDED, load
from test_units import section

from attract_screen.model.connectors import Wish
from attract_screen.model.feed_format import FeedError, Shows, State, parse_feed
from attract_screen.model.view import PriceRow, view_of
from attract_screen.picture.draw import render
from controller.announcements.screens import Screens, main_screen, marquee

ROOT = Path(__file__).parent.parent
NAMED = replace(FEED, shows=Shows.NAME)
MARQUEES = [(1920, 360), (1280, 400), (800, 480), (640, 480), (320, 240), (480, 1920)]


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("qr", [ADDRESS, None])
@pytest.mark.parametrize("age_s", [0.0, 60.0, -10.0])
def test_a_marquee_has_the_name_always_and_prices_while_they_can_be_paid(
    state: State, qr: str | None, age_s: float
) -> None:
    """It never has a code, and says nothing that is not so: a dead controller's prices are gone."""
    view = view_of(replace(NAMED, state=state, qr=qr), age_s)
    sells = qr is not None and age_s == 0.0 and state in (State.ATTRACT, State.PLAYING)
    prices = (PriceRow("1 CREDIT", "$1.00"), PriceRow("3 CREDITS", "$2.50")) if sells else ()
    assert (view.title, view.prices, view.qr, view.technician_line) == ("Galaga", prices, None, None)


@pytest.mark.parametrize("size", MARQUEES)
def test_the_name_is_as_large_as_the_marquee_allows(size: tuple[int, int]) -> None:
    """Letters stand over most of its width or height, in every shape."""
    with_prices, alone = (render(view_of(replace(NAMED, qr=qr), 0.0), size) for qr in (ADDRESS, None))
    assert (with_prices.get_size(), alone.get_size()) == (size, size)
    assert with_prices.get_view("0").raw != alone.get_view("0").raw


def test_the_feed_says_where_to_draw_and_what_for() -> None:
    """Whatever is no place, no purpose or no number is refused by name."""
    fields = {**json.loads(feed_text()), "display": "HDMI-A-2", "not_display": "card0", "shows": "name"}
    feed = parse_feed(json.dumps(fields).encode())
    assert (feed.wish, feed.shows) == (Wish("HDMI-A-2", "card0"), Shows.NAME)
    for field, wrong in (("display", "/dev/dri/card0"), ("shows", "code"), ("sound", 1), ("credited", -1)):
        with pytest.raises(FeedError, match=f"the feed's {field} is "):
            parse_feed(json.dumps({**fields, field: wrong}).encode())


def feed_text(**changes: object) -> str:
    """A feed as the file has it."""
    fields = {"format": 1, "written_at_s": 0, "since_s": 0, "state": "attract", "machine_id": "galaga-01"}
    fields |= {"machine_name": "Galaga", "qr": ADDRESS, "offers": [], "credits": 0, "rotate": 0}
    return json.dumps({**fields, **changes})


def test_the_marquee_s_feed_comes_and_goes_with_its_configuration(tmp_path: Path) -> None:
    """Its monitor, its rotation and its purpose are its own; the rest is what the main screen has."""
    place = f"screen_feed: {tmp_path / 'screen.json'}\n"
    words = "screen: {sound: true, rotate: 90}\nmarquee: {display: HDMI-A-2, rotate: 180}\n"
    with_one, without = load(tmp_path, NEEDED + place + words), load(tmp_path, NEEDED + place)
    file = tmp_path / "marquee.json"
    screens = Screens(with_one, lambda: NOW_S)
    screens.show(open_bench().cabinet)
    main, second = (json.loads((tmp_path / name).read_text()) for name in ("screen.json", "marquee.json"))
    own = {"display": "HDMI-A-2", "not_display": None, "rotate": 180, "sound": False, "shows": "name"}
    assert second == {**main, **own, "aspect": None, "overscan_percent": 0}
    assert (main["display"], main["not_display"], main["rotate"], main["sound"]) == (
        *(None, "HDMI-A-2"),
        *(90, True),
    )
    screens.reconfigure(without, "")
    screens.show(open_bench().cabinet)
    assert not file.exists()
    screens.reconfigure(with_one, "")
    screens.show(open_bench().cabinet)
    assert file.exists()
    Screens(without, lambda: NOW_S)
    assert not file.exists()
    assert set(marquee(with_one)) - set(main_screen(with_one)) == {"shows"}


def test_a_marquee_without_a_feed_ends(tmp_path: Path) -> None:
    """Systemd starts it again with the next one; a main screen stays, and apologises."""
    feed = tmp_path / "feed.json"
    write_feed(feed, shows="name")
    mirror = tmp_path / "mirror.png"
    command = [sys.executable, "-m", "attract_screen", "--feed", str(feed), "--while-fed"]
    command += ["--display", "headless", "--size", "640x200", "--mirror", str(mirror)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        wait_until(mirror.exists, "the first picture")
        assert (process.poll(), decoded(mirror)) == (None, [])
        feed.unlink()
        assert process.wait(timeout=60) == 0


def test_the_marquee_s_unit_is_the_screen_s() -> None:
    """Whatever one is forbidden the other is, too; it makes no sound, and has its own feed and folders."""
    screen, second = (set(section(f"arcade-{name}", "Service")) for name in ("attract-screen", "marquee"))
    keys = ["DeviceAllow", "ExecStart", "Restart", "RuntimeDirectory", "StateDirectory", "SyslogIdentifier"]
    assert sorted({line.partition("=")[0] for line in second - screen}) == keys[1:]
    assert sorted({line.partition("=")[0] for line in screen - second}) == ["BindPaths", *keys]


@needs_a_desktop
def test_two_screens_of_one_desktop_have_an_output_each(tmp_path: Path) -> None:
    """Where both connectors are on one card: a compositor owns it, and knows each window by its name."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "weston.ini").write_text(
        "[output]\nname=X1\nmode=640x480\napp-ids=arcade-attract-screen\n"
        "[output]\nname=X2\nmode=900x300\napp-ids=arcade-marquee\n"
    )
    shapes = {"arcade-attract-screen": (640, 480, [ADDRESS]), "arcade-marquee": (900, 300, [])}
    with wayland_desktop(run) as wayland:
        started = []
        for name in shapes:
            write_feed(tmp_path / f"{name}.json", shows="name" if name == "arcade-marquee" else "all")
            command = [sys.executable, "-m", "attract_screen", "--display", "window"]
            command += ["--feed", str(tmp_path / f"{name}.json"), "--mirror", str(tmp_path / f"{name}.png")]
            surroundings = {**os.environ, **wayland.environment, "SDL_VIDEO_WAYLAND_WMCLASS": name}
            started.append(subprocess.Popen(command, cwd=ROOT, env=surroundings, stderr=subprocess.DEVNULL))
        try:
            for name, shape in shapes.items():
                wait_until(lambda: seen(tmp_path / f"{name}.png") == shape, name, 60.0)  # noqa: B023
        finally:
            for process in started:
                process.send_signal(signal.SIGTERM)
                process.wait()


def seen(picture: Path) -> tuple[int, int, list[str]] | None:
    """A mirrored picture's size and its codes, or None before there is one."""
    return (*pygame.image.load(picture).get_size(), decoded(picture)) if picture.exists() else None
