"""CORE. What a file is, by its first bytes: its name's ending may be wrong."""

from __future__ import annotations

from enum import Enum

HEAD_BYTES = 512


class Kind(Enum):
    """What is shown of a file."""

    PICTURE = "picture"
    """A picture, or several that move: GIF, APNG, WebP."""
    CLIP = "clip"
    """A film: MP4, WebM."""
    TYPEFACE = "typeface"


KINDS_SHOWN = "PNG, JPEG, WebP, BMP, GIF, MP4 or WebM"

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"GIF87a", b"GIF89a")
_TYPEFACES = (b"\0\1\0\0", b"OTTO", b"true", b"ttcf")
_PHOTOS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")
_KNOWN = (
    (b"%PDF", "a PDF: save its page as PNG"),
    (b"PK\3\4", "a ZIP file or an office document: copy the pictures that are in it"),
    (b"II*\0", "a TIFF: save it as JPEG or PNG"),
    (b"MM\0*", "a TIFF: save it as JPEG or PNG"),
    (b"8BPS", "a Photoshop file: save it as JPEG or PNG"),
    (b"wOF", "a typeface of the web: take the one that ends in .ttf or .otf"),
)


def kind_of(head: bytes) -> Kind | None:
    """The kind of a file that begins so; None for one that is not shown."""
    if head.startswith(_PICTURES) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP"):
        return Kind.PICTURE
    if head.startswith(b"\x1aE\xdf\xa3") or (head[4:8] == b"ftyp" and head[8:12] not in _PHOTOS):
        return Kind.CLIP
    return Kind.TYPEFACE if head.startswith(_TYPEFACES) else None


def told_of(head: bytes) -> str:
    """Why a file that begins so is not shown, and what helps."""
    if head[4:8] == b"ftyp" and head[8:12] in _PHOTOS:
        return "it is a photo as HEIC or AVIF: save it as JPEG"
    if b"<svg" in head or head.lstrip().startswith(b"<?xml"):
        return "it is a drawing as SVG: save it as PNG"
    for begins, told in _KNOWN:
        if head.startswith(begins):
            return f"it is {told}"
    return f"it is none of {KINDS_SHOWN}"
