"""EDGE. Looks through the operator's folder once, as the screen would; `cabinet check` runs it as its user.

`python -m attract_screen.material.inspection FOLDER SECONDS` prints a JSON object: `folder`, why the folder
cannot be used, or null; `shown`, how many files are shown; `problems`, why others are not, each as a pair of
name and text; `unseen`, how many there was no time for.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from attract_screen.material.complaints import shown_name
from attract_screen.material.disagreements import strays, told_mistakes, unreadable
from attract_screen.material.folder import Folder, FoundFile, told_folder
from attract_screen.material.formats.kinds import Kind
from attract_screen.material.notes import load_notes
from attract_screen.material.plain_file import open_plain
from attract_screen.material.rules.notes import NO_NOTES, NOTES_NAME, Notes
from attract_screen.material.workshop import Work

_ROOM = (64, 64)
_FIRST_MS = 1


@dataclass(frozen=True)
class Inspection:
    """What was found; names are fit to be printed."""

    folder: str | None = None
    shown: int = 0
    problems: tuple[tuple[str, str], ...] = ()
    unseen: int = 0


def inspect(path: Path, until_s: float) -> Inspection:
    """Look at everything, and into as many files as there is time for until `until_s` (monotonic clock)."""
    try:
        os.scandir(path).close()
        notes, problems = _notes(path / NOTES_NAME)
        listing = Folder(path).look(notes.named, patient=False)
    except OSError as error:
        return Inspection(told_folder(path, error))
    problems |= {**listing.problems, **strays(listing, notes)}
    shown = unseen = 0
    for file in listing.files:
        if file.name in problems:
            continue
        why = _tried(path, file, until_s)
        unseen += why is None
        shown += why == "" and file.kind is not Kind.TYPEFACE and not notes.is_logo(file.name)
        if why:
            problems[file.name] = why
    named = tuple((shown_name(name), text) for name, text in problems.items())
    return Inspection(None, shown, named, unseen)


def _notes(path: Path) -> tuple[Notes, dict[str, str]]:
    try:
        notes, mistakes = load_notes(path)
    except OSError as error:
        return NO_NOTES, {NOTES_NAME: unreadable(error)}
    return notes, told_mistakes(mistakes)


def _tried(path: Path, file: FoundFile, until_s: float) -> str | None:
    """Why it is not shown, which is empty if it is; None if there was no time to see."""
    if time.monotonic() >= until_s:
        return None
    try:
        with open_plain(path / file.name) as opened, Path("/dev/null").open("wb") as nowhere:
            work = Work(file.kind, opened, _ROOM, nowhere, _FIRST_MS)
    except OSError as error:
        return f"it cannot be opened: {error.strerror or error}"
    work.wait(until_s)
    outcome = work.outcome()
    if outcome is None:
        work.stop()
        return None
    return outcome.refused


def main(arguments: list[str]) -> int:
    """Print what is found."""
    found = inspect(Path(arguments[0]), time.monotonic() + float(arguments[1]))
    sys.stdout.write(json.dumps(asdict(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
