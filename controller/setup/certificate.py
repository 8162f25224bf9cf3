"""EDGE. The certificate of an authority of one's own, which lies on the card beside cabinet.yaml."""

from __future__ import annotations

import logging
from pathlib import Path

from controller.setup.files import sync_folder, write_config
from controller.setup.places import Places

log = logging.getLogger(__name__)

NAME = "ca.crt"
_MOST_BYTES = 64 * 1024


def certificate_beside(file: Path, config: bytes, places: Places) -> bytes | None:
    """What `ca.crt` on the card holds, if the configuration names its place in the cabinet."""
    return _read(file) if str(places.certificate).encode() in config else None


def keep_certificate(certificate: bytes, places: Places) -> None:
    """Put it in its place in the cabinet."""
    if not places.certificate.exists() or places.certificate.read_bytes() != certificate:
        write_config(places.certificate, certificate)


def take_certificate_off(file: Path, places: Places) -> None:
    """Delete it on the card, once the cabinet has it; it is no secret."""
    if places.certificate.exists() and _read(file) == places.certificate.read_bytes():
        for path in _named(file):
            path.unlink()
        sync_folder(file.parent)


def _read(file: Path) -> bytes | None:
    found = _named(file)
    if not found:
        return None
    try:
        with found[0].open("rb") as opened:
            return opened.read(_MOST_BYTES)
    except OSError as error:
        log.error("%s cannot be read: %s", found[0], error.strerror)
        return None


def _named(file: Path) -> list[Path]:
    # FAT takes capitals for small letters.
    named = [path for path in file.parent.iterdir() if path.name.lower() == NAME]
    return [path for path in named if path.is_file() and not path.is_symlink()]
