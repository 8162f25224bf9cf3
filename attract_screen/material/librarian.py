"""EDGE. Finds the operator's files and has each made ready, one after the other."""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from attract_screen.material.cache import Cache, key_of
from attract_screen.material.complaints import Complaints, shown_name
from attract_screen.material.disagreements import strays, told_mistakes, unreadable
from attract_screen.material.folder import Folder, FoundFile, Listing, Stamp, told_folder
from attract_screen.material.formats.kinds import Kind
from attract_screen.material.formats.reel import ReelError
from attract_screen.material.notes import load_notes
from attract_screen.material.plain_file import open_plain
from attract_screen.material.projector import Projector
from attract_screen.material.rules.notes import NO_NOTES, NOTES_NAME, Notes
from attract_screen.material.stock import EMPTY, Ready, Size, Stock
from attract_screen.material.workshop import Work

log = logging.getLogger(__name__)

LOGO_ROOM = (1024, 384)
"""As large as a title ever is; it is scaled down to the one that is drawn."""
LOOK_EVERY_S, LOOK_SOON_S = 3.0, 1.0
_NO_ROOM = (0, 0)
# A file that is broken may be half a copy that stands still.
COMPLAIN_AFTER_S = 6.0


@dataclass(frozen=True)
class Wishes:
    """What is to be shown: the folder, and the sizes in which its pictures are asked for."""

    folder: Path | None = None
    rooms: tuple[Size, ...] = ()


@dataclass(frozen=True)
class _Task:
    """One file, to be made ready in one size, under one key."""

    file: FoundFile
    room: Size
    key: str


@dataclass(frozen=True)
class _Refusal:
    stamp: Stamp
    why: str
    since_s: float


@dataclass
class _UnderWay:
    task: _Task
    work: Work
    half: Path


class Librarian:
    """Looks at the folder every few seconds; `step` never waits for a child process, but may for the disk."""

    def __init__(self, cache: Cache, clock: Callable[[], float]) -> None:
        self._cache = cache
        self._clock = clock
        self._complaints = Complaints(clock)
        self._folder: Folder | None = None
        self._look_at_s = float("-inf")
        self._listing = Listing()
        self._notes: Notes = NO_NOTES
        self._notes_stamp: Stamp | None = None
        self._notes_problems: dict[str, str] = {}
        self._refused: dict[str, _Refusal] = {}
        self._under_way: _UnderWay | None = None
        self._projector = Projector()
        self._ready: dict[str, Ready] = {}
        self._left_out: set[str] = set()
        self._rooms: tuple[Size, ...] = ()
        self._stamps: dict[str, Stamp] = {}

    @property
    def busy(self) -> bool:
        """Whether a file is being made ready."""
        return self._under_way is not None

    def step(self, wishes: Wishes) -> Stock:
        """Look, if it is time; go on with what is under way; and what is ready now."""
        if wishes.folder != (self._folder.path if self._folder else None):
            self._turn_to(wishes.folder)
        if self._folder is None:
            return EMPTY
        if wishes.rooms != self._rooms:
            self._rooms = wishes.rooms
            self._left_out.clear()
        if self._clock() >= self._look_at_s:
            self._look_at_s = self._clock() + LOOK_EVERY_S
            self._look(self._folder)
        tasks = self._tasks(wishes)
        self._go_on(self._folder.path, tasks)
        return self._stock(tasks)

    def wait(self) -> None:
        """Wait for what is under way; for who has nothing to draw meanwhile."""
        if self._under_way is not None:
            self._under_way.work.wait()

    def close(self) -> None:
        """End what is under way."""
        if self._under_way is not None:
            self._under_way.work.stop()
            self._under_way.half.unlink(missing_ok=True)
            self._under_way = None
        self._projector.close()

    def damaged(self, path: Path) -> None:
        """What was made ready cannot be shown: it is made anew."""
        self._cache.drop(path.name)
        self._ready.pop(path.name, None)

    # --- looking ---

    def _turn_to(self, folder: Path | None) -> None:
        self.close()
        self._folder = None if folder is None else Folder(folder)
        self._look_at_s = float("-inf")
        self._listing, self._notes, self._notes_stamp = Listing(), NO_NOTES, None
        self._refused.clear()
        self._complaints.hold({})

    def _look(self, folder: Folder) -> None:
        try:
            self._listing = folder.look(self._notes.named)
        except OSError as error:
            self._listing, self._notes, self._notes_stamp = Listing(), NO_NOTES, None
            self._complaints.hold({str(folder.path): told_folder(folder.path, error)})
            return
        self._read_notes(folder.path)
        stamps = {file.name: file.stamp for file in self._listing.files}
        if stamps != self._stamps:
            self._left_out.clear()  # what went away may have left room
        self._stamps = stamps
        self._refused = {n: known for n, known in self._refused.items() if stamps.get(n) == known.stamp}
        self._complain()

    def _read_notes(self, folder: Path) -> None:
        stamp = self._listing.notes
        if stamp == self._notes_stamp:
            return
        self._notes_stamp = stamp
        try:
            self._notes, mistakes = load_notes(folder / NOTES_NAME)
            self._notes_problems = told_mistakes(mistakes)
        except OSError as error:
            self._notes = NO_NOTES
            self._notes_problems = {NOTES_NAME: unreadable(error)}
        self._look_at_s = self._clock() + LOOK_SOON_S  # what it names comes first

    def _complain(self) -> None:
        until_s = self._clock() - COMPLAIN_AFTER_S
        refused = {name: known.why for name, known in self._refused.items() if known.since_s <= until_s}
        self._complaints.hold(
            {
                **self._listing.problems,
                **self._notes_problems,
                **strays(self._listing, self._notes),
                **refused,
            }
        )

    # --- making ready ---

    def _tasks(self, wishes: Wishes) -> list[_Task]:
        """All that is wanted, the first to be shown first; the cabinet's own looks before that."""
        tasks = []
        by_name = {file.name: file for file in self._listing.files if file.name not in self._refused}
        if (face := self._named(by_name, self._notes.typeface, Kind.TYPEFACE)) is not None:
            tasks.append(_task(face, _NO_ROOM))
        if (logo := self._named(by_name, self._notes.logo, Kind.PICTURE)) is not None:
            tasks.append(_task(logo, LOGO_ROOM))
        for room in wishes.rooms:
            tasks += [_task(by_name[name], room) for name in self._names(by_name)]
        return tasks

    def _names(self, by_name: dict[str, FoundFile]) -> tuple[str, ...]:
        return tuple(
            name
            for name, file in by_name.items()
            if file.kind is not Kind.TYPEFACE and not self._notes.is_logo(name)
        )

    def _named(self, by_name: dict[str, FoundFile], name: str | None, kind: Kind) -> FoundFile | None:
        file = next(
            (file for each, file in by_name.items() if name and self._notes.is_same(each, name)), None
        )
        return file if file is not None and file.kind is kind else None

    def _go_on(self, folder: Path, tasks: list[_Task]) -> None:
        if self._under_way is not None:
            self._finish(self._under_way, tasks)
        for task in tasks:
            if self._under_way is not None:
                return
            if task.key not in self._left_out and not self._found(task):
                self._begin(folder, task)

    def _found(self, task: _Task) -> bool:
        """Whether it was made ready before, perhaps before the last start."""
        path = self._cache.get(task.key)
        if path is None:
            self._ready.pop(task.key, None)  # it made room for others meanwhile
            return False
        if task.key in self._ready:
            return True
        if task.file.kind is Kind.TYPEFACE:
            self._ready[task.key] = Ready(path, 0.0)
            return True
        try:
            self._ready[task.key] = Ready(path, self._projector.reel(path).seconds)
        except (ReelError, OSError) as error:
            log.info("%s is made ready anew: %s", shown_name(task.file.name), error)
            self._cache.drop(task.key)
        return task.key in self._ready

    def _begin(self, folder: Path, task: _Task) -> None:
        try:
            out, half = self._cache.half()
        except OSError as error:
            self._refuse(task, f"what is made ready cannot be written: {error.strerror}")
            return
        try:
            with out, open_plain(folder / task.file.name) as file:
                self._under_way = _UnderWay(task, _started(task, file, out, half), half)
        except (OSError, subprocess.SubprocessError) as error:
            half.unlink(missing_ok=True)
            self._refuse(task, f"it cannot be opened: {getattr(error, 'strerror', None) or error}")

    def _finish(self, under_way: _UnderWay, tasks: list[_Task]) -> None:
        task, outcome = under_way.task, under_way.work.outcome()
        if outcome is None:
            return
        self._under_way = None
        if outcome.refused:
            under_way.half.unlink(missing_ok=True)
            self._refuse(task, outcome.refused)
            return
        if outcome.remark:
            log.warning("%s: %s", shown_name(task.file.name), outcome.remark)
        try:
            if not self._cache.keep(under_way.half, task.key, {each.key for each in tasks}):
                self._leave_out(task, tasks)
        except OSError as error:
            self._refuse(task, f"what is made ready cannot be written: {error.strerror}")

    def _leave_out(self, task: _Task, tasks: list[_Task]) -> None:
        """Of several sizes those have room that were asked for first; a file without any is refused."""
        self._left_out.add(task.key)
        if not any(each.key in self._ready for each in tasks if each.file == task.file):
            where = self._cache.place.folder
            self._refuse(task, f"there is no room for it in {where}: take some pictures away")

    def _refuse(self, task: _Task, why: str) -> None:
        self._refused[task.file.name] = _Refusal(task.file.stamp, why, self._clock())

    # --- handing over ---

    def _stock(self, tasks: list[_Task]) -> Stock:
        ready = {
            (task.file.name, task.room): self._ready[task.key] for task in tasks if task.key in self._ready
        }
        by_room = {room: each.path for (_, room), each in ready.items()}
        by_name = {file.name: file for file in self._listing.files if file.name not in self._refused}
        names = self._names(by_name)
        return Stock(names, ready, self._notes, by_room.get(_NO_ROOM), by_room.get(LOGO_ROOM))


def _task(file: FoundFile, room: Size) -> _Task:
    target = f"{file.kind.value} {room[0]}x{room[1]}"
    return _Task(file, room, key_of(file.name, file.stamp.size, file.stamp.mtime_ns, target))


def _started(task: _Task, file: BinaryIO, out: BinaryIO, half: Path) -> Work:
    """The child process; a typeface is copied first, so that what is tried is what will be used."""
    if task.file.kind is not Kind.TYPEFACE:
        return Work(task.file.kind, file, task.room, out)
    shutil.copyfileobj(file, out)
    out.flush()
    with half.open("rb") as copy, Path("/dev/null").open("wb") as nowhere:
        return Work(task.file.kind, copy, task.room, nowhere)
