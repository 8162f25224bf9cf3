"""EDGE. The note of which line the coin line's process holds, for whoever comes after its crash.

It lies in the runtime directory, which the service manager names to all that it starts. Whoever reads it
needs no configuration: that may say another pin by now, or nothing. Imported by what must be quick.
"""

from __future__ import annotations

import os
from types import TracebackType

# What became of the line is known, and there is nothing to be done about it.
AT_REST = "at rest"


def note_path() -> str | None:
    """Where the note lies; None for what no service manager has started."""
    folder = os.environ.get("RUNTIME_DIRECTORY")
    return f"{folder}/coin-line" if folder else None


class ClaimNote:
    """While entered, the note at `path` says that `line` of `device` is held; then that it is at rest.

    An error leaves the note as it was: then nobody knows how the line stands.

    Raises:
        OSError: it cannot be written; then no pulse may leave, for a crash would leave the line active.
    """

    def __init__(self, path: str, device: str, line: int) -> None:
        self._path = path
        self._held = f"held {device} {line}"

    def __enter__(self) -> None:
        write_note(self._path, self._held)

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if kind is None:
            write_note(self._path, AT_REST)


def write_note(path: str, text: str) -> None:
    """Put the note there, whole or not at all."""
    with open(f"{path}.new", "w") as file:
        file.write(text + "\n")
    os.replace(f"{path}.new", path)


def read_note(path: str | None) -> tuple[str, int] | str | None:
    """The device and the line that are held, AT_REST, or None where that is not known."""
    try:
        with open(path or "") as file:
            text = file.read().strip()
    except (OSError, ValueError):
        return None
    match text.split():
        case ["held", device, line] if line.isdecimal():
            return device, int(line)
    return AT_REST if text == AT_REST else None
