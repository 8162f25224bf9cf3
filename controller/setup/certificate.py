"""EDGE. The certificate of an authority of one's own, which lies on the card beside cabinet.yaml."""

from __future__ import annotations

from pathlib import Path

from controller.setup.files import sync_folder, write_config
from controller.setup.places import Places

NAME = "ca.crt"
_MOST_BYTES = 64 * 1024


def certificate_beside(file: Path, config: bytes, places: Places) -> bytes | None:
    """What `ca.crt` on the card holds, if the configuration names its place in the cabinet."""
    found = _on_card(file)
    if found is None or str(places.certificate).encode() not in config:
        return None
    with found.open("rb") as opened:
        return opened.read(_MOST_BYTES)


def keep_certificate(certificate: bytes, places: Places) -> None:
    """Put it in its place in the cabinet."""
    if not places.certificate.exists() or places.certificate.read_bytes() != certificate:
        write_config(places.certificate, certificate)


def take_certificate_off(file: Path) -> None:
    """Delete it on the card; it is no secret."""
    if found := _on_card(file):
        found.unlink()
        sync_folder(found.parent)


def _on_card(file: Path) -> Path | None:
    # FAT takes capitals for small letters.
    named = [path for path in file.parent.iterdir() if path.name.lower() == NAME and path.is_file()]
    return named[0] if named and not named[0].is_symlink() else None
