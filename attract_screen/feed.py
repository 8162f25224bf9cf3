"""The feed file as the screen sees it: read only when it changed. EDGE."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from attract_screen.model.feed_format import Feed, FeedError, parse_feed
from attract_screen.model.letters import HasLetter, has_letter

MAX_FEED_BYTES = 64 * 1024

_log = logging.getLogger(__name__)

_Identity = tuple[int, int, int]


@dataclass(frozen=True)
class Reading:
    """What the file says now: a feed, or why there is none. `missing` means no file at all."""

    feed: Feed | None = None
    problem: str | None = None
    missing: bool = False


def read_feed(path: Path, can_show: HasLetter = has_letter) -> Feed:
    """Read the file once.

    Raises FeedError for a file that is missing, unreadable, too large or not a feed.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FEED_BYTES + 1)
    except OSError as error:
        raise FeedError(f"cannot read the feed {path}: {error.strerror}") from error
    if len(raw) > MAX_FEED_BYTES:
        raise FeedError(f"the feed {path} is larger than {MAX_FEED_BYTES} bytes")
    return parse_feed(raw, can_show)


class FeedReader:
    """Follows a feed file; looking at a file that has not changed costs one stat()."""

    def __init__(self, path: Path, can_show: HasLetter = has_letter) -> None:
        self._path = path
        self._can_show = can_show
        self._identity: _Identity | None = None
        self._reading = Reading(missing=True)
        self._odd = ""

    def look(self) -> Reading:
        """The latest reading. A new problem is logged once."""
        identity = self._look_at_file()
        if identity is None or identity != self._identity:
            previous, self._reading = self._reading, self._read(identity)
            self._identity = identity
            self._report(previous)
        return self._reading

    def _look_at_file(self) -> _Identity | None:
        try:
            seen = self._path.stat()
        except OSError:
            return None
        return seen.st_mtime_ns, seen.st_ino, seen.st_size

    def _read(self, identity: _Identity | None) -> Reading:
        try:
            return Reading(feed=read_feed(self._path, self._can_show))
        except FeedError as error:
            return Reading(problem=str(error), missing=identity is None)

    def _report(self, previous: Reading) -> None:
        if self._reading.problem != previous.problem:
            if self._reading.problem is None:
                _log.info("The feed %s was read", self._path)
            else:
                _log.error("%s", self._reading.problem)
        odd = self._reading.feed.odd if self._reading.feed else ""
        if odd and odd != self._odd:
            _log.warning("%s", odd)
        self._odd = odd
