"""A picture as data: what stands where, before anything is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import pygame

from attract_screen.model.box import Box
from attract_screen.model.monitor import Size
from attract_screen.model.still_care import Stand, step_px
from attract_screen.picture.colours import Colour, Colours
from attract_screen.picture.letters.fit import ELLIPSIS, Label, Style, fit, fit_alike
from attract_screen.picture.letters.listing import fit_list
from attract_screen.picture.letters.typefaces import Typefaces
from attract_screen.picture.qr import QrCode


@dataclass(frozen=True)
class Panel:
    """A filled plate behind text."""

    box: Box
    fill: Colour
    edge: Colour


class Pictures(Protocol):
    """A design's own pictures, by their names; all designs have the same names, of the same sizes."""

    def size(self, name: str) -> Size:
        """Columns and rows of a piece."""

    def draw(self, name: str, scale: int) -> pygame.Surface:
        """The piece on a transparent ground, each of its columns `scale` pixels wide."""


@dataclass(frozen=True)
class Art:
    """A picture at an integer scale."""

    name: str
    scale: int
    box: Box


@dataclass(frozen=True)
class QrPlace:
    """A QR code on its card, the white plate, which leaves it room to be `moved` by modules right and down.

    `module` is a module's width and height in pixels, and `edge` what is white around all that.
    """

    code: QrCode
    module: Size
    card: Box
    edge: int
    moved: tuple[int, int] = (0, 0)

    @property
    def box(self) -> Box:
        """Where the code is, its quiet zone included."""
        (right, down), (w, h), side = self.moved, self.module, self.code.side
        return Box(
            self.card.x + self.edge + right * w, self.card.y + self.edge + down * h, side * w, side * h
        )


@dataclass(frozen=True)
class CoinLane:
    """Coins travel along the middle of this box, at this scale."""

    box: Box
    scale: int


@dataclass(frozen=True)
class MaterialPlace:
    """Where the operator's picture of this key is shown, in the middle of the box."""

    key: str
    box: Box


@dataclass(frozen=True)
class Layout:
    """One picture of one size. Nothing in it overlaps, but labels on their panels, art on art."""

    size: Size
    rail: int  # thickness of the frame that carries the bulbs
    labels: tuple[Label, ...] = ()
    panels: tuple[Panel, ...] = ()
    art: tuple[Art, ...] = ()
    qr: QrPlace | None = None
    lane: CoinLane | None = None
    spinning: tuple[Art, ...] = ()  # coins that turn where they stand
    stage: Box | None = None  # where pages take turns beside the code
    material: MaterialPlace | None = None
    is_plain: bool = False  # on black, without bulbs and stars
    logo: Box | None = None

    @property
    def taken(self) -> tuple[Box, ...]:
        """The boxes that nothing else may enter, not even a star."""
        boxes = [label.box for label in self.labels]
        boxes += [panel.box for panel in self.panels]
        boxes += [piece.box for piece in (*self.art, *self.spinning)]
        if self.qr:
            boxes.append(self.qr.card)
        if self.lane:
            boxes.append(self.lane.box)
        if self.material:
            boxes.append(self.material.box)
        if self.logo:
            boxes.append(self.logo)
        return tuple(boxes)

    def without_page(self) -> Layout:
        """What stands around the stage."""
        stage = self.stage
        if stage is None:
            return self
        return replace(
            self,
            labels=tuple(each for each in self.labels if not stage.contains(each.box)),
            panels=tuple(each for each in self.panels if not stage.contains(each.box)),
            art=tuple(each for each in self.art if not stage.contains(each.box)),
        )

    def standing(self, stand: Stand) -> Layout:
        """The layout with everything moved to where it is to stand; the code within its card.

        A plain one is gone in minutes: it stays, and has no room on its card.
        """
        if self.is_plain:
            return self
        dx, dy = (step * step_px(min(self.size)) for step in stand.words)

        def moved(box: Box) -> Box:
            return box._replace(x=box.x + dx, y=box.y + dy)

        return replace(
            self,
            labels=tuple(replace(label, box=moved(label.box)) for label in self.labels),
            panels=tuple(replace(panel, box=moved(panel.box)) for panel in self.panels),
            art=tuple(replace(piece, box=moved(piece.box)) for piece in self.art),
            qr=self.qr and replace(self.qr, moved=stand.code),
            lane=self.lane and replace(self.lane, box=moved(self.lane.box)),
            spinning=tuple(replace(piece, box=moved(piece.box)) for piece in self.spinning),
            stage=self.stage and moved(self.stage),
            material=self.material and replace(self.material, box=moved(self.material.box)),
            logo=self.logo and moved(self.logo),
        )


@dataclass
class Sheet:
    """A layout being made."""

    size: Size
    rail: int
    colours: Colours
    faces: Typefaces
    art: Pictures
    pixel_aspect: float = 1.0
    logo_size: Size | None = None
    labels: list[Label] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    pieces: list[Art] = field(default_factory=list)
    spinning: list[Art] = field(default_factory=list)
    qr: QrPlace | None = None
    lane: CoinLane | None = None
    stage: Box | None = None
    material: MaterialPlace | None = None
    is_plain: bool = False
    logo: Box | None = None
    cut_short: bool = False
    """Whether something that has to be said whole was not."""

    @property
    def short(self) -> int:
        """The picture's shorter side, which sizes go by."""
        return min(self.size)

    def write(self, text: str, box: Box, style: Style) -> tuple[Label, ...]:
        """Fit the text into the box; the labels that came of it."""
        labels = fit(text, box, style, self.faces)
        self.labels += labels
        return labels

    def say(self, text: str, box: Box, style: Style) -> None:
        """Write what has to be said whole: a layout that cuts it short is not a good one."""
        self.say_alike([(text, box)], style)

    def say_alike(self, texts: Sequence[tuple[str, Box]], style: Style) -> None:
        """Write several texts that have to be said whole, all of one size."""
        labels = fit_alike(texts, style, self.faces)
        said = sum(not label.text.endswith(ELLIPSIS) for label in labels)
        self.cut_short |= said < max(len(labels), sum(text != "" for text, _ in texts))
        self.labels += labels

    def list_up(self, texts: Sequence[str], box: Box, style: Style) -> None:
        """Set several texts below each other, of one size, as large as fits; what has no room is counted."""
        self.labels += fit_list(texts, box, style, self.faces)

    def put(self, name: str, box: Box) -> Art | None:
        """The named art as large as fits in the middle of the box; nothing if it is too large."""
        w, h = self.art.size(name)
        scale = min(box.w // w, box.h // h)
        if scale < 1:
            return None
        piece = Art(name, scale, box.centred(w * scale, h * scale))
        self.pieces.append(piece)
        return piece

    def done(self) -> Layout:
        """The finished layout."""
        return Layout(
            size=self.size,
            rail=self.rail,
            labels=tuple(self.labels),
            panels=tuple(self.panels),
            art=tuple(self.pieces),
            qr=self.qr,
            lane=self.lane,
            spinning=tuple(self.spinning),
            stage=self.stage,
            material=self.material,
            is_plain=self.is_plain,
            logo=self.logo,
        )
