"""EDGE. Follows the operator's folder: which files lie there, and are whole."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from attract_screen.material.formats.kinds import HEAD_BYTES, Kind, kind_of, told_of
from attract_screen.material.plain_file import NotPlainError, open_plain, refuse_special
from attract_screen.material.rules.choice import MOST_FILES, chosen, is_meant
from attract_screen.material.rules.notes import NOTES_NAME

MOST_LISTED = 20_000
_FRESH_NS = 10 * 10**9
MOST_PICTURE_BYTES = 64 * 1024 * 1024
MOST_CLIP_BYTES = 1024 * 1024 * 1024
_MOST = {Kind.PICTURE: MOST_PICTURE_BYTES, Kind.CLIP: MOST_CLIP_BYTES, Kind.TYPEFACE: MOST_PICTURE_BYTES}


@dataclass(frozen=True)
class Stamp:
    """What tells one state of a file from the next."""

    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True)
class FoundFile:
    """A whole file of a kind that can be shown; its name may hold bytes that are no text (os.fsdecode)."""

    name: str
    kind: Kind
    stamp: Stamp


@dataclass(frozen=True)
class Listing:
    """One look at the folder: the files, why others are left out, and the state of the notes beside them."""

    files: tuple[FoundFile, ...] = ()
    problems: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: Stamp | None = None
    settled: bool = True
    """Whether no file was still growing."""


class Folder:
    """A folder that is looked at again and again. A file counts once two looks found it alike."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._listed: tuple[int, list[str], bool] | None = None
        self._before: dict[str, Stamp] = {}
        self._known: dict[str, tuple[Stamp, Kind | str]] = {}

    def look(self, first: tuple[str, ...] = (), *, patient: bool = True) -> Listing:
        """What lies there now; the names in `first` come first. Not `patient`, a file counts at once.

        Raises OSError where there is no such folder.
        """
        names, uncounted = self._names()
        taken, left_out = chosen([name for name in names if is_meant(name)], first)
        problems = _crowd(self.path, left_out, uncounted)
        before, self._before = self._before, {}
        files: list[FoundFile] = []
        settled = True
        for name in taken:
            try:
                stamp = self._stamp(name)
                if patient and before.get(name) != stamp:
                    settled = False
                    continue
                kind = self._kind(name, stamp)
            except OSError as error:
                problems[name] = _why(error)
                continue
            if isinstance(kind, Kind):
                files.append(FoundFile(name, kind, stamp))
            else:
                problems[name] = kind
        self._known = {name: known for name, known in self._known.items() if name in self._before}
        return Listing(tuple(files), problems, self._notes(patient, before), settled)

    def _names(self) -> tuple[list[str], bool]:
        """The names in their order, and whether there are more than anybody counts."""
        mtime_ns = self.path.stat().st_mtime_ns
        if self._listed is not None and self._listed[0] == mtime_ns:
            return self._listed[1:]
        with os.scandir(self.path) as entries:
            names = [entry.name for entry in islice(entries, MOST_LISTED + 1)]
        found = sorted(names[:MOST_LISTED]), len(names) > MOST_LISTED
        # On some disks two changes within two seconds bear one time: of a fresh one, the next look sees all.
        is_old = abs(time.time_ns() - mtime_ns) > _FRESH_NS
        self._listed = (mtime_ns, *found) if is_old else None
        return found

    def _stamp(self, name: str) -> Stamp:
        status = (self.path / name).stat()
        refuse_special(status)
        stamp = self._before[name] = Stamp(status.st_size, status.st_mtime_ns, status.st_ino)
        return stamp

    def _kind(self, name: str, stamp: Stamp) -> Kind | str:
        """What it is, or why it is not shown; read only once for each state of the file."""
        known = self._known.get(name)
        if known is None or known[0] != stamp:
            with open_plain(self.path / name) as file:
                known = self._known[name] = stamp, _judged(file.read(HEAD_BYTES), stamp.size)
        return known[1]

    def _notes(self, patient: bool, before: Mapping[str, Stamp]) -> Stamp | None:
        try:
            status = (self.path / NOTES_NAME).stat()
        except OSError:
            return None
        stamp = self._before[NOTES_NAME] = Stamp(status.st_size, status.st_mtime_ns, status.st_ino)
        return stamp if not patient or before.get(NOTES_NAME) == stamp else None


def _judged(head: bytes, size: int) -> Kind | str:
    if not head:
        return "it is empty: copy it anew"
    kind = kind_of(head)
    if kind is None:
        return told_of(head)
    if size > _MOST[kind]:
        most = _MOST[kind] // 1_000_000
        return f"it has {size // 1_000_000} MB, and a {kind.value} may have {most}: save it smaller"
    return kind


def _crowd(path: Path, left_out: list[str], uncounted: bool) -> dict[str, str]:
    """The one sentence about all files that are too many."""
    if not left_out:
        return {}
    more = "more than " if uncounted else ""
    others = f" and {more}{len(left_out) - 1} others" if len(left_out) > 1 else ""
    return {
        left_out[0]: f"it{others} are too many: at most {MOST_FILES} files are shown. Move some out of {path}"
    }


def _why(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "it may not be read: sudo chmod o+r does it"
    if isinstance(error, FileNotFoundError):
        return "it is a link to nothing"
    if isinstance(error, NotPlainError):
        return str(error)
    return f"it cannot be read: {error.strerror}"


def told_folder(path: Path, error: OSError) -> str:
    """Why a folder cannot be looked into, and what helps."""
    if isinstance(error, FileNotFoundError):
        return "there is no such folder: make it, and copy pictures into it"
    if isinstance(error, NotADirectoryError):
        return "it is no folder: make one, and copy pictures into it"
    if isinstance(error, PermissionError):
        return f"the screen may not read that folder: {_shut(path)}"
    return f"the folder cannot be read: {error.strerror}"


_HOMES = ("/home/", "/root", "/run/user/")  # closed to the service by ProtectHome=


def _shut(path: Path) -> str:
    """The command for the first folder on the way that is shut; ProtectHome= shuts homes for good."""
    if str(path).startswith(_HOMES):
        return "take one outside of people's homes, such as /srv/screen"
    ways: Iterator[Path] = (each for each in (*reversed(path.parents), path))
    shut = next((each for each in ways if not os.access(each, os.X_OK)), path)
    return f"sudo chmod o+rx {shut}, or take a folder such as /srv/screen"
