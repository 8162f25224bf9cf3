"""EDGE. The board's own lines into the Pi: every edge becomes an event, with its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gpiozero import DigitalInputDevice, Factory

from controller.clock import since_boot_s
from controller.config import CoinMeterConfig, InputConfig
from controller.events import InputChanged, InputLine
from controller.pins import open_pins

Wiring = InputConfig | CoinMeterConfig


@contextmanager
def board_inputs(
    lines: Mapping[InputLine, Wiring | None], mock_board: Path | None, tell: Callable[[InputChanged], None]
) -> Iterator[None]:
    """Watch the wired lines for the length of the context; each begins by telling its level."""
    wired = {name: wiring for name, wiring in lines.items() if wiring is not None}
    if not wired:
        yield
        return
    with open_pins(mock_board, listens=True) as factory, ExitStack() as devices:
        for name, wiring in wired.items():
            devices.enter_context(_watch(name, wiring, factory, tell))
        yield


def _watch(
    name: InputLine, wiring: Wiring, factory: Factory, tell: Callable[[InputChanged], None]
) -> DigitalInputDevice:
    # Active low is a contact to ground: the Pi pulls the line up. Active high is driven by the board.
    device = DigitalInputDevice(wiring.pin, pull_up=wiring.active == "low", pin_factory=factory)

    def changed(active: bool) -> None:
        tell(InputChanged(name, active, since_boot_s()))

    device.when_activated = lambda: changed(True)
    device.when_deactivated = lambda: changed(False)
    # Its time is read before the level: an edge in between is then newer, and counts.
    looked_s = since_boot_s()
    tell(InputChanged(name, bool(device.value), looked_s, at_start=True))
    return device
