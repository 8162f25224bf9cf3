"""A coin is heard once for each payment that is credited, by a real aplay on ALSA's file plugin."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from attract_screen_samples import decoded, write_feed
from conftest import wait_until

from attract_screen.sound import LONGEST_S, MOST_WAITING, RATE_HZ, CoinSound, coin_wav

ROOT = Path(__file__).parent.parent
needs_aplay = pytest.mark.skipif(shutil.which("aplay") is None, reason="needs aplay (alsa-utils)")
Screen = Callable[[], "subprocess.Popen[str]"]


def samples() -> bytes:
    """What a loudspeaker is sent of one coin."""
    with wave.open(BytesIO(coin_wav())) as sound:
        shape = sound.getnchannels(), sound.getsampwidth(), sound.getframerate()
        assert shape == (1, 2, RATE_HZ)
        return sound.readframes(sound.getnframes())


def loudspeaker(folder: Path) -> str:
    """A configuration of ALSA whose default adds what it is sent to one file."""
    file = folder / "asound.conf"
    file.write_text(
        f'pcm.!default {{ type file slave.pcm silence file "|cat >>{folder}/heard" format raw }}\n'
        "pcm.silence { type null }\n"
    )
    return str(file)


def heard(folder: Path) -> int:
    """How many coins were heard, and nothing else but the silence that aplay fills each last period with."""
    stream = (folder / "heard").read_bytes() if (folder / "heard").exists() else b""
    others = b"".join(stream.split(samples()))
    return stream.count(samples()) if not any(others) else -1


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    """Starts screens on tmp_path/feed.json that play into files."""
    surroundings = {**os.environ, "ALSA_CONFIG_PATH": loudspeaker(tmp_path)}
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        (tmp_path / "mirror.png").unlink(missing_ok=True)
        command = [sys.executable, "-m", "attract_screen", "--feed", str(tmp_path / "feed.json")]
        command += ["--display", "headless", "--size", "320x240", "--mirror", str(tmp_path / "mirror.png")]
        started.append(
            subprocess.Popen(command, cwd=ROOT, env=surroundings, stderr=subprocess.PIPE, text=True)
        )
        wait_until((tmp_path / "mirror.png").exists, "the first picture")
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@needs_aplay
def test_each_credited_payment_is_heard_once(tmp_path: Path, screen: Screen) -> None:
    """Neither a new screen nor a new controller plays what was heard before."""
    feed = tmp_path / "feed.json"
    write_feed(feed, sound=True, credited=3)
    first = screen()
    for credited in (4, 5):
        write_feed(feed, sound=True, credited=credited)
        wait_until(lambda: heard(tmp_path) == credited - 3, "a coin")  # noqa: B023
    write_feed(feed, sound=True, credited=0)
    write_feed(feed, sound=True, credited=0, state="playing", credits=2)
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=60) == 0
    write_feed(feed, sound=True, credited=7)
    second = screen()
    write_feed(feed, sound=True, credited=9)
    wait_until(lambda: heard(tmp_path) == 4, "two coins, one after the other")
    second.send_signal(signal.SIGTERM)
    assert (second.wait(timeout=60), heard(tmp_path)) == (0, 4)


@needs_aplay
def test_sound_is_off_where_it_is_not_asked_for(tmp_path: Path, screen: Screen) -> None:
    """Nothing is heard; and what happened meanwhile is not heard once it is on."""
    feed = tmp_path / "feed.json"
    write_feed(feed, credited=1)
    process = screen()
    write_feed(feed, credited=4, qr=None)
    wait_until(lambda: decoded(tmp_path / "mirror.png") == [], "that to be seen")
    write_feed(feed, credited=5, sound=True)
    wait_until(lambda: heard(tmp_path) == 1, "a coin")
    process.send_signal(signal.SIGTERM)
    assert (process.wait(timeout=60), heard(tmp_path)) == (0, 1)


def played(sound: CoinSound, now_s: float = 0.0) -> None:
    """Let it play until nothing is left to be done."""
    quiet = 0

    def is_quiet() -> bool:
        nonlocal quiet
        sound.step(now_s)
        quiet = quiet + 1 if sound.is_silent else 0
        return quiet > 1

    wait_until(is_quiet, "silence")


@pytest.mark.parametrize(
    ("player", "said"),
    [
        (("no-such-player",), "No sound: no-such-player cannot be run: No such file or directory"),
        (("sh", "-c", "echo no soundcards found >&2; exit 1"), "No sound: no soundcards found"),
        (("false",), "No sound: false ended with 1"),
    ],
)
def test_without_a_device_or_a_player_it_says_so_once(
    player: tuple[str, ...], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """However many payments there are; and the screen goes on."""
    sound = CoinSound(player)
    for credited in range(4):
        sound.hear(credited, wanted=True)
        played(sound)
    assert caplog.messages == [said]


def test_a_player_that_hangs_is_ended(caplog: pytest.LogCaptureFixture) -> None:
    """It is waited for no longer than a coin's sound can last, and never by the screen."""
    sound = CoinSound(("sleep", "1000"))
    sound.hear(0, wanted=True)
    sound.hear(1, wanted=True)
    sound.step(0.0)
    sound.step(LONGEST_S - 0.1)
    assert (sound.is_silent, caplog.messages) == (False, [])
    played(sound, LONGEST_S)
    assert caplog.messages == ["No sound: sleep hung, and was ended"]


def test_a_crowd_of_payments_is_no_concert(tmp_path: Path) -> None:
    """Of a hundred at once a few are heard."""
    sound = CoinSound(("sh", "-c", f"echo coin >> {tmp_path / 'heard'}"))
    sound.hear(0, wanted=True)
    sound.hear(100, wanted=True)
    played(sound)
    assert (tmp_path / "heard").read_text().split() == ["coin"] * MOST_WAITING


def test_the_sound_begins_and_ends_in_silence() -> None:
    """Neither a click nor a level that is cut off; and it is loud enough to be heard."""
    levels = memoryview(samples()).cast("h")
    assert (levels[0], abs(levels[-1]) < 20, 8000 < max(levels) < 16000) == (0, True, True)
