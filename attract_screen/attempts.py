"""How often in a row the display hung: each start waits longer, and the journal stays short. EDGE."""

from __future__ import annotations

import logging
from pathlib import Path

FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 600.0

_log = logging.getLogger(__name__)


class Attempts:
    """Counted in a file in memory, which a start finds as the one before has left it."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def begin(self) -> float:
        """Count one more start; the seconds that it should wait before it tries."""
        failed = self._read()
        self._write(failed + 1)
        if failed == 1:
            _log.warning("The screen ended before its display had answered; it tries again, ever more seldom")
        return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (failed - 1)) if failed else 0.0

    def succeeded(self) -> None:
        """The display has answered, or nobody wants to know any more."""
        self._write(0)

    def _read(self) -> int:
        try:
            return min(int(self._file.read_text()), 99) if self._file else 0
        except (OSError, ValueError):
            return 0

    def _write(self, number: int) -> None:
        if self._file is None:
            return
        try:
            self._file.write_text(str(number))
        except OSError as error:
            _log.warning("cannot note a start in %s: %s", self._file, error.strerror)


def attempts_in(runtime_folder: str | None) -> Attempts:
    """Those of the unit whose RuntimeDirectory= this is; without one nothing is counted."""
    return Attempts(Path(runtime_folder, "attempts") if runtime_folder else None)
