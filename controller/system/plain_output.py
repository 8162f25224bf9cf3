"""EDGE. What is logged or printed passes here, so that no caller has to think of other people's text."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from copy import copy
from textwrap import indent
from typing import Any, TextIO, cast

from controller.pages.plain_text import plain

_OF_A_PAGE = "\n\t"  # what our own texts are made of, lines and columns


class PlainFormatter(logging.Formatter):
    """Formats by another formatter: a message is one line, and a traceback looks like no message."""

    def __init__(self, inner: logging.Formatter) -> None:
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """The record as text without control characters."""
        clean = copy(record)
        clean.msg, clean.args = plain(record.getMessage()), None
        if record.exc_info:
            clean.exc_text = indent(self._inner.formatException(record.exc_info), "  | ", lambda _: True)
        return plain(self._inner.format(clean), keep=_OF_A_PAGE)


class PlainStream:
    """A terminal, for text that may be anybody's; `raw` is the terminal itself."""

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        """Write the text without control characters, line ends aside."""
        self.raw.write(plain(text, keep=_OF_A_PAGE))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


def make_log_plain() -> None:
    """Have whatever the process logs from now on pass through PlainFormatter."""
    for handler in logging.getLogger().handlers:
        if not isinstance(handler.formatter, PlainFormatter):
            handler.setFormatter(PlainFormatter(handler.formatter or logging.Formatter()))


@contextmanager
def plain_terminal() -> Iterator[None]:
    """Have whatever is printed meanwhile pass through PlainStream."""
    out, err = (cast("TextIO", PlainStream(stream)) for stream in (sys.stdout, sys.stderr))
    with redirect_stdout(out), redirect_stderr(err):
        yield


def terminal() -> TextIO:
    """The standard output itself, for a program that moves the cursor and has looked at its text before."""
    return sys.stdout.raw if isinstance(sys.stdout, PlainStream) else sys.stdout
