"""Photos of the screen as phones take them in an arcade, made up: each by its number, the same each time."""

from __future__ import annotations

import random
from dataclasses import dataclass

import cv2
import numpy as np
import pygame
import zxingcpp
from attract_screen_samples import picture_of
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Card = tuple[int, int, int, int]

# So many pixels of the photo's side; what lies beyond is not looked at.
SIDE = 720


@dataclass(frozen=True)
class Photo:
    """How a photo is taken; lengths are pixels of the photo, angles degrees, strengths parts of white."""

    seed: int
    screen_px: float  # the picture's shorter side: a monitor of 20 inches from a metre away is about 450
    yaw: float
    pitch: float
    roll: float
    grid: float  # how much darker it is between the display's pixels
    blur: float
    shake: float
    shake_angle: float
    glare: float
    glare_at: tuple[float, float]
    glare_size: float
    veil: float  # light of the hall on the glass
    bands: float  # how much darker where the display's flicker meets the shutter
    band_height: float
    noise: float
    jpeg: int

    def __str__(self) -> str:
        """All of it, on one line."""
        parts = (f"{name} {_short(value)}" for name, value in vars(self).items())
        return ", ".join(parts)


def photo(seed: int) -> Photo:
    """The photo of this number."""
    dice = random.Random(seed)  # noqa: S311 - a number that can be given again
    return Photo(
        seed=seed,
        screen_px=dice.uniform(370, 490),
        yaw=dice.uniform(-28, 28),
        pitch=dice.uniform(-22, 22),
        roll=dice.uniform(-15, 15),
        grid=dice.uniform(0.0, 0.5),
        blur=dice.uniform(0.6, 1.5),
        shake=dice.uniform(0.0, 3.0),
        shake_angle=dice.uniform(0, 180),
        glare=dice.uniform(0.0, 0.5),
        glare_at=(dice.uniform(-0.6, 0.6), dice.uniform(-0.6, 0.6)),
        glare_size=dice.uniform(0.1, 0.3),
        veil=dice.uniform(0.0, 0.25),
        bands=dice.uniform(0.0, 0.4),
        band_height=dice.uniform(40, 240),
        noise=dice.uniform(2, 12),
        jpeg=dice.randint(40, 90),
    )


def taken(frame: Pixels, how: Photo, *, halved: bool = False) -> Pixels:
    """The photo of a frame, in grey, aimed at the code on it.

    `halved` draws the code's card half as large, in its own middle: what a photo of it proves.
    """
    card = card_on(frame)
    short_px = min(frame.shape[:2])
    frame, card = _around(frame, card)
    times = max(2, min(6, -(-1600 // short_px)))
    fine = _on_glass(frame, how, times)
    x, y, w, h = (times * side for side in card)
    if halved:
        _halve(fine, (x, y, w, h))
    seen = _seen_from(fine, how, (x + w / 2, y + h / 2), how.screen_px / short_px / times)
    lit = _lit(seen.astype(np.float32) / 255, how)
    return _recorded(lit, how)


def card_on(frame: Pixels) -> Card:
    """Where the code is on a frame, with its quiet zone: left, top, width, height."""
    (code,) = zxingcpp.read_barcodes(frame, formats=zxingcpp.BarcodeFormat.QRCode)
    place = code.position
    corners = [place.top_left, place.top_right, place.bottom_left, place.bottom_right]
    columns, rows = [corner.x for corner in corners], [corner.y for corner in corners]
    quiet = round((max(columns) - min(columns)) * 0.16)
    left, top = max(0, min(columns) - quiet), max(0, min(rows) - quiet)
    return left, top, max(columns) + quiet - left, max(rows) + quiet - top


def pixels_of(frame: pygame.Surface) -> Pixels:
    """A frame's rows, columns and colours."""
    return np.asarray(picture_of(frame))


def read_by_zxing(picture: Pixels) -> list[str]:
    """What the decoder of many phones finds."""
    return [code.text for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)]


def read_by_opencv(picture: Pixels) -> list[str]:
    """What OpenCV finds."""
    text, *_ = cv2.QRCodeDetector().detectAndDecode(picture)
    return [text] if text else []


def _short(value: object) -> str:
    if isinstance(value, tuple):
        return "/".join(map(_short, value))
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _around(frame: Pixels, card: Card) -> tuple[Pixels, Card]:
    """What of the frame is near the code: the rest takes only time."""
    x, y, w, h = card
    left, top = max(0, x - w), max(0, y - h)
    return frame[top : y + 2 * h, left : x + 2 * w], (x - left, y - top, w, h)


def _on_glass(frame: Pixels, how: Photo, times: int) -> Pixels:
    """Each pixel of the frame as a lamp with a dark edge."""
    lamps = np.kron(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.ones((times, times), np.uint8))
    edge = np.ones(times, np.float32)
    edge[-1] = 1 - how.grid
    mask = np.tile(np.outer(edge, edge), frame.shape[:2])
    return (lamps * mask).astype(np.uint8)


def _halve(fine: Pixels, card: Card) -> None:
    x, y, w, h = card
    whole = fine[y : y + h, x : x + w].copy()
    fine[y : y + h, x : x + w] = 30  # as dark as the picture around it
    half = cv2.resize(whole, (w // 2, h // 2), interpolation=cv2.INTER_AREA)
    fine[y + h // 4 : y + h // 4 + h // 2, x + w // 4 : x + w // 4 + w // 2] = half


def _seen_from(fine: Pixels, how: Photo, middle: tuple[float, float], scale: float) -> Pixels:
    """In perspective: the camera stands off the middle, and is held at an angle."""
    to_middle = np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 1]])
    yaw, pitch, roll = np.radians([how.yaw, how.pitch, how.roll])
    turn_yaw = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    turn_pitch = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    turn_roll = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    turned = (turn_roll @ turn_pitch @ turn_yaw)[:, :2]
    distance = 3.3 * how.screen_px / scale  # a metre, before a monitor 300 mm high
    in_space = np.column_stack([turned, [0, 0, distance]])
    camera = np.array([[scale * distance, 0, SIDE / 2], [0, scale * distance, SIDE / 2], [0, 0, 1]])
    smooth = cv2.GaussianBlur(fine, (0, 0), 0.4 / scale) if scale < 1 else fine
    return cv2.warpPerspective(
        smooth, camera @ in_space @ to_middle, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderValue=12
    )


def _lit(seen: NDArray[np.float32], how: Photo) -> NDArray[np.float32]:
    """Darker in bands, and with the hall's lights on the glass."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    band = 1 - how.bands * (0.5 + 0.5 * np.sin(2 * np.pi * rows / how.band_height + how.seed))
    middle = [SIDE / 2 + offset * how.screen_px / 2 for offset in how.glare_at]
    far = ((columns - middle[0]) ** 2 + (rows - middle[1]) ** 2) / (how.glare_size * how.screen_px) ** 2
    light = how.veil + how.glare * np.exp(-far)
    return seen * band * (1 - how.veil) + light


def _recorded(lit: NDArray[np.float32], how: Photo) -> Pixels:
    """Out of focus, shaken, noisy, and written as JPEG."""
    blurred = cv2.GaussianBlur(lit, (0, 0), how.blur)
    length = max(1, round(how.shake))
    line = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
    reach = (
        np.array([np.cos(np.radians(how.shake_angle)), np.sin(np.radians(how.shake_angle))]) * how.shake / 2
    )
    for part in np.linspace(-1, 1, 21):
        column, row = np.round(reach * part).astype(int) + length
        line[row, column] += 1
    shaken = cv2.filter2D(blurred, -1, line / line.sum())
    grains = np.random.default_rng(how.seed).normal(0, how.noise / 255, shaken.shape)
    levels = (np.clip(shaken + grains, 0, 1) * 255).astype(np.uint8)
    _, file = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, how.jpeg])
    return cv2.imdecode(file, cv2.IMREAD_GRAYSCALE)
