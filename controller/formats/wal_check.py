"""CORE. Whether a write-ahead log has lost commits; SQLite itself would pass over them in silence.

The format is that of https://www.sqlite.org/fileformat2.html#the_write_ahead_log.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
# Its last bit says that checksums are taken over big-endian words.
_MAGIC = 0x377F0682
_U32 = 0xFFFFFFFF

_Sums = tuple[int, int]


class _Header(NamedTuple):
    magic: int
    file_format: int
    page_size: int
    checkpoint: int
    salts: tuple[int, int]
    sums: _Sums


class _Frame(NamedTuple):
    ends_commit: bool
    salts: tuple[int, int]
    sums: _Sums
    summed: bytes


def find_lost_commits(wal: bytes) -> str | None:
    """What is wrong with the log, in words; None if all that it ever committed can be read.

    One unreadable commit at the end is no damage: the power failed while it was written, and nobody was told
    of it. Each commit is on the disk before the next begins, so two of them are.
    """
    if not wal.strip(b"\0"):
        return None
    header = _header(wal)
    if header is None:
        return "the header of its write-ahead log is damaged"
    frames = list(_frames(wal, header))
    whole = _count_whole(frames, header)
    # Behind the newest frame there may be frames of an earlier log, which had other salts.
    lost = sum(frame.ends_commit for frame in frames[whole:] if frame.salts == header.salts)
    return f"its write-ahead log is damaged after frame {whole}" if lost > 1 else None


def _header(wal: bytes) -> _Header | None:
    """The log's header; None if it is not whole."""
    if len(wal) < _HEADER.size:
        return None
    magic, file_format, page_size, checkpoint, *rest = _HEADER.unpack_from(wal)
    header = _Header(magic, file_format, page_size, checkpoint, (rest[0], rest[1]), (rest[2], rest[3]))
    is_whole = magic & ~1 == _MAGIC and _add(wal[:24], (0, 0), header) == header.sums
    return header if is_whole else None


def _frames(wal: bytes, header: _Header) -> Iterator[_Frame]:
    size = _FRAME.size + header.page_size
    for at in range(_HEADER.size, len(wal) - size + 1, size):
        _, pages_after_commit, salt1, salt2, sum1, sum2 = _FRAME.unpack_from(wal, at)
        summed = wal[at : at + 8] + wal[at + _FRAME.size : at + size]
        yield _Frame(pages_after_commit != 0, (salt1, salt2), (sum1, sum2), summed)


def _count_whole(frames: list[_Frame], header: _Header) -> int:
    sums = header.sums
    for number, frame in enumerate(frames):
        if frame.salts != header.salts:
            return number
        sums = _add(frame.summed, sums, header)  # each checksum goes on from the one before it
        if sums != frame.sums:
            return number
    return len(frames)


def _add(data: bytes, sums: _Sums, header: _Header) -> _Sums:
    order = ">" if header.magic & 1 else "<"
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    first, second = sums
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & _U32
        second = (second + odd + first) & _U32
    return first, second
