"""Text set into a box: as large as fits, over as many lines as allowed, elided at last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from attract_screen.model.box import Box
from attract_screen.model.phrases import pieces
from attract_screen.picture.colours import Colour
from attract_screen.picture.letters.typefaces import Typeface, Typefaces

ELLIPSIS = "…"
SMALLEST_SANS = 10  # below this the strokes run together
_SIZE_STEP = 0.93
_ENDS = tuple(".!?:。！？：，")  # of what is best read on lines of its own


class Align(Enum):
    """Where a line stands in its box."""

    LEFT = 0
    CENTRE = 1
    RIGHT = 2


@dataclass(frozen=True)
class Label:
    """One line of text and the box of its ink; the size is the face's."""

    text: str
    face: Typeface
    size: int
    colour: Colour
    box: Box


@dataclass(frozen=True)
class Style:
    """How a text is to be set; `largest` is the wished line height in pixels."""

    face: Typeface
    largest: int
    colour: Colour
    align: Align = Align.CENTRE
    max_lines: int = 1
    smallest_scale: int = 1  # of a design's own letters; smaller than this, the text is set in SANS


@dataclass(frozen=True)
class _Type:
    """A face at one size."""

    face: Typeface
    size: int
    faces: Typefaces

    def width(self, text: str) -> int:
        return self.faces.width(text, self.face, self.size)

    @property
    def height(self) -> int:
        return self.faces.height(self.face, self.size)

    @property
    def gap(self) -> int:
        """Between two lines."""
        return self.faces.gap(self.face, self.size)

    def lines_in(self, box: Box) -> int:
        """How many lines a box is high enough for."""
        return (box.h + self.gap) // (self.height + self.gap)


@dataclass(frozen=True)
class _Setting:
    type: _Type
    lines: tuple[str, ...]


def fit(text: str, box: Box, style: Style, faces: Typefaces) -> tuple[Label, ...]:
    """The text's lines, each in a box of its own inside the given box.

    Nothing is returned for a box in which not even one small line has room.
    """
    return fit_alike([(text, box)], style, faces)


def least_lines(text: str, width: int, face: Typeface, size: int, faces: Typefaces) -> int:
    """On how many lines of this width the text has room; 0 if one word alone has none."""
    return len(_wrap(pieces(faces.spelled(text, face) or ""), width, _Type(face, size, faces)))


def fit_alike(texts: Sequence[tuple[str, Box]], style: Style, faces: Typefaces) -> tuple[Label, ...]:
    """Several texts, each in its own box, all of one face and size; empty ones are skipped."""
    texts = [(text, box) for text, box in texts if text]
    for face, size in _candidates(style, faces):
        settings = [_setting(text, box, _Type(face, size, faces), style) for text, box in texts]
        fitting = [setting for setting in settings if setting is not None]
        if len(fitting) == len(texts):
            pairs = zip(fitting, texts, strict=True)
            return tuple(label for one, (_, box) in pairs for label in _placed(one, box, style))
    return tuple(label for text, box in texts for label in _elided(text, box, style, faces))


def _candidates(style: Style, faces: Typefaces) -> Iterator[tuple[Typeface, int]]:
    for own in faces.sizes(style.face, style.largest, style.smallest_scale):
        yield style.face, own
    size = style.largest
    while size > SMALLEST_SANS:
        yield Typeface.SANS, round(size * 0.86)  # a font's line is higher than its em
        size = min(size - 1, round(size * _SIZE_STEP))
    for own in faces.tiny_sizes(style.face, style.smallest_scale):
        yield style.face, own


def _setting(text: str, box: Box, type_: _Type, style: Style) -> _Setting | None:
    spelled = type_.faces.spelled(text, type_.face)
    parts = pieces(spelled or "")
    lines = _wrap(parts, box.w, type_)
    if not lines or len(lines) > min(style.max_lines, type_.lines_in(box)):
        return None
    return _Setting(type_, _by_sentence(parts, box.w, type_, len(lines)))


def _wrap(parts: Sequence[str], width: int, type_: _Type) -> tuple[str, ...]:
    """Whole pieces over as few lines as possible; nothing if one alone is too wide."""
    lines: list[str] = []
    for part in parts:
        alone = part.lstrip(" ")
        if type_.width(alone) > width:
            return ()
        joined = f"{lines[-1]}{part}" if lines else alone
        if lines and type_.width(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(alone)
    return tuple(lines)


def _by_sentence(parts: Sequence[str], width: int, type_: _Type, count: int) -> tuple[str, ...]:
    """The text on as many lines, each sentence on its own where that takes no more of them."""
    sentences: list[list[str]] = [[]]
    for part in parts:
        sentences[-1].append(part)
        if part.endswith(_ENDS):
            sentences.append([])
    sentences = [sentence for sentence in sentences if sentence]
    needed = [len(_wrap(sentence, width, type_)) for sentence in sentences]
    if sum(needed) > count:
        return _balanced(parts, width, type_, count)
    return tuple(
        line
        for sentence, lines in zip(sentences, needed, strict=True)
        for line in _balanced(sentence, width, type_, lines)
    )


def _balanced(parts: Sequence[str], width: int, type_: _Type, count: int) -> tuple[str, ...]:
    """The text on as many lines, the widest of them as narrow as it can be."""
    low, high = 0, width
    while low < high:
        middle = (low + high) // 2
        if 0 < len(_wrap(parts, middle, type_)) <= count:
            high = middle
        else:
            low = middle + 1
    return _wrap(parts, high, type_)


def _elided(text: str, box: Box, style: Style, faces: Typefaces) -> tuple[Label, ...]:
    smallest = _Type(Typeface.SANS, SMALLEST_SANS, faces)
    room = min(style.max_lines, smallest.lines_in(box))
    if room < 1 or smallest.width(ELLIPSIS) > box.w:
        return ()
    return _placed(_Setting(smallest, tuple(_cut(text, box.w, smallest, room))), box, style)


def _cut(text: str, width: int, type_: _Type, room: int) -> Iterator[str]:
    """Lines cut anywhere; what the last has no room for becomes an ellipsis."""
    for number in range(1, room + 1):
        if type_.width(text) <= width:
            yield text
            return
        end = ELLIPSIS if number == room else ""
        taken = _longest(text, width - type_.width(end), type_)
        if not end and " " in text[:taken]:
            taken = text.rindex(" ", 0, taken + 1)
        yield text[:taken].rstrip() + end
        text = text[taken:].lstrip()


def _longest(text: str, width: int, type_: _Type) -> int:
    """How many characters from the start are no wider than `width`."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if type_.width(text[:middle].rstrip()) <= width:
            low = middle
        else:
            high = middle - 1
    return low


def _placed(setting: _Setting, box: Box, style: Style) -> tuple[Label, ...]:
    type_ = setting.type
    step = type_.height + type_.gap
    top = box.y + (box.h - (step * len(setting.lines) - type_.gap)) // 2
    labels = []
    for number, line in enumerate(setting.lines):
        width = type_.width(line)
        left = box.x + (box.w - width) * style.align.value // 2
        place = Box(left, top + number * step, width, type_.height)
        labels.append(Label(line, type_.face, type_.size, style.colour, place))
    return tuple(labels)
