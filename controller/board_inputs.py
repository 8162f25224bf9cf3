"""EDGE. The board's own lines into the Pi: every edge becomes an event, with its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

from gpiozero import DigitalInputDevice, Factory

from controller.clock import since_boot_s
from controller.config import InputConfig
from controller.events import InputChanged
from controller.pins import open_pins


@contextmanager
def board_inputs(
    game_over: InputConfig | None,
    ready: InputConfig | None,
    mock_board: Path | None,
    tell: Callable[[InputChanged], None],
) -> Iterator[None]:
    """Watch the wired lines for the length of the context; each begins by telling its level."""
    if game_over is None and ready is None:
        yield
        return
    with open_pins(mock_board, listens=True) as factory, ExitStack() as devices:
        if game_over is not None:
            devices.enter_context(_watch("game_over", game_over, factory, tell))
        if ready is not None:
            devices.enter_context(_watch("ready", ready, factory, tell))
        yield


def _watch(
    name: Literal["game_over", "ready"],
    line: InputConfig,
    factory: Factory,
    tell: Callable[[InputChanged], None],
) -> DigitalInputDevice:
    # Active low is a contact to ground: the Pi pulls the line up. Active high is driven by the board.
    device = DigitalInputDevice(line.pin, pull_up=line.active == "low", pin_factory=factory)

    def changed(active: bool) -> None:
        tell(InputChanged(name, active, since_boot_s()))

    device.when_activated = lambda: changed(True)
    device.when_deactivated = lambda: changed(False)
    # Its time is read before the level: an edge in between is then newer, and counts.
    looked_s = since_boot_s()
    tell(InputChanged(name, bool(device.value), looked_s))
    return device
