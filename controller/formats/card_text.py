"""CORE. The file on the card's boot partition, as other computers name and write it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

# Windows hides endings that it knows, so that a second one goes unseen; FAT takes capitals for small letters.
_NAME: Final = re.compile(r"cabinet\.ya?ml(\.(txt|ya?ml))?", re.IGNORECASE)
_NEARLY: Final = re.compile(r"(cabinet\b.*|config\.ya?ml.*)", re.IGNORECASE)
_DOCUMENTS: Final = (b"PK\x03\x04", b"{\\rtf")
_UTF16: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_BOM: Final = "\ufeff"


@dataclass(frozen=True)
class CardText:
    """What the file says, and how it was written; `is_unicode` is false if its letters are a guess."""

    text: str
    encoding: str
    is_unicode: bool = True

    def saying(self, text: str) -> CardText:
        """Another text, written in the same way."""
        return replace(self, text=text)

    def as_config(self) -> bytes:
        """The text as config.yaml has it. Guessed letters stay as they are, so that they are refused."""
        plain = self.text.removeprefix(_BOM).replace("\r\n", "\n").replace("\r", "\n")
        return plain.encode("utf-8" if self.is_unicode else self.encoding)

    def as_written(self) -> bytes:
        """The text as the editor wrote it."""
        return self.text.encode(self.encoding)


def is_card_name(name: str) -> bool:
    """Whether a file of this name is meant for the cabinet."""
    return _NAME.fullmatch(name) is not None


def is_nearly_card_name(name: str) -> bool:
    """Whether somebody who called a file so may have meant it for the cabinet."""
    return not is_card_name(name) and _NEARLY.fullmatch(name) is not None


def read_card_text(raw: bytes) -> CardText | None:
    """The text of a file; None for what is no text, such as a word processor's document.

    UTF-16, which older editors of Windows call Unicode, is known by its mark, or by its zero bytes.
    """
    encoding = _UTF16.get(raw[:2]) or _unmarked_utf16(raw)
    if raw.startswith(_DOCUMENTS) or (b"\0" in raw and encoding is None):
        return None
    for name in (encoding,) if encoding else ("utf-8",):
        try:
            return CardText(raw.decode(name), name)
        except UnicodeDecodeError:
            continue
    return None if encoding else CardText(raw.decode("latin-1"), "latin-1", is_unicode=False)


def _unmarked_utf16(raw: bytes) -> str | None:
    """Nearly every other byte is zero in a text of Latin letters."""
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros, others = raw[first::2], raw[1 - first :: 2]
        if zeros and zeros.count(0) * 10 > len(zeros) * 9 and b"\0" not in others:
            return name
    return None
