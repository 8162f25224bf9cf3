"""EDGE. The file with the operator's own words: read when it changes; what is wrong with it is told once."""

from __future__ import annotations

from pathlib import Path

from attract_screen.language.catalogues import find_ours
from attract_screen.language.formats.own_words import Lacking, OwnWords, read_own_words
from attract_screen.material.complaints import Complaints
from attract_screen.material.formats.tree import Mistake
from attract_screen.material.notes import read_tree

LOOK_S = 2.0


def load_own_words(path: Path, lacking: Lacking) -> tuple[OwnWords, tuple[Mistake, ...]]:
    """The words that can be used, and every mistake.

    Raises OSError for a file that cannot be read.
    """
    tree, mistake = read_tree(path)
    if mistake is not None:
        return {}, (mistake,)
    return read_own_words(tree, find_ours, lacking)


class OwnFile:
    """Follows one file at most; without one there are no words."""

    def __init__(self, lacking: Lacking, complaints: Complaints) -> None:
        self._lacking = lacking
        self._complaints = complaints
        self._path: Path | None = None
        self._identity: tuple[int, int, int] | None = None
        self._look_at_s = float("-inf")
        self._words: OwnWords = {}

    def words(self, path: Path | None, now_s: float) -> OwnWords:
        """What it says; a file that cannot be read says nothing."""
        if path == self._path and now_s < self._look_at_s:
            return self._words
        if path != self._path:
            self._path, self._identity, self._words = path, None, {}
            self._complaints.hold({})
        self._look_at_s = now_s + LOOK_S
        if path is not None:
            self._look(path)
        return self._words

    def _look(self, path: Path) -> None:
        try:
            seen = path.stat()
            identity = (seen.st_mtime_ns, seen.st_ino, seen.st_size)
            if identity == self._identity:
                return
            self._words, mistakes = load_own_words(path, self._lacking)
            self._identity = identity
            self._complaints.hold({str(path): "; ".join(map(str, mistakes))} if mistakes else {})
        except OSError as error:
            self._words, self._identity = {}, None
            self._complaints.hold({str(path): f"cannot be read: {error.strerror or error}"})
