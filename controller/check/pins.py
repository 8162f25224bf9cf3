"""EDGE. Checks the pins: whether each can be had, and how it stands; the coin pin is never driven."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Literal

from gpiozero import Factory, InputDevice

from controller.board.pins import open_pins
from controller.config.applied import input_lines
from controller.config.keys import Config
from controller.control.client import ControlClient, connect
from controller.formats.control_lines import Line
from controller.pages.findings import Finding, note, ok, warning, wrong

ANSWER_WITHIN_S = 5.0
Level = Literal["low", "high"]

_FREE_IT = "End the program that holds it (sudo gpioinfo names it), or write another pin."
_RESTART = "Restart, so that config.yaml applies: sudo systemctl restart arcade-controller."


class PinNotHadError(OSError):
    """A pin cannot be claimed; the message says why."""


def check_pins(config: Config) -> list[Finding]:
    """Through the running controller, which owns them; else by claiming each as an input for a moment."""
    try:
        client = connect(config.control_socket)
    except OSError as error:
        return [wrong(str(error), "Run this as the controller's user or as root, or restart the controller.")]
    if client is None:
        return check_free_pins(config, open_pins(config.mock_board, listens=True))
    with client:
        return _answers_of(client, config)


def check_free_pins(config: Config, pins: AbstractContextManager[Factory]) -> list[Finding]:
    """Claim the pins of a stopped controller, each as an input."""
    found = [note("no controller runs: each pin was claimed for a moment, as an input")]
    try:
        with pins as factory:
            found.append(_coin_pin(config.coin_line.pin, factory))
            for name, wiring in input_lines(config).items():
                if wiring is not None:
                    found.append(_input_pin(name, wiring.pin, wiring.active, factory))
    except Exception as error:  # noqa: BLE001 - lgpio's own errors have no base that could be named here
        remedy = "Run this as a user of the group gpio, on the cabinet's own Pi."
        found.append(wrong(f"the pins cannot be opened: {error}", remedy))
    return found


def _coin_pin(pin: int, factory: Factory) -> Finding:
    try:
        # Floating, as the controller leaves it: a pull would hide that the pull-down outside is missing.
        with _claimed(pin, factory, pull_up=None) as level:
            if level == "low":
                return ok(f"coin line: GPIO {pin} is free, and low: at rest")
    except PinNotHadError as error:
        return wrong(f"coin line: GPIO {pin} cannot be claimed: {error}", _FREE_IT)
    remedy = "Fit the pull-down resistor of docs/wiring.md, or find what else drives the pin."
    return wrong(f"coin line: GPIO {pin} is free, and high: the coin switch may be closed", remedy)


def _input_pin(name: str, pin: int, active: Level, factory: Factory) -> Finding:
    try:
        # Pulled as the controller pulls it.
        with _claimed(pin, factory, pull_up=active == "low") as level:
            return ok(f"{name}: GPIO {pin} is free, and {_stands(level, active)}")
    except PinNotHadError as error:
        return wrong(f"{name}: GPIO {pin} cannot be claimed: {error}", _FREE_IT)


@contextmanager
def _claimed(pin: int, factory: Factory, *, pull_up: bool | None) -> Iterator[Level]:
    try:
        active_state = True if pull_up is None else None
        device = InputDevice(pin, pull_up=pull_up, active_state=active_state, pin_factory=factory)
    except Exception as error:
        raise PinNotHadError(str(error)) from error
    with device:
        yield "high" if device.pin.state else "low"


def _stands(level: Level, active: Level) -> str:
    return f"{level}: {'active' if level == active else 'not active'}"


def _answers_of(client: ControlClient, config: Config) -> list[Finding]:
    hello = client.next(ANSWER_WITHIN_S)
    if hello is None or hello.get("saw") != "hello":
        why = hello.get("error", "it said something unknown") if hello else "it says nothing"
        remedy = "Restart it: sudo systemctl restart arcade-controller."
        return [wrong(f"the running controller does not tell its pins: {why}", remedy)]
    found = [ok(f"the running controller was asked, which owns the pins (version {hello['version']})")]
    found.append(_held_coin_pin(hello["coin_pin"], config.coin_line.pin))
    held = {each["line"]: each for each in hello["inputs"]}
    for name, wiring in input_lines(config).items():
        found += _held_input(name, held, wiring.pin if wiring else None, wiring.active if wiring else "low")
    return found


def _held_coin_pin(held: int, wanted: int) -> Finding:
    if held != wanted:
        return warning(f"coin line: it has GPIO {held}, and config.yaml says {wanted}", _RESTART)
    return ok(f"coin line: GPIO {held} is the controller's")


def _held_input(name: str, held: Mapping[str, Line], pin: int | None, active: Level) -> Iterator[Finding]:
    has = held[name]["pin"] if name in held else None
    if has != pin:
        has_it = "is not wired" if has is None else f"is at GPIO {has}"
        says = "is not wired" if pin is None else f"is at GPIO {pin}"
        yield warning(f"{name}: for the controller it {has_it}, in config.yaml it {says}", _RESTART)
    elif pin is not None:
        inactive: Level = "high" if active == "low" else "low"
        yield ok(f"{name}: GPIO {pin} is {_stands(active if held[name]['active'] else inactive, active)}")
