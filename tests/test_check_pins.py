"""`check` and the pins: gpiozero's mock pins free and busy, and the daemon that owns them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest
from check_parts import a_config
from gpiozero import OutputDevice
from gpiozero.pins.mock import MockFactory, MockPin
from workbench import Workbench, workbench

from controller import __version__
from controller.check.free_pins import check_free_pins
from controller.check.pins import check_pins
from controller.config.keys import load_config
from controller.pages.findings import Finding, note, ok, warning, wrong

WIRED = "ready: {pin: 22, active: low}\ncoin_meter: {pin: 23, active: high}\n"
ALONE = note("no controller runs: each pin was claimed for a moment, as an input")
FREE_IT = "End the program that holds it (sudo gpioinfo names it), or write another pin."


class WatchedPin(MockPin):  # type: ignore[misc]  # gpiozero ships no types
    """A mock pin that remembers what it was made, and from then on what it drove."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self.was: list[str] = []
        super().__init__(*arguments, **settings)

    def _set_function(self, value: str) -> None:
        self.was.append(value)
        super()._set_function(value)

    def _set_pull(self, value: str) -> None:
        self.was.append(f"pull {value}")
        super()._set_pull(value)


class BusyPin(MockPin):  # type: ignore[misc]
    """A pin that the kernel has given to another process, in lgpio's words, when it is claimed."""

    def _set_function(self, value: str) -> None:
        if not self.was_asked:
            self.was_asked = True
            raise RuntimeError("'GPIO busy'")
        super()._set_function(value)

    was_asked = False


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    with closing(MockFactory(pin_class=WatchedPin)) as factory:
        yield factory


def found(tmp_path: Path, factory: MockFactory) -> list[Finding]:
    return check_free_pins(a_config(tmp_path, WIRED), nullcontext(factory))


def test_free_pins_are_told_with_their_levels(tmp_path: Path, pins: MockFactory) -> None:
    """Each as it is with the controller's own pull."""
    assert found(tmp_path, pins) == [
        ALONE,
        ok("coin line: GPIO 17 is free, and low: at rest"),
        ok("ready: GPIO 22 is free, and high: not active"),
        ok("coin_meter: GPIO 23 is free, and low: not active"),
    ]


def test_the_coin_pin_is_an_input_throughout_and_never_pulled(tmp_path: Path, pins: MockFactory) -> None:
    """A level that the check put there would be a free credit."""
    found(tmp_path, pins)
    assert set(pins.pin(17).was) == {"input", "pull floating"}


def test_a_coin_pin_that_is_high_is_wrong(tmp_path: Path, pins: MockFactory) -> None:
    """The pull-down is missing, or the line is driven: the board may see a held coin switch."""
    pins.pin(17).drive_high()
    text = "coin line: GPIO 17 is free, and high: the coin switch may be closed"
    remedy = "Fit the pull-down resistor of docs/wiring.md, or find what else drives the pin."
    assert found(tmp_path, pins)[1] == wrong(text, remedy)


def test_a_pin_that_another_program_holds_is_named(tmp_path: Path) -> None:
    """And the others are still told."""
    with closing(MockFactory(pin_class=WatchedPin)) as pins:
        pins.pin(22, pin_class=BusyPin)
        assert found(tmp_path, pins) == [
            ALONE,
            ok("coin line: GPIO 17 is free, and low: at rest"),
            wrong("ready: GPIO 22 cannot be claimed: 'GPIO busy'", FREE_IT),
            ok("coin_meter: GPIO 23 is free, and low: not active"),
        ]


def test_a_coin_pin_that_is_held_is_left_alone(tmp_path: Path, pins: MockFactory) -> None:
    """As by a controller whose control socket is gone."""
    with OutputDevice(17, initial_value=True, pin_factory=pins):
        coin_pin = found(tmp_path, pins)[1]
        assert pins.pin(17).state
    assert coin_pin.text.startswith("coin line: GPIO 17 cannot be claimed: ")


def test_pins_that_cannot_be_opened_are_one_finding(tmp_path: Path) -> None:
    """On another computer, say."""
    text = f"mock_pins_for_demo_only: {tmp_path}/board.sock\nscreen_feed: {tmp_path}/s\n"
    config = a_config(tmp_path, text)
    reason = "[Errno 2] No such file or directory; start the simulator first, or name its socket"
    assert check_pins(config) == [
        ALONE,
        wrong(
            f"the pins cannot be opened: no virtual board at {tmp_path}/board.sock: {reason}",
            "Run this as a user of the group gpio, on the cabinet's own Pi.",
        ),
    ]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with workbench(tmp_path) as running:
        running.start()
        yield running


def test_a_running_controller_is_asked(bench: Workbench) -> None:
    """It owns the pins, and says so."""
    assert check_pins(load_config(bench.config_file)) == [
        ok(f"the running controller was asked, which owns the pins (version {__version__})"),
        ok("coin line: GPIO 17 is the controller's"),
        ok("game_over: GPIO 27 is high: not active"),
        ok("ready: GPIO 22 is low: active"),
        ok("coin_meter: GPIO 23 is high: not active"),
    ]


def test_an_edit_that_the_controller_has_not_taken_over_shows(bench: Workbench) -> None:
    """Somebody moved a wire, and forgot to restart."""
    text = bench.config_file.read_text()
    edited = text.replace("pin: 22", "pin: 25").replace("  pin: 17", "  pin: 16").replace("pin: 23", "pin:")
    bench.config_file.write_text(edited)
    restart = "Restart, so that config.yaml applies: sudo systemctl restart arcade-controller."
    assert [each for each in check_pins(load_config(bench.config_file)) if each.remedy] == [
        warning("coin line: it has GPIO 17, and config.yaml says 16", restart),
        warning("ready: for the controller it is at GPIO 22, in config.yaml it is at GPIO 25", restart),
        warning("coin_meter: for the controller it is at GPIO 23, in config.yaml it is not wired", restart),
    ]
