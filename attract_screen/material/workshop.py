"""EDGE. Has a child process make one file ready, and tells what became of it; never waits."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from attract_screen.material.child import MOST_CLIP_MS, REFUSED
from attract_screen.material.formats.kinds import Kind
from attract_screen.material.limits import CLIP_LIMITS, PICTURE_LIMITS, Limits

_MODULE = "attract_screen.material.child"
_CODE = Path(__file__).parent.parent.parent
_MOST_SAID = 400
_KEPT_ENVIRONMENT = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR")


@dataclass(frozen=True)
class Outcome:
    """How it ended: `refused` says why the file is not shown, `remark` what is to be known of one that is."""

    refused: str = ""
    remark: str = ""


class Work:
    """One child process at work on one file."""

    def __init__(
        self,
        kind: Kind,
        file: BinaryIO,
        room: tuple[int, int],
        out: BinaryIO,
        most_ms: int = MOST_CLIP_MS,
        wall_s: float | None = None,
    ) -> None:
        """Begin, with at most `most_ms` of a clip; `file` and `out` may be closed at once.

        `wall_s` is how long it may take; by itself what the kind may. Raises OSError where no process can be
        started.
        """
        self._limits: Limits = CLIP_LIMITS if kind is Kind.CLIP else PICTURE_LIMITS
        self._wall_s = self._limits.wall_s if wall_s is None else wall_s
        self._until_s = time.monotonic() + self._wall_s
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", _MODULE, kind.value, f"{room[0]}x{room[1]}", str(most_ms)],
            stdin=file,
            stdout=out,
            stderr=self._said,
            env=environment(),
        )

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def outcome(self) -> Outcome | None:
        """How it ended, or None while it is at work; one that takes too long is ended."""
        status = self._process.poll()
        if status is None and time.monotonic() < self._until_s:
            return None
        if status is None:
            self.stop()
            return Outcome(_slow(self._wall_s))
        with self._said:
            return self._judged(status)

    def wait(self, until_s: float = math.inf) -> None:
        """Wait until it has ended, or took too long, or until `until_s` of the monotonic clock."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, min(until_s, self._until_s) - time.monotonic()))

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._said.close()

    def _judged(self, status: int) -> Outcome:
        self._said.seek(0)
        words = self._said.read(_MOST_SAID).decode(errors="replace").strip()
        if status == 0:
            return Outcome(remark=words)
        if status == REFUSED:
            return Outcome(words or "it is broken")
        if status in (-signal.SIGXCPU, -signal.SIGKILL):
            return Outcome(_slow(self._limits.cpu_s))
        return Outcome(f"what opens it crashed ({_named(status)}): it is broken, or was made to do harm")


def _slow(seconds: float) -> str:
    return f"opening it took longer than {seconds:g} s or more memory than there is: save it smaller"


def _named(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"


def environment() -> dict[str, str]:
    """Nothing of ours but where code is: what opens a stranger's file finds no more in it."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    code = os.pathsep.join(filter(None, (str(_CODE), os.environ.get("PYTHONPATH"))))
    return {**kept, "PATH": os.defpath, "PYTHONPATH": code, "PYTHONDONTWRITEBYTECODE": "1"}
