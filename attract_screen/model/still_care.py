"""CORE. Care for the glass: what would stand still for hours moves a little, so that it does not burn in."""

from __future__ import annotations

from dataclasses import dataclass, replace

WORDS_STAND_S = 180.0
# A code that has just come is moved as freely as any: nobody can be in the middle of scanning it.
CODE_STANDS_S = 600.0
# One that stays is moved all the same: that costs a phone which scans just then one picture of its camera.
CODE_STANDS_AT_MOST_S = 3600.0

Place = tuple[int, int]

# Around the place where they stand at first, and through it.
_WORDS: tuple[Place, ...] = (
    (0, 0), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1),
)  # fmt: skip
_CODE: tuple[Place, ...] = ((0, 0), (1, 0), (1, 1), (0, 1))


@dataclass(frozen=True)
class Stand:
    """Where things stand, right and down of their own place: words in steps, the code in whole modules."""

    words: Place = (0, 0)
    code: Place = (0, 0)


AT_FIRST = Stand()


@dataclass(frozen=True)
class StillCare:
    """How often words and code were moved, and when last; seconds of a clock that never jumps."""

    words_since_s: float
    code_since_s: float
    words_moves: int = 0
    code_moves: int = 0

    @property
    def stand(self) -> Stand:
        """Where everything stands now."""
        return Stand(_WORDS[self.words_moves % len(_WORDS)], _CODE[self.code_moves % len(_CODE)])

    def later(self, now_s: float, *, code_came: bool) -> StillCare:
        """What is due by now; `code_came` says that the picture gets a code that the last one had not."""
        care = self
        if now_s - care.words_since_s >= WORDS_STAND_S:
            care = replace(care, words_since_s=now_s, words_moves=care.words_moves + 1)
        if now_s - care.code_since_s >= (CODE_STANDS_S if code_came else CODE_STANDS_AT_MOST_S):
            care = replace(care, code_since_s=now_s, code_moves=care.code_moves + 1)
        return care


def step_px(short: int) -> int:
    """A step of the words on a picture whose shorter side is so long: less than is free around them."""
    return max(1, short // 240)
