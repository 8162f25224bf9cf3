"""EDGE. Checks the pins: whether each can be had, and how it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from controller.board.pins import open_pins
from controller.check.free_pins import Level, check_free_pins, driven_by_others, stands
from controller.check.header import HEADER, Header
from controller.config.applied import input_lines
from controller.config.keys import Config
from controller.control.client import ControlClient, connect
from controller.formats.control_lines import Line
from controller.pages.findings import Finding, ok, warning, wrong

ANSWER_WITHIN_S = 5.0
_RESTART = "Restart, so that config.yaml applies: sudo systemctl restart arcade-controller."


def check_pins(config: Config, header: Header = HEADER) -> list[Finding]:
    """Through the running controller, which owns them; else by claiming each as an input for a moment."""
    try:
        client = connect(config.control_socket)
    except OSError as error:
        return [wrong(str(error), "Run this as the controller's user or as root, or restart the controller.")]
    if client is None:
        return check_free_pins(config, open_pins(config.mock_board, listens=True), header)
    with client:
        return [*_answers_of(client, config), *_driven_by_others(config, header)]


def _driven_by_others(config: Config, header: Header) -> list[Finding]:
    wired = {"coin line": config.coin_line.pin}
    wired |= {name: wiring.pin for name, wiring in input_lines(config).items() if wiring is not None}
    found = (driven_by_others(name, pin, header) for name, pin in wired.items())
    return [each for each in found if each is not None]


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
        yield ok(f"{name}: GPIO {pin} is {stands(active if held[name]['active'] else inactive, active)}")
