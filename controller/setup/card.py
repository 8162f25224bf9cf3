"""EDGE. The card's boot partition: which file on it is ours, and how it is replaced or taken off."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from controller.formats.card_text import is_card_name, is_nearly_card_name
from controller.pages.card_page import EXAMPLE, REPORT
from controller.setup.files import overwrite, sync_folder, wipe, write

log = logging.getLogger(__name__)

# Raspberry Pi OS since Bookworm, and before.
BOOT_FOLDERS = (Path("/boot/firmware"), Path("/boot"))
NAME = "cabinet.yaml"
# Ours for a moment, while a file is replaced: names that nobody gives a file of his own.
_FRESH, _GONE = "arcade-cabinet.new", "arcade-cabinet.old"


def card_files(folders: Sequence[Path]) -> list[Path]:
    """The files that are meant for the cabinet."""
    return _named(folders, is_card_name)


def nearly_card_files(folders: Sequence[Path]) -> list[Path]:
    """Files that may be meant, by a name that is not right."""
    return [path for path in _named(folders, is_nearly_card_name) if path.name not in (REPORT, EXAMPLE)]


def _named(folders: Sequence[Path], is_meant: Callable[[str], bool]) -> list[Path]:
    return [path for folder in folders for path in _in_folder(folder, is_meant)]


def _in_folder(folder: Path, is_meant: Callable[[str], bool]) -> list[Path]:
    try:
        found = [path for path in sorted(folder.iterdir()) if is_meant(path.name)]
        return [path for path in found if path.is_file() and not path.is_symlink()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        log.error("%s cannot be read: %s", folder, error.strerror)
        return []


def finish_what_was_begun(folder: Path) -> None:
    """Bring a replacement to its end that a power cut came in between."""
    fresh, gone = folder / _FRESH, folder / _GONE
    if gone.exists() and fresh.exists():
        fresh.rename(folder / NAME)
        sync_folder(folder)
    if gone.exists():
        wipe(gone)
    if fresh.exists():  # a card that cannot be written to says so even of what is not there
        fresh.unlink()


def replace(file: Path, data: bytes) -> None:
    """Put other bytes in the place of a file on the card, whose own are then found nowhere."""
    fresh = file.with_name(_FRESH)
    try:
        write(fresh, data)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        overwrite(file, data)  # a full card has no room for a second one
        return
    sync_folder(file.parent)
    gone = file.rename(file.with_name(_GONE))
    sync_folder(file.parent)
    fresh.rename(file)
    sync_folder(file.parent)
    wipe(gone)


def take_off(file: Path) -> None:
    """Delete a file on the card, so that its bytes are found nowhere."""
    gone = file.rename(file.with_name(_GONE))
    sync_folder(file.parent)
    wipe(gone)
