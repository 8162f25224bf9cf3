"""No file of tests leaves so much open that those behind it fail."""

from __future__ import annotations

import gc
from contextlib import ExitStack
from pathlib import Path

from descriptors import MANY, left_since, open_now

NOWHERE = Path("/dev/null")


class Ring:
    """Holds itself and a file, until Python's collector finds it."""

    def __init__(self) -> None:
        self.itself = self
        self.file = NOWHERE.open()


def test_what_is_left_open_is_named() -> None:
    """One by one, by where it leads."""
    before = open_now()
    with ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(NOWHERE.open())
        assert left_since(before) == [str(NOWHERE)] * MANY
    assert left_since(before) == []


def test_what_nobody_holds_is_not_left_open() -> None:
    """Though Python has not closed it yet."""
    before = open_now()
    gc.disable()
    try:
        for _ in range(MANY):
            Ring()
        assert left_since(before) == []
    finally:
        gc.enable()
