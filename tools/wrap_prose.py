"""Wraps the prose of Markdown files at 100 columns: `make format`.

Only paragraphs and list items with a line that is too long are touched. Tables, code, headings and whatever
has no space to break at stay as they are.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

WIDTH = 100
# At the beginning of a line these would be a list, a quotation or a heading.
_MARKER = re.compile(r"[-+*>]|#+|\d+[.)]")
_ITEM = re.compile(r"( *(?:[-*]|\d+\.) +|> +)?")
_NO_PROSE = re.compile(r"\s*$|\||#|    |!\[|<|---")


def main() -> None:
    """Wrap the files that are named."""
    for path in map(Path, sys.argv[1:]):
        before = path.read_text()
        after = wrapped(before)
        if after != before:
            path.write_text(after)
            print(f"wrapped {path}")


def wrapped(text: str) -> str:
    """The text with every paragraph wrapped that has too long a line."""
    done = (
        _wrap(block) if max(map(len, block)) > WIDTH and is_prose else block
        for is_prose, block in _blocks(text.splitlines())
    )
    return "".join(f"{line}\n" for block in done for line in block)


def _blocks(lines: list[str]) -> Iterator[tuple[bool, list[str]]]:
    """The lines in pieces: a paragraph or list item together, and everything else line by line."""
    paragraph: list[str] = []
    fenced = False
    for line in lines:
        is_fence = line.lstrip().startswith("```")
        is_code = _NO_PROSE.match(line) and not (paragraph and line[:1] == " ")
        is_prose = not (fenced or is_fence or is_code or line.lstrip().startswith("|"))
        begins = _MARKER.fullmatch(line.lstrip().split(" ")[0]) is not None
        if paragraph and (not is_prose or not line.strip() or begins):
            yield True, paragraph
            paragraph = []
        fenced ^= is_fence
        if is_prose and line.strip():
            paragraph.append(line)
        else:
            yield False, [line]
    if paragraph:
        yield True, paragraph


def _wrap(paragraph: list[str]) -> list[str]:
    marker = _ITEM.match(paragraph[0])
    first = marker[0] if marker else ""
    indent = first if first.startswith(">") else " " * len(first)
    lines, line = [], first
    for word in _words(" ".join([paragraph[0][len(first) :], *(each.strip("> ") for each in paragraph[1:])])):
        if len(line) + len(word) > WIDTH and line.strip() and line != first:
            lines.append(line.rstrip())
            line = indent
        line += f"{word} "
    return [*lines, line.rstrip()]


def _words(text: str) -> list[str]:
    """What may not be broken: words, `code with spaces`, and a marker with the word before it."""
    words: list[str] = []
    for word in text.split():
        inside_code = bool(words) and words[-1].count("`") % 2 == 1
        if words and (inside_code or _MARKER.fullmatch(word)):
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words


if __name__ == "__main__":
    main()
