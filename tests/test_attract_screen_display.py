"""The display comes, goes, changes its size and hangs; the screen outlives it, and says so once."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pygame
import pytest
from attract_screen_samples import ADDRESS, decoded, write_feed
from conftest import wait_until
from desktops import needs_a_desktop, resize_windows, wayland_desktop, x_desktop

from attract_screen.attempts import LONGEST_WAIT_S, Attempts
from attract_screen.display import Display, Kind
from attract_screen.graphics import connectors
from attract_screen.hotplug import Hotplugs, cards_in
from attract_screen.model.connectors import ANYWHERE, Connector, Place, Wish, chosen, why_none
from attract_screen.said import SAID_AGAIN_AFTER_S, Said
from attract_screen.systemd_notify import ALIVE
from attract_screen.watchdog import Watchdog

ROOT = Path(__file__).parent.parent
# What the usual design is drawn with, in English.
ASSETS = ("DejaVuSansCondensed-Bold.ttf", "lettering.txt", "pixel_art.txt")
HDMI_1 = Connector(1, "HDMI-A-1", connected=True, modes=("1920x1080", "640x480"))
HDMI_2 = Connector(1, "HDMI-A-2", connected=True, modes=("1280x1024",))
DARK = Connector(1, "HDMI-A-1", connected=False)
Screen = Callable[..., "subprocess.Popen[str]"]
PANEL = Connector(2, "DSI-1", connected=True, modes=("800x480",))


@pytest.mark.parametrize(
    ("wish", "seen", "place"),
    [
        (ANYWHERE, (HDMI_1, HDMI_2, PANEL), Place(HDMI_1, 0)),
        (ANYWHERE, (DARK, HDMI_2, PANEL), Place(HDMI_2, 0)),
        (ANYWHERE, (DARK,), None),
        (ANYWHERE, (), None),
        (Wish("HDMI-A-2"), (HDMI_1, HDMI_2), Place(HDMI_2, 1)),
        (Wish("card2"), (HDMI_1, HDMI_2, PANEL), Place(PANEL, 0)),
        (Wish("card1-HDMI-A-2"), (HDMI_1, HDMI_2), Place(HDMI_2, 1)),
        (Wish("HDMI-A-1"), (DARK, HDMI_2), None),
        (Wish(not_on="DSI-1"), (PANEL, HDMI_1), Place(HDMI_1, 0)),
        (Wish(not_on="card2"), (PANEL, HDMI_1), Place(HDMI_1, 0)),
        (Wish(not_on="DSI-1"), (PANEL, DARK), None),
    ],
)
def test_the_monitor_is_the_first_that_suits(
    wish: Wish, seen: tuple[Connector, ...], place: Place | None
) -> None:
    """By its connector's name or its card's; never the marquee's; numbered among its card's lit ones."""
    assert chosen(seen, wish) == place


def test_why_no_monitor_suits_is_said_with_what_there_is() -> None:
    """The technician sees what the cables look like from inside."""
    assert [why_none((DARK, PANEL), wish) for wish in (ANYWHERE, Wish("HDMI-A-1"), Wish(not_on="DSI-1"))] == [
        "no monitor is connected (card1-HDMI-A-1 disconnected, card2-DSI-1 connected)",
        "no monitor is connected to HDMI-A-1 (card1-HDMI-A-1 disconnected, card2-DSI-1 connected)",
        "no monitor is connected but the marquee's at DSI-1 "
        "(card1-HDMI-A-1 disconnected, card2-DSI-1 connected)",
    ]


def plug(drm: Path, name: str, status: str, modes: str = "", number: int = 0) -> None:
    """Have a connector in a folder like the kernel's."""
    folder = drm / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "status").write_text(f"{status}\n")
    (folder / "modes").write_text(modes)
    if number:
        (folder / "connector_id").write_text(f"{number}\n")


def test_connectors_are_read_in_the_kernel_s_order(tmp_path: Path) -> None:
    """By their numbers, which SDL counts them by; what has gone meanwhile is not connected."""
    plug(tmp_path, "card1-HDMI-A-2", "connected", "1280x1024\n", number=42)
    plug(tmp_path, "card1-HDMI-A-1", "connected", "1920x1080\n640x480\n", number=112)
    plug(tmp_path, "card1-Writeback-1", "unknown", number=9)
    (tmp_path / "card0-DSI-1").mkdir()
    (tmp_path / "card1").mkdir()
    assert connectors(tmp_path) == (
        Connector(0, "DSI-1", connected=False),
        Connector(1, "Writeback-1", connected=False),
        HDMI_2,
        HDMI_1,
    )


def test_a_thousand_looks_at_an_unplugged_cable_are_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And SDL is not started for any of them."""
    caplog.set_level(logging.INFO)
    plug(tmp_path, "card0-HDMI-A-1", "disconnected")
    looks = iter(range(1000))
    display = Display(Kind.KMSDRM, None, tmp_path, look_again_s=0)
    assert display.wait(lambda: ANYWHERE, lambda: next(looks, None) is None) is None
    assert (caplog.messages, pygame.display.get_init()) == (
        [
            "Waiting for a display: no monitor is connected (card0-HDMI-A-1 disconnected). "
            "Switch the monitor on and check its cable."
        ],
        False,
    )


def test_what_happens_again_and_again_is_said_once_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    """Another text is said at once, and the same one after an hour."""
    now_s = [0.0]
    said = Said(logging.getLogger("cable"), lambda: now_s[0])
    for at_s, text in ((0.0, "in"), (1.0, "out"), (2.0, "in"), (3.0, "out"), (SAID_AGAIN_AFTER_S, "in")):
        now_s[0] = at_s
        said.say(text)
    assert caplog.messages == ["in", "out", "in"]


def test_a_display_that_hangs_is_tried_ever_more_seldom(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each start that ended without an answer doubles the wait, up to ten minutes; one answer ends that."""
    file = tmp_path / "attempts"
    waits = [Attempts(file).begin() for _ in range(10)]
    Attempts(file).succeeded()
    assert waits == [0, 5, 10, 20, 40, 80, 160, 320, LONGEST_WAIT_S, LONGEST_WAIT_S]
    assert (Attempts(file).begin(), len(caplog.messages)) == (0, 1)


def test_a_display_that_answers_is_no_failed_attempt(tmp_path: Path, screen: Screen) -> None:
    """From its second look on; a stop by hand is none either, however early."""
    write_feed(tmp_path / "feed.json")
    (tmp_path / "attempts").write_text("1")
    process = screen("--display", "headless", RUNTIME_DIRECTORY=str(tmp_path))
    wait_until(lambda: (tmp_path / "attempts").read_text() == "2", "the start to be counted")
    wait_until(lambda: (tmp_path / "attempts").read_text() == "0", "the answer", within_s=60)
    process.kill()
    process.wait()
    stopped = screen("--display", "headless", RUNTIME_DIRECTORY=str(tmp_path))
    wait_until(lambda: (tmp_path / "attempts").read_text() == "1", "the start to be counted")
    stopped.send_signal(signal.SIGTERM)
    assert (stopped.wait(timeout=60), (tmp_path / "attempts").read_text()) == (0, "0")


@pytest.mark.parametrize("words", ["", "many", "-3\n", "9" * 5000])
def test_a_damaged_count_of_attempts_keeps_no_screen_dark(tmp_path: Path, words: str) -> None:
    """It waits for ten minutes at most, whatever stands there."""
    (tmp_path / "attempts").write_text(words)
    assert 0 <= Attempts(tmp_path / "attempts").begin() <= LONGEST_WAIT_S


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    """Starts screens on tmp_path/feed.json, mirrored to tmp_path/mirror.png."""
    with ExitStack() as stack:

        def started(*words: str, code: Path = ROOT, **environment: str) -> subprocess.Popen[str]:
            command = [sys.executable, "-m", "attract_screen", "--feed", str(tmp_path / "feed.json")]
            command += ["--mirror", str(tmp_path / "mirror.png"), *words]
            surroundings = {**os.environ, **environment}
            process = subprocess.Popen(command, cwd=code, env=surroundings, stderr=subprocess.PIPE, text=True)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        yield started


def seen(folder: Path) -> tuple[tuple[int, int], list[str]] | None:
    """The mirrored picture's size and its codes, or None before there is one."""
    path = folder / "mirror.png"
    return (pygame.image.load(path).get_size(), decoded(path)) if path.exists() else None


@needs_a_desktop
def test_a_window_of_x_is_drawn_anew_at_each_size(tmp_path: Path, screen: Screen) -> None:
    """Larger and smaller, in the same process; when the server goes, it ends with an error."""
    write_feed(tmp_path / "feed.json")
    with x_desktop() as x:
        process = screen("--display", "window", **x.environment)

        def resized_to(size: tuple[int, int]) -> bool:
            resize_windows(x, *size)
            return seen(tmp_path) == (size, [ADDRESS])

        wait_until(lambda: seen(tmp_path) == ((640, 480), [ADDRESS]), "the first picture")
        for width, height in ((900, 700), (320, 240)):
            # Again while it has another: a window that is still being put up takes its own size once more.
            wait_until(partial(resized_to, (width, height)), "the other size", within_s=90)
        x.process.kill()
        assert process.wait(timeout=60) == 1


@needs_a_desktop
def test_a_window_of_wayland_fills_its_output(tmp_path: Path, screen: Screen) -> None:
    """It takes the size that the compositor gives it; when the compositor goes, it ends with an error."""
    write_feed(tmp_path / "feed.json")
    (tmp_path / "run").mkdir()
    with wayland_desktop(tmp_path / "run", (700, 500)) as wayland:
        process = screen("--display", "window", **wayland.environment)
        wait_until(lambda: seen(tmp_path) == ((700, 500), [ADDRESS]), "the picture")
        wayland.process.kill()
        assert process.wait(timeout=60) == 1
        assert "ERROR attract_screen: the desktop is gone" in process.communicate()[1]


@needs_a_desktop
def test_the_watchdog_is_fed_by_pictures_that_were_shown(tmp_path: Path, screen: Screen) -> None:
    """A still picture feeds it while its display answers, and no longer: systemd ends what hangs there."""
    write_feed(tmp_path / "feed.json", state="offline", qr=None)
    with x_desktop() as x, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "systemd"))
        systemd.settimeout(60)
        screen("--display", "window", NOTIFY_SOCKET=str(tmp_path / "systemd"), **x.environment)

        def fed() -> bool:
            try:
                while systemd.recv(1000).decode() != ALIVE:
                    pass
            except TimeoutError:
                return False
            return True

        assert [fed(), fed()] == [True, True]
        x.process.send_signal(signal.SIGSTOP)
        fed()  # what was under way
        systemd.settimeout(8)
        assert not fed()
        x.process.send_signal(signal.SIGCONT)
        assert fed()


@pytest.mark.parametrize("asset", ASSETS)
@pytest.mark.parametrize("damage", ["missing", "broken"])
def test_whatever_asset_is_lost_the_code_is_on_the_glass(
    tmp_path: Path, screen: Screen, asset: str, damage: str
) -> None:
    """A player can pay all the same, and the journal says once what cannot be drawn."""
    shutil.copytree(ROOT / "attract_screen", tmp_path / "attract_screen")
    file = tmp_path / "attract_screen/picture/assets" / asset
    file.unlink() if damage == "missing" else file.write_bytes(b"\x00\xff no such thing")
    write_feed(tmp_path / "feed.json")
    process = screen("--display", "headless", "--size", "640x480", code=tmp_path)
    wait_until(lambda: seen(tmp_path) == ((640, 480), [ADDRESS]), "the code")
    write_feed(tmp_path / "feed.json", credits=7, state="playing")
    write_feed(tmp_path / "feed.json", qr=None)
    wait_until(lambda: seen(tmp_path) == ((640, 480), []), "the code to go")
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=60)[1].splitlines()
    assert (process.returncode, len([line for line in said if "cannot be drawn" in line])) == (0, 1)


def call(**words: str) -> bytes:
    """What the kernel calls out, as it comes over its socket."""
    lines = [f"change@{words['DEVPATH']}", "ACTION=change", *(f"{key}={word}" for key, word in words.items())]
    return b"".join(line.encode() + b"\0" for line in (*lines, "SEQNUM=4711"))


@pytest.mark.parametrize(
    ("words", "cards"),
    [
        ({"DEVPATH": "/devices/platform/gpu/drm/card1", "SUBSYSTEM": "drm", "HOTPLUG": "1"}, [1]),
        ({"DEVPATH": "/devices/platform/gpu/drm/card1", "SUBSYSTEM": "drm"}, []),
        ({"DEVPATH": "/devices/platform/gpu/drm/renderD128", "SUBSYSTEM": "drm", "HOTPLUG": "1"}, []),
        ({"DEVPATH": "/devices/usb/card1", "SUBSYSTEM": "sound", "HOTPLUG": "1"}, []),
    ],
)
def test_a_cable_at_a_card_is_heard_of(words: dict[str, str], cards: list[int]) -> None:
    """Among all that the kernel calls out."""
    assert cards_in(call(**words)) == cards


def test_what_the_kernel_calls_out_is_listened_to_without_waiting() -> None:
    """Nothing was called out about a card; and nobody but the kernel is believed."""
    hotplugs = Hotplugs()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 15) as somebody:
        said = call(DEVPATH="/devices/platform/gpu/drm/card1", SUBSYSTEM="drm", HOTPLUG="1")
        try:
            somebody.sendto(said, (0, 1))
        except PermissionError:
            pytest.skip("only root may call out to all")
    assert hotplugs.cards() == frozenset()


def test_the_watchdog_hears_of_shown_pictures_every_few_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One in five seconds, of thirty a second; with the second of those the display has answered."""
    answered: list[str] = []
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "systemd"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "systemd"))
        systemd.setblocking(False)
        watchdog = Watchdog(lambda: answered.append("answered"))
        asked = [watchdog.wants_a_picture(1000.0)]
        for number in range(5 * 30 + 2):
            watchdog.shown(1000.0 + number / 30)
            asked.append(watchdog.wants_a_picture(1000.0 + number / 30))
        told = [systemd.recv(100).decode(), systemd.recv(100).decode()]
        with pytest.raises(BlockingIOError):
            systemd.recv(100)
    assert (told, answered) == ([ALIVE, ALIVE], ["answered"])
    assert (asked, watchdog.wants_a_picture(1011.0)) == ([True, *[False] * 152], True)
