"""From the bytes of config.yaml to text that YAML can be trusted with; what is not is told by its place."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from controller.formats.odd_characters import named, oddity, remedy


class NotPlainText(Exception):
    """What is wrong with it, and in which line (counted from 1)."""

    def __init__(self, line: int, what: str, text: str) -> None:
        super().__init__(f"{line}: {what} {text}")
        self.line, self.what, self.text = line, what, text


NOT_UTF8, NOT_YAML = "is not UTF-8:", "is not YAML:"
_UTF16 = 'it is UTF-16, which some editors call "Unicode": save it with the encoding UTF-8'
_MARKS = {
    codecs.BOM_UTF32_LE: "it is UTF-32: save it with the encoding UTF-8",
    codecs.BOM_UTF16_LE: _UTF16,
    codecs.BOM_UTF16_BE: _UTF16,
}
_DOCUMENTS = {
    b"{\\rtf": "it is a document in rich text: save it as plain text",
    b"pk\x03\x04": "it is a ZIP file or an office document: save it as plain text",
    b"<!doctype": "it is a web page: fetch the file itself",
    b"<html": "it is a web page: fetch the file itself",
    b"```": "``` marks code on a page: delete this line, and the one at the end",
}
_GIT_MARKS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""")
# YAML takes these for the end of a line; no editor shows them so.
_HIDDEN_BREAKS = re.compile("[\x85\u2028\u2029\x0b\x0c]")
_MOST_LINES_NAMED = 6


def text_in(raw: bytes) -> str:
    """The text of a file, without the mark that some editors put in front.

    Raises:
        NotPlainText: it is no UTF-8, damaged, or another kind of document.
    """
    for mark, text in _MARKS.items():
        if raw.startswith(mark):
            raise NotPlainText(1, NOT_UTF8, text)
    for beginning, text in _DOCUMENTS.items():
        if raw.lstrip().lower().startswith(beginning):
            raise NotPlainText(1, NOT_YAML, text)
    if b"\0" in raw:
        raise _with_nul(raw)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _no_utf8(raw, error.start) from error


def _with_nul(raw: bytes) -> NotPlainText:
    at, start = raw.index(b"\0"), raw[:200]
    if sorted(start[first::2].count(0) * 5 > len(start) for first in (0, 1)) == [False, True]:
        return NotPlainText(1, NOT_UTF8, _UTF16)
    text = "NUL bytes begin here, as a power cut leaves them: copy the file anew, or type what is missing"
    return NotPlainText(raw.count(b"\n", 0, at) + 1, "is damaged:", text)


def _no_utf8(raw: bytes, at: int) -> NotPlainText:
    begins = raw.rfind(b"\n", 0, at) + 1
    number = len(raw[begins:at].decode("utf-8", "replace")) + 1
    text = (
        f"character {number} is of Latin-1, Windows-1252 or the like: save the file with the encoding UTF-8"
    )
    return NotPlainText(raw.count(b"\n", 0, at) + 1, NOT_UTF8, text)


def check_structure(text: str) -> None:
    """Look at everything but the values: indentation, keys, colons, and what stands around values.

    Raises:
        NotPlainText: the first odd character, and the other lines that have one in such a place.
    """
    found = list(_odd_lines(text))
    if not found:
        return
    line, told = found[0]
    others = [str(number) for number, _ in found[1:]]
    more = ", ".join(others[:_MOST_LINES_NAMED]) + (" and more" if len(others) > _MOST_LINES_NAMED else "")
    also = f" (so have lines {more})" if len(others) > 1 else f" (so has line {more})" if others else ""
    raise NotPlainText(line, NOT_YAML, told + also)


def _odd_lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(re.split("\r\n|\n|\r", text), 1):
        if told := _oddity_of(line):
            yield number, told


def _oddity_of(line: str) -> str | None:
    if hidden := _HIDDEN_BREAKS.search(line):
        return f"character {hidden.start() + 1} is {named(hidden[0])}, which ends a line: delete it"
    if line.startswith(_GIT_MARKS):
        return f"{line[:7]} is a mark of git's: keep one of the two versions, and delete the marks"
    content = line.lstrip()
    indent = len(line) - len(content)
    if not content or content.startswith("#"):
        return oddity(line[:indent])
    key, colon, rest = content.partition(":")
    if not colon:
        return _false_colon(content, indent)
    if key.lstrip().startswith(('"', "'", "?", "[", "{")):
        return None
    value = rest.lstrip()
    space = len(rest) - len(value)
    return (
        oddity(line[:indent])
        or (oddity(key, indent + 1) if not value.startswith("//") else None)
        or oddity(rest[:space], indent + len(key) + 2)
        or _tab_behind(value, indent + len(key) + 2 + space)
    )


def _false_colon(content: str, indent: int) -> str | None:
    for at, character in enumerate(content, indent + 1):
        if remedy(character) == "type :":
            return f"character {at} is {named(character)}: type : and a space"
    return None


def _tab_behind(value: str, first: int) -> str | None:
    """A tab behind a value; one within quotes is part of it."""
    quoted = _QUOTED.match(value)
    at = quoted.end() if quoted else 0
    tab = value.find("\t", at, value.find("#", at) if "#" in value[at:] else len(value))
    return oddity("\t", first + tab) if tab >= 0 else None
