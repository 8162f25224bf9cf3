"""EDGE, in a child process. Films by PyAV (FFmpeg): their frames in the size that is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image

from attract_screen.material.refused import Refused
from attract_screen.material.stills import Frame, Size, fitted

MOST_FILM_PIXELS = 4096 * 2304
NO_LIBRARY = "clips need a package that is not installed: sudo apt-get install python3-av (about 70 MB)"


def film_frames(file: BinaryIO, room: Size, least_frame_ms: int) -> Iterator[Frame]:
    """The film's frames, upright, none of them shorter than `least_frame_ms`.

    Raises Refused, saying why, and whatever FFmpeg raises for damaged files.
    """
    try:
        import av
    except ImportError:
        raise Refused(NO_LIBRARY) from None
    av.logging.set_level(av.logging.PANIC)
    # Only what is promised: FFmpeg reads hundreds of formats, some of which name further files and addresses.
    with av.open(file, "r", format=_format(file)) as film:
        if not film.streams.video:
            raise Refused("there is no film in it, at most sound")
        stream = film.streams.video[0]
        stream.thread_type = "NONE"
        _check_size(stream.codec_context.width, stream.codec_context.height)
        yield from _sampled(film.decode(stream), room, least_frame_ms)


def _format(file: BinaryIO) -> str:
    head = file.read(12)
    file.seek(0)
    return "mov" if head[4:8] == b"ftyp" else "matroska"


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_FILM_PIXELS:
        raise Refused(
            f"its film has {width}x{height} pixels: save it with at most 3840x2160, or better 1280x720"
        )


def _sampled(frames: Iterator[object], room: Size, least_frame_ms: int) -> Iterator[Frame]:
    """One frame for each piece of time: those that a frame on the glass has no time for are not converted."""
    kept: object = None
    begins_ms = 0.0
    last_ms = 0.0
    for frame in frames:
        at_ms = _time_ms(frame, last_ms)
        last_ms = at_ms
        if kept is None:
            kept, begins_ms = frame, at_ms
        elif at_ms - begins_ms >= least_frame_ms - 1:
            yield _picture(kept, room), round(at_ms - begins_ms)
            kept, begins_ms = frame, at_ms
    if kept is None:
        raise Refused("it is broken: there is no frame in it")
    yield _picture(kept, room), max(least_frame_ms, round(last_ms - begins_ms))


def _time_ms(frame: object, otherwise_ms: float) -> float:
    time_s = getattr(frame, "time", None)
    return otherwise_ms if time_s is None else max(otherwise_ms, time_s * 1000)


def _picture(frame: object, room: Size) -> Image.Image:
    """Scaled by FFmpeg, which is faster at it, and then made upright."""
    width, height = frame.width, frame.height  # type: ignore[attr-defined]
    turned = round(getattr(frame, "rotation", 0) or 0) % 360
    across, down = (room[1], room[0]) if turned % 180 else room
    times = min(across / width, down / height)
    size = {"width": max(2, round(width * times)), "height": max(2, round(height * times))}
    picture: Image.Image = frame.to_image(**size)  # type: ignore[attr-defined]
    return fitted(picture.rotate(turned, expand=True) if turned else picture, room)
