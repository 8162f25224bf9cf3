"""EDGE. How a program at a terminal ends: Ctrl-C is no failure, and neither is a reader that has seen enough.

A copy of the attract screen's, for the relay ships alone.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from types import FrameType
from typing import Any, NoReturn, TextIO, cast

# What a shell says of a program ended by SIGINT or SIGPIPE; what stands around ours passes it on in silence.
INTERRUPTED, NO_READER, NOT_WRITTEN = 130, 141, 1


def quiet_imports() -> None:
    """Have Ctrl-C end the process at once, until `run_quietly` begins: on a Pi, imports take seconds."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def run_quietly(main: Callable[[], int]) -> int:
    """Run `main`; its exit status, or what a shell says of a program that was interrupted, or had no reader.

    What is printed meanwhile is never refused: a character that the terminal's encoding lacks is a "?".
    """
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    out, err = Output(_of(sys.stdout, "replace")), Complaints(_of(sys.stderr, "backslashreplace"))
    with redirect_stdout(cast("TextIO", out)), redirect_stderr(cast("TextIO", err)):
        try:
            try:
                return main()
            finally:
                out.flush()
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever presses it twice gets no traceback either
            return INTERRUPTED


def leave(status: int) -> NoReturn:
    """End the process with this status, as it stands.

    Python's end would take OpenSSL down beneath a thread that nobody waits for, and die of a signal.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # closed, or never there
            stream.flush()
    os._exit(status)


class Output:
    """The standard output; whoever writes when nothing is taken any more, ends.

    A broken pipe is not raised as such: a command would take it for one of its own connections.
    """

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw
        self._ended: int | None = None

    def write(self, text: str) -> int:
        """Write the text, or raise SystemExit."""
        return cast("int", self._or_end(self.raw.write, text))

    def flush(self) -> None:
        """Hand on what was written, or raise SystemExit."""
        self._or_end(self.raw.flush)

    def _or_end(self, act: Callable[..., Any], *arguments: str) -> Any:
        if self._ended is not None:
            raise SystemExit(self._ended)
        try:
            return act(*arguments)
        except OSError as error:
            self._end(error)

    def _end(self, error: OSError) -> NoReturn:
        _lead_nowhere(self.raw)
        self._ended = NO_READER if isinstance(error, BrokenPipeError) else NOT_WRITTEN
        if self._ended == NOT_WRITTEN:
            sys.stderr.write(f"what this prints cannot be written: {error.strerror}\n")
        raise SystemExit(self._ended) from None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


class Complaints:
    """The standard error; what nobody reads there stops nothing."""

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        """Write the text, if it is taken."""
        self._if_taken(self.raw.write, text)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written, if it is taken."""
        self._if_taken(self.raw.flush)

    def _if_taken(self, act: Callable[..., Any], *arguments: str) -> None:
        try:
            act(*arguments)
        except BrokenPipeError:
            _lead_nowhere(self.raw)
        except OSError:
            pass  # there is nowhere left to say so

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


def _of(stream: TextIO | None, errors: str) -> TextIO:
    """The stream, with another way to treat what its encoding lacks; one to nowhere if it was closed."""
    if stream is None:
        return open(os.devnull, "w")  # noqa: PTH123 - it is open as long as the process is
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=errors)
    return stream


def _lead_nowhere(stream: TextIO) -> None:
    """What still waits to be written would be complained about at the very end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(INTERRUPTED)
