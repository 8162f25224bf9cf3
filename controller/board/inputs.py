"""EDGE. The board's own lines into the Pi: every edge becomes an event, with the time of the kernel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gpiozero import Factory, InputDevice

from controller.board.pins import open_pins
from controller.config.keys import CoinMeterConfig, InputConfig
from controller.model.events import InputChanged, InputLine
from controller.system.clock import since_boot_s

log = logging.getLogger(__name__)

Wiring = InputConfig | CoinMeterConfig
# An edge that seems older has a time of another clock than gpiozero's: then it is taken to be now.
OLDEST_EDGE_S = 60.0


@contextmanager
def board_inputs(
    lines: Mapping[InputLine, Wiring | None],
    mock_board: Path | None,
    on_change: Callable[[InputChanged], None],
) -> Iterator[Callable[[], None]]:
    """Watch the wired lines for the length of the context; each begins by telling its level.

    Gives what to call now and then, while nothing happens: it tells each level whose edge got lost.
    """
    wired = {name: wiring for name, wiring in lines.items() if wiring is not None}
    if not wired:
        yield lambda: None
        return
    with open_pins(mock_board, listens=True) as factory, watched(wired, factory, on_change) as look_again:
        yield look_again


@contextmanager
def watched(
    wired: Mapping[InputLine, Wiring], factory: Factory, on_change: Callable[[InputChanged], None]
) -> Iterator[Callable[[], None]]:
    """Watch lines on pins that are open, for the length of the context; gives what `board_inputs` gives."""
    inputs: list[BoardInput] = []
    with ExitStack() as devices:
        for name, wiring in wired.items():
            inputs.append(BoardInput(name, wiring, factory, on_change))
            devices.callback(inputs[-1].let_go)

        def look_again() -> None:
            for each in inputs:
                each.look_again()

        yield look_again


class BoardInput(InputDevice):  # type: ignore[misc]  # gpiozero ships no types
    """One line, watched until it is closed.

    Not a DigitalInputDevice: that one keeps the time of an edge to itself, and a process that was busy or
    stopped would take a count of the coin meter for a late one.
    """

    def __init__(
        self, name: InputLine, wiring: Wiring, factory: Factory, on_change: Callable[[InputChanged], None]
    ) -> None:
        # Active low is a contact to ground: the Pi pulls the line up. Active high is driven by the board.
        super().__init__(wiring.pin, pull_up=wiring.active == "low", pin_factory=factory)
        self._name = name
        self._active_level = int(wiring.active == "high")
        self._on_change = on_change
        self.pin.edges = "both"
        self.pin.when_changed = self._changed
        # Its time is read before the level: an edge in between is then newer, and counts.
        looked_s = since_boot_s()
        self._reported = bool(self.value)
        on_change(InputChanged(name, self._reported, looked_s, at_start=True))

    def look_again(self) -> None:
        """Tell the level if it is not what was last told: the kernel, or a library, may lose an edge.

        A ready line would else stay not ready until the board's next change, which may never come.
        """
        looked_s = since_boot_s()
        if (active := bool(self.value)) != self._reported:
            self._reported = active
            self._on_change(InputChanged(self._name, active, looked_s))

    def let_go(self) -> None:
        """Close it. A refusal is only told: nobody waits for an input, and it goes back with the process.

        lgpio makes the pin an input anew for that, and finds it busy now and then. A stop would have failed.
        """
        info = self.pin.info
        try:
            self.close()
        except Exception as error:  # noqa: BLE001 - of whichever library drives the pins
            log.warning("%s (%s) goes back only with the process: %s", info.name, self._name, error)
            self._pin = None  # or it is closed once more when it is collected,
        self.pin_factory.pins.pop(info, None)  # and by the factory

    def _changed(self, ticks: float, level: int) -> None:
        age_s = self.pin_factory.ticks_diff(self.pin_factory.ticks(), ticks)
        at_s = since_boot_s() - (age_s if 0 <= age_s <= OLDEST_EDGE_S else 0.0)
        self._reported = int(level) == self._active_level
        self._on_change(InputChanged(self._name, self._reported, at_s))
