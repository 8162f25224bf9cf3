"""EDGE. One process of the chain: started, read, killed or stopped, and started again."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STOP_WITHIN_S = 10.0
LAST_WORDS_WITHIN_S = 1.0


class PartFailedError(RuntimeError):
    """A process of the chain ended, or logged nothing for too long; the message has its last lines."""


@dataclass(frozen=True)
class LogLine:
    """A line that a process logged, and when it reached us (Unix seconds)."""

    at_s: float
    text: str


class Part:
    """A process with its log: every line is kept with its time, and written to `log_file`.

    It runs in a session of its own, so that Ctrl-C at the terminal reaches only the one who started it.
    """

    def __init__(
        self, name: str, command: Sequence[str], log_file: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._command = list(command)
        self._environment = {**os.environ, **(environment or {})}
        self._log_file = log_file
        self._log_lines: list[LogLine] = []
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def change_environment(self, **changes: str) -> None:
        """Have its next start find these variables in its environment."""
        self._environment.update(changes)

    def start(self) -> None:
        """Start it; returns at once."""
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(
            target=self._read_log, args=(self._process,), name=self.name, daemon=True
        )
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process that runs, or ran last."""
        return self._running.pid

    @property
    def exit_status(self) -> int | None:
        """How it ended; None while it runs."""
        return self._running.poll()

    @property
    def log_lines(self) -> list[LogLine]:
        """Every line so far, over all its starts."""
        return list(self._log_lines)

    def find_line(self, words: str, since: int = 0) -> LogLine | None:
        """The first line after the first `since` that contains `words`."""
        return next((line for line in self.log_lines[since:] if words in line.text), None)

    def wait_for_line(self, words: str, within_s: float = 60.0, since: int = 0) -> LogLine:
        """Wait for a line that contains `words`.

        Raises:
            PartFailedError: the process ended, or the time did.
        """
        deadline = time.monotonic() + within_s
        while (line := self.find_line(words, since)) is None:
            if self.exit_status is not None:
                raise self.failure(f"ended with status {self.exit_status}")
            if time.monotonic() > deadline:
                raise self.failure(f"did not say {words!r} within {within_s:g} s")
            time.sleep(0.01)
        return line

    def failure(self, what: str) -> PartFailedError:
        """The error to raise when it did `what`; its last lines and its log file are in the message."""
        if self._reader is not None and self.exit_status is not None:
            self._reader.join(LAST_WORDS_WITHIN_S)
        last = "\n  ".join(line.text for line in self.log_lines[-15:])
        return PartFailedError(f"{self.name} {what}; its last lines (all in {self._log_file}):\n  {last}")

    def kill(self) -> None:
        """End it as a power cut would, and wait until it is gone."""
        self._running.kill()
        self._running.wait()

    def stop(self) -> None:
        """Ask it to end, and wait for it; kill it if it does not."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def restart(self) -> None:
        """Stop it if it runs, and start it anew."""
        self.stop()
        self.start()

    @property
    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise PartFailedError(f"{self.name} was not started")
        return self._process

    def _read_log(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None  # noqa: S101
        with self._log_file.open("a") as log:
            for line in process.stdout:
                self._log_lines.append(LogLine(time.time(), line.rstrip("\n")))
                log.write(line)
                log.flush()
