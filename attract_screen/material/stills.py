"""EDGE, in a child process. Pictures by Pillow: their size, and their frames in the size that is shown."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from attract_screen.material.refused import Refused

MOST_PIXELS = 50_000_000
_MOST_TIMES_LARGER = 8
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
_MOVING = ("PNG", "WEBP", "GIF")
_USUAL_FRAME_MS = 100
_LEAST_MEANT_MS = 20  # as browsers have it: what is shorter was not meant

Frame = tuple[Image.Image, int]
"""One picture, and for how many ms it stands; a still picture's is 0."""

Size = tuple[int, int]


def frames_of(file: BinaryIO, room: Size, least_frame_ms: int) -> Iterator[Frame]:
    """The picture's frames, upright, as large as may be, none shorter than `least_frame_ms`.

    Raises Refused, saying why, and whatever Pillow raises for damaged files.
    """
    warnings.simplefilter("ignore")  # of odd metadata, into the journal
    Image.MAX_IMAGE_PIXELS = None  # ours is lower, and says what helps
    try:
        image = Image.open(file, formats=_FORMATS)
    except UnidentifiedImageError:
        raise Refused("it is broken: no picture can be found in it") from None
    width, height = image.size
    if width * height > MOST_PIXELS:
        most = MOST_PIXELS // 1_000_000
        raise Refused(
            f"it has {width}x{height} pixels, {round(width * height / 1e6)} million: "
            f"save it with at most {most} million"
        )
    if image.format in _MOVING and getattr(image, "is_animated", False):
        yield from _moving(image, room, least_frame_ms)
    else:
        yield _still(image, room), 0


def _still(image: Image.Image, room: Size) -> Image.Image:
    longest = 2 * max(room)
    image.draft("RGB", (longest, longest))  # a JPEG is decoded no larger than that helps
    image.thumbnail((4 * longest, 4 * longest), reducing_gap=2.0)  # before it is turned, which takes a copy
    return fitted(ImageOps.exif_transpose(image) or image, room)


def _moving(image: Image.Image, room: Size, least_frame_ms: int) -> Iterator[Frame]:
    """What stands for too short a time to be shown is counted to the frame before."""
    kept: Image.Image | None = None
    stands_ms = 0
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        image.load()  # some formats tell a frame's time only then
        if kept is None:
            kept, stands_ms = fitted(_on_black(image), room), 0
        duration = int(image.info.get("duration") or 0)
        stands_ms += duration if duration >= _LEAST_MEANT_MS else _USUAL_FRAME_MS
        if stands_ms >= least_frame_ms:
            yield kept, stands_ms
            kept = None
    if kept is not None:
        yield kept, stands_ms


def fitted(image: Image.Image, room: Size) -> Image.Image:
    """The picture in RGB or, where something shines through, RGBA, as large as fits into the room."""
    width, height = image.size
    times = min(room[0] / width, room[1] / height, _MOST_TIMES_LARGER)
    size = max(1, round(width * times)), max(1, round(height * times))
    image = image.convert("RGBA" if _has_holes(image) else "RGB")
    if size == image.size:
        return image
    # Pixel art stays pixel art.
    is_pixel_art = times >= 2 and max(width, height) <= 256
    method = Image.Resampling.NEAREST if is_pixel_art else Image.Resampling.LANCZOS
    return image.resize(size, method, reducing_gap=3.0)


def _on_black(image: Image.Image) -> Image.Image:
    """A frame without holes, through which the frame before would be seen."""
    if not _has_holes(image):
        return image
    whole = Image.new("RGBA", image.size, (0, 0, 0, 255))
    whole.alpha_composite(image.convert("RGBA"))
    return whole.convert("RGB")


def _has_holes(image: Image.Image) -> bool:
    if image.mode == "P":
        return "transparency" in image.info
    return "A" in image.getbands() or "transparency" in image.info


def packed(image: Image.Image, quality: int) -> bytes:
    """The frame as the screen reads it fast: JPEG, or PNG where something shines through."""
    out = io.BytesIO()
    if image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255):
        image.save(out, "PNG", compress_level=6)
    else:
        image.convert("RGB").save(out, "JPEG", quality=quality, subsampling=0 if quality > 85 else 2)
    return out.getvalue()
