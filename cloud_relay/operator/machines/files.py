"""EDGE. Where a machine's config.yaml is written: a file for its owner's eyes, or a card's boot partition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cloud_relay.errors import RelayError
from cloud_relay.formats.cabinet_config import machine_in
from cloud_relay.private_file import put_in_place, write_fresh

ON_CARD, CERTIFICATE_ON_CARD = "cabinet.yaml", "ca.crt"
# A cabinet that finds this one on its card, left by a plug that was pulled, takes it away.
_FRESH_ON_CARD = "arcade-cabinet.new"
_MEANT_FOR_A_CABINET = re.compile(r"cabinet\.ya?ml(\.(txt|ya?ml))?", re.IGNORECASE)
_MOST_BYTES = 64 * 1024


class UnusablePlace(RelayError):
    """The file or the card cannot be used; the message says why."""


@dataclass(frozen=True)
class Place:
    """A file, and whether it is on a card: FAT knows no modes, and its editors want another line end."""

    path: Path
    is_on_card: bool = False

    @property
    def certificate(self) -> Path:
        """Where the authority's certificate goes beside it."""
        return self.path.with_name(CERTIFICATE_ON_CARD)

    def text(self) -> str | None:
        """What is there; None for nothing.

        Raises:
            UnusablePlace: it cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                return file.read(_MOST_BYTES).decode(errors="replace")
        except FileNotFoundError:
            return None
        except OSError as why:
            raise _unusable(self.path, why) from None

    @property
    def machine_id(self) -> str | None:
        """Whose file is there; None where it is none, or nobody can tell."""
        return machine_in((self.text() or "").replace("\r\n", "\n"))

    @contextmanager
    def written(self, text: str) -> Iterator[None]:
        """Have the text on the disk, and in its place once all within is done; after an error in neither.

        Raises:
            UnusablePlace: it cannot be written.
        """
        fresh = self.path.with_name(_FRESH_ON_CARD if self.is_on_card else f"{self.path.name}.new")
        try:
            write_fresh(fresh, (text.replace("\n", "\r\n") if self.is_on_card else text).encode())
        except OSError as why:
            raise _unusable(fresh, why) from None
        try:
            yield
            put_in_place(fresh, self.path)
        except OSError as why:
            raise _unusable(self.path, why) from None
        finally:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)


def card_at(folder: Path) -> Place:
    """The place on the boot partition that is mounted there.

    Raises:
        UnusablePlace: it is none, or holds a file under a name that a cabinet takes for the same.
    """
    if not (folder / "config.txt").is_file() or not (folder / "cmdline.txt").is_file():
        raise UnusablePlace(
            f"{folder} is no boot partition of a Pi, which has a config.txt and a cmdline.txt: name the "
            "folder where the card's small partition is, as /media/you/bootfs"
        )
    names = sorted(path.name for path in folder.iterdir())
    others = [name for name in names if _MEANT_FOR_A_CABINET.fullmatch(name) and name != ON_CARD]
    if others:
        raise UnusablePlace(f"{folder / others[0]} would be read, too, or in its place: move it away first")
    return Place(folder / ON_CARD, is_on_card=True)


def write_public(path: Path, data: bytes) -> None:
    """Write what is no secret.

    Raises:
        UnusablePlace: it cannot be written.
    """
    try:
        write_fresh(path, data)
    except OSError as why:
        raise _unusable(path, why) from None


def _unusable(path: Path, why: OSError) -> UnusablePlace:
    return UnusablePlace(f"{path} cannot be used: {why.strerror}")
