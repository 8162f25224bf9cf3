"""EDGE. One stranger's file opened in a process of its own: a bomb or a decoder's crash ends this one alone.

`python -m attract_screen.material.child KIND WIDTHxHEIGHT MOST_MS < FILE > REEL`: what is shown, as a
reel. Ends with 0, perhaps with a remark; with 3 and why in a sentence; or as a process does that was killed,
be it by its own limits.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from attract_screen.material.formats.kinds import Kind
from attract_screen.material.formats.reel import MOST_FRAMES, index_of
from attract_screen.material.limits import CLIP_LIMITS, PICTURE_LIMITS, hold_to
from attract_screen.material.refused import Refused

if TYPE_CHECKING:
    from attract_screen.material.stills import Frame

REFUSED = 3
LEAST_FRAME_MS = 66  # 15 frames a second, half of what the screen shows
MOST_CLIP_MS = 30_000
MOST_CLIP_BYTES = 32 * 1024 * 1024
_LONGEST_FRAME_MS = 10_000
_STILL_QUALITY, _CLIP_QUALITY = 92, 80


def main(arguments: list[str]) -> int:
    """Do it; the exit status."""
    kind, room, most_ms = Kind(arguments[0]), _size(arguments[1]), int(arguments[2])
    try:
        hold_to(CLIP_LIMITS if kind is Kind.CLIP else PICTURE_LIMITS)
        _make(kind, sys.stdin.buffer, room, most_ms)
        sys.stdout.buffer.flush()
    except Refused as why:
        return _end(str(why))
    except MemoryError:
        return _end("it takes more memory to open than a cabinet has: save it smaller")
    except ImportError as error:
        return _end(f"the package that opens pictures is missing: sudo apt-get install python3-pil ({error})")
    except Exception as error:  # noqa: BLE001 - decoders raise what they like at damaged files
        return _end(f"it is broken: {error or type(error).__name__}")
    return 0


def _end(why: str) -> int:
    sys.stderr.write("".join(c if c.isprintable() else " " for c in why)[:300])
    return REFUSED


def _size(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


def _make(kind: Kind, file: BinaryIO, room: tuple[int, int], most_ms: int) -> None:
    """What opens the file is imported only once the limits hold."""
    if kind is Kind.TYPEFACE:
        from attract_screen.material.typeface_trial import try_typeface

        try_typeface(file)
    elif kind is Kind.CLIP:
        from attract_screen.material.clips import film_frames

        _write(film_frames(file, room, LEAST_FRAME_MS), most_ms)
    else:
        from attract_screen.material.stills import frames_of

        _write(frames_of(file, room, LEAST_FRAME_MS), most_ms)


def _write(frames: Iterator[Frame], most_ms: int) -> None:
    """Frame by frame, until the clip is over or as long as one may be."""
    from attract_screen.material.stills import packed

    lengths: list[int] = []
    ends_ms: list[int] = []
    size = (0, 0)
    for image, lasts_ms in frames:
        frame = packed(image, _CLIP_QUALITY if lasts_ms else _STILL_QUALITY)
        begins_ms = ends_ms[-1] if ends_ms else 0
        is_full = sum(lengths) + len(frame) > MOST_CLIP_BYTES or len(lengths) >= MOST_FRAMES
        if begins_ms >= most_ms or is_full:
            sys.stderr.write(f"its first {begins_ms // 1000} seconds are shown: no more of a clip is kept")
            break
        sys.stdout.buffer.write(frame)
        size = image.size
        lengths.append(len(frame))
        ends_ms.append(begins_ms + min(max(1, lasts_ms), _LONGEST_FRAME_MS))
    sys.stdout.buffer.write(index_of(size, lengths, ends_ms))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
