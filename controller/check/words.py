"""EDGE. Checks the file with the operator's own words for the screen, with the eyes of the screen's user."""

from __future__ import annotations

import os
from pathlib import Path

from controller.pages.findings import Finding, note, ok, warning
from controller.system.other_user import NotLookedError, look_as
from controller.system.systemd_units import Unit

_ELSEWHERE = "Put it where the screen can read it, as /srv/words.yaml, and write that into screen.words."
_MEND = "Mend it: the screen reads it again by itself."


def check_words(path: Path, screen: Unit | None) -> list[Finding]:
    """Which of the operator's words the unit `screen` says, and why not the others. It forks."""
    if screen is not None and (barrier := screen.sandbox.hides((str(path), os.path.realpath(path)))):
        hides = f"{barrier.directive}= of {screen.name} hides {barrier.folder}"
        return [warning(f"the screen sees nothing of {path}: {hides}", _ELSEWHERE)]
    user = (screen.user if screen is not None else "") or "root"
    try:
        found = look_as(user, lambda: _looked(path))
    except NotLookedError as why:
        return [note(f"{path} was not looked at: {why}")]
    if found["unreadable"]:
        return [warning(f"{path} cannot be read by {user}: {found['unreadable']}", _ELSEWHERE)]
    count = found["words"]
    told = [ok(f"{'1 text' if count == 1 else f'{count} texts'} of {path} can be said")]
    return told + [warning(f"{path.name}, {mistake}", _MEND) for mistake in found["mistakes"]]


def _looked(path: Path) -> dict[str, object]:
    # Imported here, in a process of its own: the screen's library is large.
    from attract_screen.language.own_file import load_own_words
    from attract_screen.picture.letters.sans import first_lacking

    try:
        words, mistakes = load_own_words(path, first_lacking)
    except OSError as error:
        return {"unreadable": error.strerror or str(error)}
    count = sum(map(len, words.values()))
    return {"unreadable": "", "words": count, "mistakes": [str(mistake) for mistake in mistakes]}
