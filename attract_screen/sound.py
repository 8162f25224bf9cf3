"""A coin's sound for each payment whose credit is on the board, played by a short-lived aplay. EDGE."""

from __future__ import annotations

import io
import logging
import math
import os
import struct
import subprocess
import time
import wave
from collections.abc import Sequence
from functools import cache

from attract_screen.said import Said

# Of Debian's alsa-utils; without -D it takes what ALSA calls the default.
APLAY = ("aplay", "--quiet", "-")
RATE_HZ = 22_050
# Whoever still plays then hangs: a device may be there and take nothing.
LONGEST_S = 5.0
# More payments than these at once are one crowd, and need no concert.
MOST_WAITING = 5

# Two notes, b'' and e''': their pitch in hertz, and how long each sounds.
_NOTES = ((987.77, 0.08), (1318.51, 0.45))
_LOUDNESS = 0.35

_log = logging.getLogger(__name__)


class CoinSound:
    """Follows the number of credited payments, and plays once for each that is new since it first looked."""

    def __init__(self, player: Sequence[str] = APLAY) -> None:
        self._player = player
        self._said = Said(_log, time.monotonic)
        self._heard: int | None = None
        self._waiting = 0
        self._playing: subprocess.Popen[bytes] | None = None
        self._until_s = 0.0

    def hear(self, credited: int, *, wanted: bool) -> None:
        """So many payments were credited since the controller runs; fewer than before are a new one's."""
        if wanted and self._heard is not None and credited > self._heard:
            self._waiting = min(MOST_WAITING, self._waiting + credited - self._heard)
        self._heard = credited

    def step(self, now_s: float) -> None:
        """Go on with what is to be played; never waits."""
        if self._playing is not None:
            self._look_after(self._playing, now_s)
        if self._playing is None and self._waiting:
            self._waiting -= 1
            self._start(now_s)

    @property
    def is_silent(self) -> bool:
        """Whether nothing is played, or waits to be."""
        return self._playing is None and not self._waiting

    def end(self) -> None:
        """Fall silent."""
        if self._playing is not None:
            self._playing.kill()

    def _start(self, now_s: float) -> None:
        with os.fdopen(os.memfd_create("coin"), "w+b") as file:
            file.write(coin_wav())
            file.seek(0)
            try:
                self._playing = subprocess.Popen(
                    self._player, stdin=file, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
                )
            except OSError as error:
                self._said.say(f"No sound: {self._player[0]} cannot be run: {error.strerror}")
                self._waiting = 0
        self._until_s = now_s + LONGEST_S

    def _look_after(self, player: subprocess.Popen[bytes], now_s: float) -> None:
        status = player.poll()
        if status is None and now_s >= self._until_s:
            player.kill()  # it is looked after until it is gone: one that cannot be killed is never joined
            self._until_s = float("inf")
            self._waiting = 0
            self._said.say(f"No sound: {self._player[0]} hung, and was ended")
        elif status is not None:
            self._playing = None
            assert player.stderr is not None  # noqa: S101
            words = player.stderr.read(1000).decode(errors="replace").split("\n")[0]
            player.stderr.close()
            if status > 0:
                self._waiting = 0
                self._said.say(f"No sound: {words or f'{self._player[0]} ended with {status}'}")


@cache
def coin_wav() -> bytes:
    """The sound as a WAV file: 16 bits, one channel."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(b"".join(struct.pack("<h", round(32767 * level)) for level in _levels()))
    return out.getvalue()


def _levels() -> list[float]:
    """Each moment's level, from -1 to 1: notes of a tube's colour, struck and dying away without a click."""
    levels = []
    for pitch_hz, length_s in _NOTES:
        moments = round(length_s * RATE_HZ)
        for number in range(moments):
            turn = 2 * math.pi * pitch_hz * number / RATE_HZ
            colour = math.sin(turn) + math.sin(3 * turn) / 4
            struck = min(1.0, number / 60)
            dying = (1 - number / moments) ** 1.5
            levels.append(_LOUDNESS * struck * dying * colour / 1.25)
    return levels
