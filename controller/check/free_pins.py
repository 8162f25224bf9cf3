"""EDGE. Claims the pins of a stopped controller for a moment; the coin pin is never driven."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Literal

from gpiozero import Factory, InputDevice

from controller.check.header import HEADER, Header
from controller.config.applied import input_lines
from controller.config.keys import Config
from controller.pages.findings import Finding, note, ok, wrong
from controller.rules.floating import LOOKED_FOR_S, coin_pin_floats, input_floats

Level = Literal["low", "high"]

_PULL_DOWN = "Fit the pull-down resistor of docs/wiring.md, or find what else drives the pin."
_STEADY = "See to that wire, its ground and its opto-coupler: `sudo cabinet watch` counts its edges."


class PinNotHadError(OSError):
    """A pin cannot be claimed; the message says why."""


@dataclass(frozen=True)
class Watched:
    """A claimed pin: its level in the end, and how often it had moved before."""

    level: Level
    edges: int


def check_free_pins(
    config: Config, pins: AbstractContextManager[Factory], header: Header = HEADER
) -> list[Finding]:
    """Claim the pins, each as an input, and see how each stands; `header` tells who else has them."""
    found = [note("no controller runs: each pin was claimed for a moment, as an input")]
    try:
        with pins as factory:
            found.append(_coin_pin(config.coin_line.pin, factory, header))
            for name, wiring in input_lines(config).items():
                if wiring is not None:
                    found.append(_input_pin(name, wiring.pin, wiring.active, factory, header))
    except Exception as error:  # noqa: BLE001 - lgpio's own errors have no base that could be named here
        remedy = "Run this as a user of the group gpio, on the cabinet's own Pi."
        found.append(wrong(f"the pins cannot be opened: {error}", remedy))
    return found


def driven_by_others(name: str, pin: int, header: Header) -> Finding | None:
    """A pin that a driver of the kernel has for a function of its own, though it can be claimed."""
    driver = header.driver_of(pin)
    if driver is None:
        return None
    return wrong(f"{name}: GPIO {pin} is driven by {driver} of the kernel too", header.remedy(driver))


def stands(level: Level, active: Level) -> str:
    """How an input stands, in words."""
    return f"{level}: {'active' if level == active else 'not active'}"


def _coin_pin(pin: int, factory: Factory, header: Header) -> Finding:
    try:
        others = driven_by_others("coin line", pin, header)  # before it is ours
        # Floating, as the controller leaves it: a pull would hide that the pull-down outside is missing.
        with _claimed(pin, factory, pull_up=None) as watched:
            return others or _coin_pin_stands(pin, watched)
    except PinNotHadError as error:
        return _not_had("coin line", pin, error, header)


def _coin_pin_stands(pin: int, watched: Watched) -> Finding:
    free = f"coin line: GPIO {pin} is free, and"
    if coin_pin_floats(watched.edges):
        return wrong(f"{free} floats: {_moved(watched.edges)}, and nothing drove it", _PULL_DOWN)
    if watched.level == "low":
        return ok(f"{free} low: at rest")
    return wrong(f"{free} high: the coin switch may be closed", _PULL_DOWN)


def _input_pin(name: str, pin: int, active: Level, factory: Factory, header: Header) -> Finding:
    try:
        others = driven_by_others(name, pin, header)
        # Pulled as the controller pulls it.
        with _claimed(pin, factory, pull_up=active == "low") as watched:
            return others or _input_stands(name, pin, active, watched)
    except PinNotHadError as error:
        return _not_had(name, pin, error, header)


def _input_stands(name: str, pin: int, active: Level, watched: Watched) -> Finding:
    if input_floats(watched.edges, LOOKED_FOR_S):
        return wrong(f"{name}: GPIO {pin} is free, and has no rest: {_moved(watched.edges)}", _STEADY)
    return ok(f"{name}: GPIO {pin} is free, and {stands(watched.level, active)}")


def _not_had(name: str, pin: int, error: PinNotHadError, header: Header) -> Finding:
    holder = header.holder_of(pin)
    by = f": {holder} holds it" if holder else ""
    return wrong(f"{name}: GPIO {pin} cannot be claimed: {error}{by}", header.remedy(holder))


def _moved(edges: int) -> str:
    return f"it moved {edges} times in {LOOKED_FOR_S:g} s"


@contextmanager
def _claimed(pin: int, factory: Factory, *, pull_up: bool | None) -> Iterator[Watched]:
    try:
        active_state = True if pull_up is None else None
        device = InputDevice(pin, pull_up=pull_up, active_state=active_state, pin_factory=factory)
    except Exception as error:
        raise PinNotHadError(str(error)) from error
    with device:
        yield _watch(device)


def _watch(device: InputDevice) -> Watched:
    ends_s, edges, before = time.monotonic() + LOOKED_FOR_S, 0, bool(device.pin.state)
    while time.monotonic() < ends_s:
        time.sleep(0.0005)
        now = bool(device.pin.state)
        edges, before = edges + (now != before), now
    return Watched("high" if before else "low", edges)
