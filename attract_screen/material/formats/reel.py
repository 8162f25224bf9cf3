"""CORE. How a picture or a clip is kept ready: its frames as JPEG or PNG, then when each is over."""

from __future__ import annotations

import json
import struct
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

VERSION = 1
MOST_FRAMES = 1000
_TAIL = struct.Struct(">I8s")
TAIL_BYTES = _TAIL.size
_MARK = b"REEL\0\0\0\1"
MOST_INDEX_BYTES = 64 * 1024


class ReelError(ValueError):
    """These bytes are no reel, or a damaged one."""


@dataclass(frozen=True)
class Reel:
    """Frames of one size: where each begins in the file, its length, and its end in ms; a picture has one."""

    size: tuple[int, int]
    starts: tuple[int, ...]
    lengths: tuple[int, ...]
    ends_ms: tuple[int, ...]

    @property
    def moves(self) -> bool:
        """Whether it is more than one picture."""
        return len(self.starts) > 1

    @property
    def seconds(self) -> float:
        """How long it runs; nothing for a still picture."""
        return self.ends_ms[-1] / 1000 if self.moves else 0.0

    def frame_at(self, elapsed_s: float) -> int:
        """The number of the frame that is shown so long after the beginning; it begins anew at its end."""
        if not self.moves:
            return 0
        return bisect_right(self.ends_ms, int(max(0.0, elapsed_s) * 1000) % self.ends_ms[-1])


def index_of(size: tuple[int, int], lengths: Sequence[int], ends_ms: Sequence[int]) -> bytes:
    """What stands behind the frames."""
    index = json.dumps({"size": size, "lengths": lengths, "ends_ms": ends_ms}).encode()
    return index + _TAIL.pack(len(index), _MARK)


def index_bytes(tail: bytes, total: int) -> int:
    """How many bytes before the tail are the index, in a file of `total` bytes.

    Raises ReelError.
    """
    if len(tail) != TAIL_BYTES:
        raise ReelError("it is too short")
    length, mark = _TAIL.unpack(tail)
    if mark != _MARK or not 0 < length <= min(MOST_INDEX_BYTES, total - TAIL_BYTES):
        raise ReelError("its end is missing")
    return int(length)


def read_index(raw: bytes, frames_end: int) -> Reel:
    """The reel of an index, whose frames end at `frames_end`.

    Raises ReelError.
    """
    try:
        index = json.loads(raw)
        size, lengths, ends = index["size"], index["lengths"], index["ends_ms"]
        numbers = [*size, *lengths, *ends]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise ReelError("its index is damaged") from error
    if not all(type(each) is int and 0 < each < 2**31 for each in numbers) or len(size) != 2:
        raise ReelError("its index is damaged")
    if (
        not 0 < len(lengths) == len(ends) <= MOST_FRAMES
        or sorted(set(ends)) != ends
        or sum(lengths) != frames_end
    ):
        raise ReelError("its index does not fit its frames")
    starts = tuple(accumulate(lengths, initial=0))[:-1]
    return Reel((size[0], size[1]), starts, tuple(lengths), tuple(ends))
