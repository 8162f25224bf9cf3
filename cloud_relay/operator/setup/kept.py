"""EDGE. Where the relay's variables are kept: a file of its own, or only in the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from cloud_relay.errors import FileTrouble
from cloud_relay.formats.env_file import CannotBeWritten, read_env, with_env
from cloud_relay.private_file import check_writable, read_if_there, write_private


class Kept:
    """The variables, and the way to change them: into `file` where there is one, else printed.

    What stands in the file counts before the environment: it is what the relay is given. Raises FileTrouble
    where the file cannot be read.
    """

    def __init__(self, environment: Mapping[str, str], file: Path | None) -> None:
        self._file = file
        self._known = dict(environment) if file is None else read_env(read_if_there(file))
        self.variables: Mapping[str, str] = {**environment, **self._known}

    def differing(self, values: Mapping[str, str]) -> dict[str, str]:
        """Those of the values that are not kept yet."""
        return {name: value for name, value in values.items() if self._known.get(name) != value}

    def changes(self, values: Mapping[str, str]) -> list[str]:
        """What keeping these will change, as it is told: a file, or nothing."""
        names = " and ".join(self.differing(values))
        return [f"write into {self._file}: {names}"] if self._file and names else []

    def check(self) -> None:
        """Raises FileTrouble where `keep` would fail."""
        if self._file is not None:
            check_writable(self._file)

    def keep(self, values: Mapping[str, str], out: TextIO) -> None:
        """Keep those that differ; they are printed only where there is no file. Raises FileTrouble."""
        new = self.differing(values)
        self._known |= new
        if new and self._file is not None:
            write_private(self._file, _changed(self._file, new))
        elif new:
            out.writelines(f"{name}={value}\n" for name, value in new.items())
            out.flush()


def _changed(file: Path, values: Mapping[str, str]) -> str:
    try:
        return with_env(read_if_there(file), values)
    except CannotBeWritten as why:
        raise FileTrouble(f"{file} is as it was: {why}") from None
