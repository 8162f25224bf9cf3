"""EDGE. One stranger's file opened in a process of its own: a bomb or a decoder's crash ends this one alone.

`python -m attract_screen.material.child KIND WIDTHxHEIGHT < FILE > REEL`: what is shown of the file, as a
reel. Ends with 0, perhaps with a remark; with 3 and why in a sentence; or as a process does that was killed,
be it by its own limits.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
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
_STILL_QUALITY, _CLIP_QUALITY = 92, 80


def main(arguments: list[str]) -> int:
    """Do it; the exit status."""
    kind, room = Kind(arguments[0]), _size(arguments[1])
    try:
        hold_to(CLIP_LIMITS if kind is Kind.CLIP else PICTURE_LIMITS)
        _WORK[kind](sys.stdin.buffer, room, sys.stdout.buffer)
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


def _picture(file: BinaryIO, room: tuple[int, int], out: BinaryIO) -> None:
    from attract_screen.material.stills import frames_of

    _write(frames_of(file, room, LEAST_FRAME_MS), out)


def _clip(file: BinaryIO, room: tuple[int, int], out: BinaryIO) -> None:
    from attract_screen.material.clips import film_frames

    _write(film_frames(file, room, LEAST_FRAME_MS), out)


def _typeface(file: BinaryIO, room: tuple[int, int], out: BinaryIO) -> None:
    from attract_screen.material.typeface_trial import try_typeface

    try_typeface(file)


_WORK: dict[Kind, Callable[[BinaryIO, tuple[int, int], BinaryIO], None]] = {
    Kind.PICTURE: _picture,
    Kind.CLIP: _clip,
    Kind.TYPEFACE: _typeface,
}


def _write(frames: Iterator[Frame], out: BinaryIO) -> None:
    """Frame by frame, until the clip is over or as long as one may be."""
    from attract_screen.material.stills import packed

    lengths: list[int] = []
    ends_ms: list[int] = []
    size = (0, 0)
    for image, lasts_ms in frames:
        frame = packed(image, _CLIP_QUALITY if lasts_ms else _STILL_QUALITY)
        begins_ms = ends_ms[-1] if ends_ms else 0
        if (
            begins_ms >= MOST_CLIP_MS
            or sum(lengths) + len(frame) > MOST_CLIP_BYTES
            or len(lengths) >= MOST_FRAMES
        ):
            sys.stderr.write(
                f"it is shown up to its second {begins_ms // 1000}: that is as much as is kept of a clip"
            )
            break
        out.write(frame)
        size = image.size
        lengths.append(len(frame))
        ends_ms.append(begins_ms + max(1, lasts_ms))
    out.write(index_of(size, lengths, ends_ms))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
