"""EDGE. Which pins: the Pi's header, or a demo's mock pins if the configuration says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

from gpiozero import Factory

from controller.board.lgpio_folder import lgpio_folder


@contextmanager
def open_pins(mock_board: Path | None, *, listens: bool) -> Iterator[Factory]:
    """The pin factory, closed at the end. `listens` says that this process has input pins."""
    folder = nullcontext() if mock_board else lgpio_folder()
    with folder, closing(_mock_factory(mock_board, listens) if mock_board else _header_factory()) as factory:
        yield factory


def _header_factory() -> Factory:
    # Imported by name: left to choose, gpiozero falls back silently to whatever else it can load.
    from gpiozero.pins.lgpio import LGPIOFactory

    return LGPIOFactory()


def _mock_factory(board: Path, listens: bool) -> Factory:
    from controller.board.mock_pins import BoardWiredFactory

    return BoardWiredFactory(board, listens=listens)
