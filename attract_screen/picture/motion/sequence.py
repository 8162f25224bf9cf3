"""The pages of one picture in their order: which stands there, and the next, made ready meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attract_screen.model.box import Box
from attract_screen.model.monitor import Size
from attract_screen.model.still_care import Stand
from attract_screen.model.view import View
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.layout import Layout, MaterialPlace
from attract_screen.picture.motion.paint import Painting
from attract_screen.picture.scenes.scenes import pages

_LATE_S = 2.0


@dataclass
class Coming:
    """The next page, by its number; `box` is what of the picture is another once it stands there.

    `missed` is the place of a picture whose turn it would have been, had it been there.
    """

    page: int
    layout: Layout
    painting: Painting
    box: Box
    missed: MaterialPlace | None
    is_ready: bool = False


class Sequence:
    """Pages take turns by their seconds; `began_s` is when the one that stands there came.

    Those whose picture of the operator's is not there, by `has`, have no turn.
    """

    def __init__(
        self,
        view: View,
        size: Size,
        studio: Studio,
        pixel_aspect: float,
        stand: Stand,
        has: Callable[[MaterialPlace], bool],
    ) -> None:
        self._studio = studio
        self._has = has
        self._stand = stand
        self._pages = pages(view, size, studio, pixel_aspect)
        self._page = 0
        self._coming: Coming | None = None
        self.began_s = 0.0
        self.layout = self._layout(0)

    def begin(self, began_s: float) -> None:
        """The first page comes now."""
        self._page, self.began_s = 0, began_s

    def turns_at_s(self) -> float | None:
        """When the next page has its turn; None if there is but this one."""
        return self.began_s + self._pages[self._page].seconds if len(self._pages) > 1 else None

    def skip_to(self, elapsed_s: float) -> bool:
        """Have the page whose turn it is then; whether that is another one."""
        was = self._page
        while (due_s := self.turns_at_s()) is not None and elapsed_s >= due_s:
            self._page, self.began_s = self._next_page, due_s
        if self._page == was:
            return False
        self._coming = None
        self._page, self.layout = self._shown_from(self._page)
        return True

    def coming(self) -> Coming:
        """The next page, as far as it is ready."""
        if self._coming is None:
            page, layout = self._shown_from(self._next_page)
            painting = Painting(layout, self._studio)
            missed = None if page == self._next_page else self._layout(self._next_page).material
            self._coming = Coming(page, layout, painting, _turned(self.layout, layout), missed)
        return self._coming

    def choose_again(self) -> None:
        """Give a picture that was missed its turn, if it is there by now; not while a page is turning."""
        if self._coming and self._coming.missed and self._has(self._coming.missed):
            self._coming = None

    def turn(self, now_s: float) -> None:
        """From now on the next page stands there; its time began when it was due, unless that is long ago.

        So a picture that is drawn anew meanwhile, in another language say, finds the same page.
        """
        due_s = self.turns_at_s()
        coming = self.coming()
        self._page, self.layout, self._coming = coming.page, coming.layout, None
        self.began_s = now_s if due_s is None or now_s - due_s > _LATE_S else due_s

    @property
    def _next_page(self) -> int:
        return (self._page + 1) % len(self._pages)

    def _shown_from(self, first: int) -> tuple[int, Layout]:
        """The first page from this one on that is not without its picture; the prices always have theirs."""
        page, layout = first, self._layout(first)
        while layout.material is not None and not self._has(layout.material):
            page = (page + 1) % len(self._pages)
            layout = self._layout(page)
            if page == first:
                break
        return page, layout

    def _layout(self, page: int) -> Layout:
        return self._pages[page].layout().standing(self._stand)


def _turned(layout: Layout, coming: Layout) -> Box:
    """The stage, where all else stays; or all within the frame."""
    if layout.stage is not None and layout.stage == coming.stage:
        return layout.stage
    return Box(0, 0, *layout.size).inset(layout.rail)
