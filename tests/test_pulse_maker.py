"""One pulse on one pin, when something raises in the middle of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import pytest
from gpiozero import OutputDevice
from gpiozero.pins.mock import MockFactory

from controller.board.coin_line_process import PulseMaker
from controller.system.clock import since_boot_s

PIN = 17


class FailingOutput(OutputDevice):
    """A pin that rises, and then fails."""

    def on(self) -> None:
        super().on()
        raise OSError("the GPIO device went away")


class HeldUpOutput(OutputDevice):
    """A pin whose process is held up for 30 ms around an edge: on this or that side, of this or that edge."""

    held_up = ""

    def on(self) -> None:
        self._switch(super().on, "rise")

    def off(self) -> None:
        self._switch(super().off, "fall")

    def _switch(self, switch: Callable[[], None], edge: str) -> None:
        time.sleep(0.03 if self.held_up == f"before the {edge}" else 0.0)
        switch()
        time.sleep(0.03 if self.held_up == f"behind the {edge}" else 0.0)


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    """Pins that keep every level they took."""
    made = MockFactory()
    yield made
    made.close()


def at_rest(output: OutputDevice, pulse_s: float, gap_s: float = 0.0) -> PulseMaker:
    """A coin line that has rested long enough for its next pulse."""
    return PulseMaker(output, pulse_s, gap_s, rested_since_s=since_boot_s() - 60.0)


def unnoted() -> None:
    """No tally is kept."""


def levels(output: OutputDevice) -> list[bool]:
    """Every level that the pin took, from its first."""
    return [state for _, state in output.pin.states]


def test_the_pin_rests_when_the_wait_for_its_end_fails(factory: MockFactory) -> None:
    """A line that stays active is one coin after the other, or a blocked coin switch."""
    output = OutputDevice(PIN, initial_value=False, pin_factory=factory)

    with pytest.raises(OverflowError):  # the system cannot sleep that long
        at_rest(output, pulse_s=math.inf).fire(unnoted)

    assert levels(output) == [False, True, False]


def test_the_pin_rests_when_switching_it_on_fails_behind_the_edge(factory: MockFactory) -> None:
    """Nobody knows then whether it rose: it is switched off all the same."""
    output = FailingOutput(PIN, initial_value=False, pin_factory=factory)

    with pytest.raises(OSError, match="the GPIO device went away"):
        at_rest(output, pulse_s=0.01).fire(unnoted)

    assert levels(output) == [False, True, False]


def test_the_next_pulse_keeps_its_gap_behind_one_that_failed(factory: MockFactory) -> None:
    """The board has seen that one, and would take both for a single coin."""
    output = OutputDevice(PIN, initial_value=False, pin_factory=factory)
    pulses = at_rest(output, pulse_s=math.inf, gap_s=0.05)
    began_s = since_boot_s()
    with pytest.raises(OverflowError):
        pulses.fire(unnoted)
    pulses.pulse_s = 0.01

    rose_s = pulses.fire(unnoted).rose_s

    assert rose_s - began_s >= pulses.gap_s
    assert levels(output) == [False, True, False, True, False]


def test_a_pulse_that_could_not_be_noted_does_not_rise(factory: MockFactory) -> None:
    """Unnoted it would be taken for one that never began."""
    output = OutputDevice(PIN, initial_value=False, pin_factory=factory)

    def fail() -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        at_rest(output, pulse_s=0.01).fire(fail)

    assert levels(output) == [False]


@pytest.mark.parametrize(
    "held_up", ["before the rise", "behind the rise", "before the fall", "behind the fall", ""]
)
def test_a_pulse_is_told_with_what_of_its_width_is_in_doubt(factory: MockFactory, held_up: str) -> None:
    """Held up behind an edge, the log told of a pulse that was never on the pin."""
    output = HeldUpOutput(PIN, initial_value=False, pin_factory=factory)
    output.held_up = held_up
    pulses = at_rest(output, pulse_s=0.04)
    told = pulses.fire(unnoted)

    width_s = output.pin.states[-1].timestamp
    at_most_s = told.fell_s - told.rose_s
    at_least_s = at_most_s - told.in_doubt_s
    assert (at_least_s <= width_s <= at_most_s + 0.001, told.in_doubt_s >= 0.03) == (True, bool(held_up))
    assert at_least_s >= pulses.pulse_s
