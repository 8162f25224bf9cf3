from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pygame
import pytest
from attract_screen_samples import ADDRESS, FEED, decoded, on_the_glass, write_feed
from conftest import wait_until
from technician_samples import TECHNICIAN, TEST_ADDRESS

from attract_screen.display import Display, Kind, choose
from attract_screen.feed import Reading
from attract_screen.mirror import Mirror
from attract_screen.model.connectors import ANYWHERE
from attract_screen.model.view import out_of_order, starting, view_of
from attract_screen.show import boot_clock_s, view_for
from controller.check.display import WAITING

ROOT = Path(__file__).parent.parent
OTHER_ADDRESS = "https://pay.example.com/p/pacman-02"

Start = Callable[..., "subprocess.Popen[str]"]


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the attract screen to its end."""
    command = [sys.executable, "-m", "attract_screen", *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts headless screens on tmp_path/feed.json, mirrored to tmp_path/mirror.png."""
    started: list[subprocess.Popen[str]] = []

    def screen(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "attract_screen", "--feed", str(tmp_path / "feed.json")]
        command += ["--display", "headless", "--size", "320x240"]
        command += ["--mirror", str(tmp_path / "mirror.png"), *arguments]
        started.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield screen
    for process in started:
        process.kill()
        process.communicate()


def told(systemd: socket.socket, what: str) -> str:
    """The next word of this kind that the service manager is told."""
    while not (word := systemd.recv(1000).decode()).startswith(what):
        pass
    return word


def mirrored(folder: Path) -> list[str] | None:
    """The QR codes on the mirrored picture, or None before there is one."""
    path = folder / "mirror.png"
    return decoded(path) if path.exists() else None


def mirrored_on_a_tube(folder: Path) -> list[str]:
    """The QR codes on a tube that shows the mirrored picture and hides a tenth of it at each edge."""
    return decoded(on_the_glass(pygame.image.load(folder / "mirror.png"), hidden_percent=10))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_screen_follows_its_feed_and_ends_cleanly(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    """A new address is on the glass while the process runs; a signal ends it with 0."""
    write_feed(tmp_path / "feed.json")
    process = start("--rotate", "90")
    wait_until(lambda: mirrored(tmp_path) == [ADDRESS], "the first picture")
    write_feed(tmp_path / "feed.json", qr=OTHER_ADDRESS)
    wait_until(lambda: mirrored(tmp_path) == [OTHER_ADDRESS], "the new address")
    process.send_signal(number)
    assert process.wait(timeout=60) == 0


def test_the_qr_leaves_the_glass_with_the_offer(start: Start, tmp_path: Path) -> None:
    """Offline: the code that could be paid is gone."""
    write_feed(tmp_path / "feed.json")
    start()
    wait_until(lambda: mirrored(tmp_path) == [ADDRESS], "the first picture")
    write_feed(tmp_path / "feed.json", state="offline", qr=None)
    wait_until(lambda: mirrored(tmp_path) == [], "the code to go")


def test_the_technician_s_page_comes_and_goes_by_itself(start: Start, tmp_path: Path) -> None:
    """When its time is up the player's code is back, though nobody has written another feed."""

    def page_is_shown() -> bool:
        write_feed(tmp_path / "feed.json", technician=asked_for(60.0))
        return mirrored(tmp_path) == [TEST_ADDRESS]

    start("--size", "640x480")
    wait_until(page_is_shown, "the page")
    write_feed(tmp_path / "feed.json", technician=asked_for(1.0))
    wait_until(lambda: mirrored(tmp_path) == [ADDRESS], "the player's picture")


def asked_for(seconds: float) -> dict[str, Any]:
    """A page with nothing wrong on it, which stays for so long from now."""
    now_s = boot_clock_s()
    return TECHNICIAN | {"faults": [], "until_s": now_s + seconds, "turned_s": now_s}


def test_the_screen_goes_by_the_monitor_that_the_feed_tells_of(start: Start, tmp_path: Path) -> None:
    """And follows an edit of config.yaml while it runs."""
    write_feed(tmp_path / "feed.json", aspect=None)
    start("--size", "1920x480")
    wait_until(lambda: mirrored(tmp_path) == [ADDRESS], "the first picture")
    write_feed(tmp_path / "feed.json", aspect="4:3", overscan_percent=10)
    wait_until(lambda: mirrored_on_a_tube(tmp_path) == [ADDRESS], "the picture for a tube")


def test_a_broken_feed_takes_the_qr_away_without_a_crash(start: Start, tmp_path: Path) -> None:
    """Half a file is out of order; the next whole one is shown again."""
    write_feed(tmp_path / "feed.json")
    process = start()
    wait_until(lambda: mirrored(tmp_path) == [ADDRESS], "the first picture")
    (tmp_path / "feed.json").write_text('{"format": 1, "sta')
    wait_until(lambda: mirrored(tmp_path) == [], "the code to go")
    write_feed(tmp_path / "feed.json")
    wait_until(lambda: mirrored(tmp_path) == [ADDRESS], "the code to come back")
    assert process.poll() is None


def test_render_draws_one_picture_of_the_asked_size(tmp_path: Path) -> None:
    """One PNG, its content turned inside, and no display touched."""
    write_feed(tmp_path / "feed.json", rotate=90)
    out = tmp_path / "one.png"
    done = run("--feed", tmp_path / "feed.json", "--render", out, "--size", "640x480")
    assert (done.returncode, done.stderr) == (0, "")
    assert (pygame.image.load(out).get_size(), decoded(out)) == ((640, 480), [ADDRESS])


def test_render_takes_the_age_that_it_is_told(tmp_path: Path) -> None:
    """A stale feed has no QR."""
    write_feed(tmp_path / "feed.json")
    out = tmp_path / "one.png"
    done = run("--feed", tmp_path / "feed.json", "--render", out, "--age", "6")
    assert (done.returncode, decoded(out)) == (0, [])


def test_render_without_a_feed_says_so(tmp_path: Path) -> None:
    """A missing feed is wrong use: exit code 2 and its path."""
    feed = tmp_path / "none.json"
    done = run("--feed", feed, "--render", tmp_path / "one.png")
    assert (done.returncode, done.stderr) == (
        2,
        f"ERROR attract_screen: cannot read the feed {feed}: No such file or directory\n",
    )


def test_a_size_that_is_none_is_refused(tmp_path: Path) -> None:
    """The usage error names the value and what would be right."""
    done = run("--feed", tmp_path / "feed.json", "--size", "640")
    assert done.returncode == 2
    assert "'640' is not a size; expected WIDTHxHEIGHT from 160 up" in done.stderr


def test_no_desktop_is_an_error_with_its_remedy(tmp_path: Path) -> None:
    """SDL would draw into nothing; nobody would notice that the screen is dark."""
    done = run("--feed", tmp_path / "feed.json", "--display", "window", DISPLAY=":77777", WAYLAND_DISPLAY="")
    assert done.returncode == 1
    assert "cannot open the display (window)" in done.stderr
    assert "or use --display kmsdrm" in done.stderr


without_a_card = pytest.mark.skipif(
    any(Path("/dev/dri").glob("card*")),
    reason="this machine has a graphics card, and somebody may look at it",
)


@without_a_card
def test_without_a_display_the_console_is_waited_for_until_a_stop(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A monitor may be switched on later: the process stays, says what is missing, and ends when told to."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "systemd"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "systemd"))
        write_feed(tmp_path / "feed.json")
        process = start("--display", "kmsdrm")
        status = told(systemd, "STATUS")
        assert status.startswith(f"STATUS={WAITING}: cannot open the display (kmsdrm): ")
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[1].splitlines()
    assert said == [
        f"WARNING attract_screen.display: {status.removeprefix('STATUS=')}",
        "INFO attract_screen: The attract screen was stopped",
    ]
    assert process.returncode == 0


def test_systemd_is_told_of_the_display(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `systemctl status` says of a waiting screen would else stay there."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "systemd"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "systemd"))
        start()
        assert told(systemd, "STATUS") == "STATUS=The display was opened: headless, 320x240"


@without_a_card
def test_a_thousand_looks_for_a_display_are_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A cabinet without a monitor must not wear its SD card."""
    looks = iter(range(1000))
    display = Display(Kind.KMSDRM, None, Path("/nowhere"), look_again_s=0)
    assert display.wait(lambda: ANYWHERE, lambda: next(looks, None) is None) is None
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    ("kind", "environment", "chosen"),
    [
        (Kind.AUTO, {"DISPLAY": ":0"}, Kind.WINDOW),
        (Kind.AUTO, {"WAYLAND_DISPLAY": "wayland-0"}, Kind.WINDOW),
        (Kind.AUTO, {"DISPLAY": ""}, Kind.KMSDRM),
        (Kind.AUTO, {}, Kind.KMSDRM),
        (Kind.HEADLESS, {"DISPLAY": ":0"}, Kind.HEADLESS),
    ],
)
def test_auto_never_means_headless(kind: Kind, environment: dict[str, str], chosen: Kind) -> None:
    """A window where there is a desktop, else the console; drawing into nothing only if asked."""
    assert choose(kind, environment) == chosen


def test_a_missing_feed_is_starting_for_15_s() -> None:
    """The controller may come up after the screen; a quarter of a minute is enough."""
    missing = Reading(problem="cannot read the feed", missing=True)
    assert [view_for(missing, 500.0, running_s) for running_s in (14.9, 15.0)] == [
        starting(),
        out_of_order("screen: cannot read the feed"),
    ]


def test_the_age_of_a_feed_is_counted_from_its_stamp() -> None:
    """The same feed is right now and stale six seconds later."""
    reading = Reading(feed=FEED)
    ages = [view_for(reading, FEED.written_at_s + age_s, 0.0) for age_s in (1.0, 6.0)]
    assert ages == [view_of(FEED, 1.0), view_of(FEED, 6.0)]


def test_the_mirror_saves_at_most_five_times_a_second(tmp_path: Path) -> None:
    """A change that comes too early is saved later, and not forgotten."""
    path = tmp_path / "mirror.png"
    surface = pygame.Surface((8, 8), 0, 32)
    mirror = Mirror(path)
    saved = []
    for now_s in (0.0, 0.1, 0.2, 0.5):
        surface.fill((round(now_s * 100), 0, 0))
        if now_s != 0.5:
            mirror.changed()
        mirror.catch_up(surface, now_s)
        saved.append(pygame.image.load(path).get_at((0, 0)).r)
    assert saved == [0, 0, 20, 20]


def test_a_mirror_that_cannot_be_saved_does_not_stop_the_screen(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One warning, however often it fails."""
    mirror = Mirror(tmp_path / "gone" / "mirror.png")
    surface = pygame.Surface((8, 8), 0, 32)
    for now_s in (0.0, 1.0):
        mirror.changed()
        mirror.catch_up(surface, now_s)
    assert [message[:24] for message in caplog.messages] == ["The mirror was not saved"]
