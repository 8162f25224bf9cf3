"""The code as phones see it: on the frame itself, and on simulated photos of the display.

`make photos` takes all of them and prints how each was taken; `make test` takes some.
"""

from __future__ import annotations

import logging
import os
import random
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pytest
from attract_screen_samples import ADDRESS, SIZES, frame_of
from photos import Pixels, photo, pixels_of, read_by_opencv, read_by_zxing, taken

from attract_screen.model.monitor import ROTATIONS, Size
from attract_screen.model.themes import THEME_NAMES

_log = logging.getLogger(__name__)

PHOTOS = int(os.environ.get("PHOTOS", "12"))
SEED = int(os.environ.get("SEED", "1"))
MANY = 100
WITH_A_CODE = ("attract", "playing")
LARGE_ENOUGH = [size for size in SIZES if min(size) >= 480]


@dataclass(frozen=True)
class Shown:
    """One of the pictures with a code."""

    state: str
    size: Size
    rotate: int
    theme: str

    def __str__(self) -> str:
        """Short, for a list."""
        return f"{self.state} {self.size[0]}x{self.size[1]} {self.rotate} {self.theme}"

    def frame(self) -> Pixels:
        """What the display shows."""
        changes = {"state": self.state, "rotate": self.rotate, "theme": self.theme}
        return pixels_of(frame_of(self.size, **changes))


def every(sizes: list[Size]) -> list[Shown]:
    """Every state with a code, size, rotation and theme."""
    return [
        Shown(state, size, rotate, theme)
        for state in WITH_A_CODE
        for size in sizes
        for rotate in ROTATIONS
        for theme in THEME_NAMES
    ]


@dataclass(frozen=True)
class Take:
    """One photo, and what was read from it: by whom, and from the one with the code half as large."""

    told: str
    zxing: bool
    opencv: bool
    half_by_zxing: bool


@lru_cache(maxsize=1)
def takes() -> tuple[Take, ...]:
    """All photos, each of another picture, in an order that the seed gives."""
    pictures = every(LARGE_ENOUGH)
    random.Random(SEED).shuffle(pictures)  # noqa: S311 - the same order each time
    return tuple(_take(pictures[n % len(pictures)], SEED * 1000 + n) for n in range(PHOTOS))


def _take(shown: Shown, seed: int) -> Take:
    frame, how = shown.frame(), photo(seed)
    whole, half = taken(frame, how), taken(frame, how, halved=True)
    take = Take(
        f"{shown}: {how}",
        zxing=read_by_zxing(whole) == [ADDRESS],
        opencv=read_by_opencv(whole) == [ADDRESS],
        half_by_zxing=read_by_zxing(half) == [ADDRESS],
    )
    _log.info("%s", take)
    return take


@pytest.mark.parametrize("theme", THEME_NAMES)
@pytest.mark.parametrize("state", WITH_A_CODE)
@pytest.mark.parametrize("size", SIZES)
def test_two_decoders_read_the_code_from_the_frame(size: Size, state: str, theme: str) -> None:
    """Upright and turned, and by `make photos` at every rotation."""
    for rotate in ROTATIONS if PHOTOS >= MANY else ROTATIONS[:2]:
        frame = Shown(state, size, rotate, theme).frame()
        assert (read_by_zxing(frame), read_by_opencv(frame)) == ([ADDRESS], [ADDRESS])


@pytest.mark.timeout(900)
def test_a_phone_reads_the_code_from_every_photo() -> None:
    """From a metre and from the side, through blur, noise, glare, flicker, the pixels' grid and JPEG."""
    assert [take.told for take in takes() if not take.zxing] == []


@pytest.mark.timeout(900)
def test_another_decoder_reads_it_from_many() -> None:
    """OpenCV gives up on photos that phones read: of a code so large it still reads a good part."""
    assert np.mean([take.opencv for take in takes()]) > 0.5


@pytest.mark.timeout(900)
def test_a_code_of_half_the_size_is_lost_on_many_of_these_photos() -> None:
    """Otherwise they would be so good that they prove nothing."""
    assert np.mean([take.half_by_zxing for take in takes()]) < 0.75
