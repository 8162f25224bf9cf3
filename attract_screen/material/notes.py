"""EDGE. screen.yaml, the operator's notes beside the files: text -> Notes, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import yaml

from attract_screen.material.formats.notes_format import read_notes
from attract_screen.material.formats.tree import Mistake, Rows, Section, Tree, Word
from attract_screen.material.plain_file import open_plain
from attract_screen.material.rules.notes import NO_NOTES, Notes

MOST_NOTES_BYTES = 16 * 1024
_DEEPEST = 8
_NULL = "tag:yaml.org,2002:null"


class _NotesError(Exception):
    def __init__(self, line: int, text: str) -> None:
        self.mistake = Mistake(line, text)


def load_notes(path: Path) -> tuple[Notes, tuple[Mistake, ...]]:
    """The notes, and every mistake in them; none at all where there is no such file.

    Raises OSError for one that cannot be read.
    """
    try:
        tree, mistake = read_tree(path)
    except FileNotFoundError:
        return NO_NOTES, ()
    return (NO_NOTES, (mistake,)) if mistake else read_notes(tree)


def read_tree(path: Path) -> tuple[Tree | None, Mistake | None]:
    """What a YAML file of the operator's holds, or the mistake for which it cannot be read as one.

    Raises OSError for one that cannot be read at all.
    """
    with open_plain(path) as file:
        raw = file.read(MOST_NOTES_BYTES + 1)
    try:
        return _tree(raw), None
    except _NotesError as error:
        return None, error.mistake


def _tree(raw: bytes) -> Tree | None:
    if len(raw) > MOST_NOTES_BYTES:
        raise _NotesError(1, f"the file is larger than {MOST_NOTES_BYTES} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _NotesError(line, "this is not UTF-8: save the file with the encoding UTF-8") from None
    node = _compose(text)
    return None if node is None else _grown(node, text, 0)


def _compose(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = str(error.problem or error.context)
        raise _NotesError(mark.line + 1 if mark else 1, f"this is not YAML: {_printable(said)}") from None
    except (yaml.YAMLError, ValueError, OverflowError):
        raise _NotesError(1, "this is not YAML: it has characters that no text has") from None
    except RecursionError:
        raise _NotesError(1, "this is not YAML: too many brackets in brackets") from None


def _grown(node: yaml.Node, text: str, depth: int) -> Tree:
    line = node.start_mark.line + 1
    if depth > _DEEPEST:
        raise _NotesError(line, "too many sections in sections")
    if isinstance(node, yaml.ScalarNode):
        return Word("" if node.tag == _NULL else node.value, line)
    if isinstance(node, yaml.SequenceNode):
        for row in node.value:
            _refuse_alias(row, node.start_mark.index, line)
        return Rows(tuple(_grown(row, text, depth + 1) for row in node.value), line)
    return _section(node, text, depth)


def _section(node: yaml.Node, text: str, depth: int) -> Section:
    keys: dict[str, Tree] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _NotesError(line, "a key is a plain word")
        if key.value in keys:
            raise _NotesError(line, f"{key.value!r} stands here a second time")
        _refuse_alias(value, key.end_mark.index, line)
        # An empty value has its place in the next line.
        keys[key.value] = Word("", line) if _is_empty(value) else _grown(value, text, depth + 1)
    return Section(keys, node.start_mark.line + 1)


def _refuse_alias(node: yaml.Node, begins: int, line: int) -> None:
    """An alias is the node that it names, from further up; a few of them in each other are a billion."""
    if node.start_mark.index < begins:
        raise _NotesError(line, 'a text that begins with * goes in "quotes"')


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == _NULL


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
