"""`check` and the board's side: power, pins that somebody else holds, and pins that float."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from check_parts import a_config, on_path
from gpiozero.pins.mock import MockFactory, MockPin
from test_board_side import CONFIG_TXT, PINMUX, STRONG, WEAK_NOW
from test_check_pins import ALONE, BusyPin
from workbench import workbench

from controller.check.free_pins import check_free_pins
from controller.check.header import CHIP, CHIP_INFO, LINE, LINE_INFO, Header
from controller.check.pins import check_pins
from controller.check.power import check_power
from controller.config.keys import load_config
from controller.pages.findings import Finding, note, ok, wrong

# Power

PI_4, PI_5 = "soc/soc:firmware", "soc@107c000000/soc@107c000000:firmware"


@pytest.fixture(autouse=True)
def _no_firmware(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine's own firmware says is not the test's."""
    monkeypatch.setenv("PATH", "/usr/sbin:/sbin")


def throttled(tmp_path: Path, text: str, place: str = PI_4) -> Path:
    """The file of Raspberry Pi's kernel."""
    folder = tmp_path / "sys" / "devices" / "platform" / place
    folder.mkdir(parents=True)
    (folder / "get_throttled").write_text(f"{text}\n")
    return tmp_path / "sys"


def test_a_pi_5_has_another_address(tmp_path: Path) -> None:
    """And the same file there."""
    assert check_power(throttled(tmp_path, "50005", PI_5)) == [WEAK_NOW]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("echo throttled=0x50005", [WEAK_NOW]),
        ("echo throttled=0x0", [STRONG]),
        ("echo VCHI initialization failed; exit 255", None),
        ("echo something else", None),
    ],
)
def test_the_firmware_is_asked_where_the_kernel_has_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, found: list[Finding] | None
) -> None:
    """By vcgencmd, which says so where this user may not."""
    on_path(tmp_path / "bin", "vcgencmd", said)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    unknown = (
        "nothing here tells whether the power is too weak; on a Raspberry Pi ask it by hand: vcgencmd "
        "get_throttled"
    )
    assert check_power(tmp_path) == (found or [note(unknown)])


@pytest.mark.parametrize(
    ("alarm", "found"), [("1", WEAK_NOW), ("0", ok("the power is strong enough at this moment"))]
)
def test_debian_s_own_kernel_has_an_alarm(tmp_path: Path, alarm: str, found: Finding) -> None:
    """Among other sensors; it knows of this moment alone."""
    for number, name in enumerate(("cpu_thermal", "rpi_volt")):
        sensor = tmp_path / "class" / "hwmon" / f"hwmon{number}"
        sensor.mkdir(parents=True)
        (sensor / "name").write_text(f"{name}\n")
        (sensor / "in0_lcrit_alarm").write_text(f"{alarm}\n" if name == "rpi_volt" else "7\n")
    assert check_power(tmp_path) == [found]


# Pins that somebody else holds


def kernel(lines: dict[int, tuple[int, bytes]], label: bytes = b"pinctrl-bcm2711") -> Callable[..., bytes]:
    """What the kernel answers of a chip's lines, by its own structures: flags and consumer of each."""

    def answer(_file: int, request: int, asked: bytes) -> bytes:
        if request == CHIP_INFO:
            return CHIP.pack(b"gpiochip0", label, 54)
        assert request == LINE_INFO
        pin = LINE.unpack(asked)[0]
        flags, consumer = lines.get(pin, (0, b""))
        return LINE.pack(pin, flags, b"GPIO%d" % pin, consumer)

    return answer


@pytest.fixture
def header(tmp_path: Path) -> Header:
    """A Pi's header: one-wire on GPIO 22 and i2c's driver on 23, and a program with lgpio on 27."""
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "gpiochip0").touch()
    (tmp_path / "config.txt").write_text(CONFIG_TXT)
    pinctrl = tmp_path / "pinctrl" / "fe200000.gpio-pinctrl-bcm2711"
    pinctrl.mkdir(parents=True)
    (pinctrl / "pinmux-pins").write_text(PINMUX.replace("device soc:leds", "fe804000.i2c"))
    lines = {22: (1, b"onewire@16"), 27: (3, b"lg"), 17: (1, b"")}
    return Header(tmp_path / "dev", tmp_path / "pinctrl", (tmp_path / "config.txt",), kernel(lines))


def test_the_consumer_of_a_line_is_the_kernel_s_word(header: Header) -> None:
    """Where no driver has it; one without a name is somebody."""
    assert [header.holder_of(pin) for pin in (22, 27, 17, 5, 2)] == [
        "onewire@16",
        "lg",
        "somebody",
        None,
        "fe804000.i2c",
    ]


def test_only_the_header_s_own_chip_is_asked(header: Header, tmp_path: Path) -> None:
    """A Pi has others: its Wi-Fi and its power have lines of these numbers too."""
    others = Header(tmp_path / "dev", tmp_path, (), kernel({22: (1, b"vdd")}, b"raspberrypi-exp-gpio"))
    assert others.holder_of(22) is None
    assert Header(tmp_path / "none", tmp_path / "none", ()).holder_of(22) is None


def test_who_may_not_ask_learns_nothing(tmp_path: Path) -> None:
    """A file that is no chip, as a real ioctl finds."""
    (tmp_path / "gpiochip0").touch()
    assert Header(tmp_path, tmp_path, ()).holder_of(22) is None


class FloatingPin(MockPin):  # type: ignore[misc]  # gpiozero ships no types
    """A pin in the hum of the mains: another level each few times that it is looked at."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self._looks = count()
        super().__init__(*arguments, **settings)

    def _get_state(self) -> int:
        return next(self._looks) // 4 % 2


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    with closing(MockFactory()) as factory:
        yield factory


WIRED = "ready: {pin: 22, active: low}\ncoin_meter: {pin: 23, active: high}\n"


def found(tmp_path: Path, factory: MockFactory, header: Header) -> list[Finding]:
    return check_free_pins(a_config(tmp_path, WIRED), nullcontext(factory), header)


def test_a_pin_that_an_overlay_holds_is_told_with_its_line(
    tmp_path: Path, pins: MockFactory, header: Header
) -> None:
    """Whether it cannot be claimed, or is claimed beside a driver that goes on with it."""
    pins.pin(22, pin_class=BusyPin)
    boot = tmp_path / "config.txt"
    one_wire = f"Take line 5, dtoverlay=w1-gpio,gpiopin=22, out of {boot} and reboot, or write another pin."
    i2c = (
        f"Take what asks for it, such as dtparam=i2c_arm=on, out of {boot} and reboot, or write another pin."
    )
    assert found(tmp_path, pins, header) == [
        ALONE,
        ok("coin line: GPIO 17 is free, and low: at rest"),
        wrong("ready: GPIO 22 cannot be claimed: 'GPIO busy': onewire@16 holds it", one_wire),
        wrong("coin_meter: GPIO 23 is driven by fe804000.i2c of the kernel too", i2c),
    ]


def test_a_running_controller_does_not_hide_a_driver_on_its_pin(tmp_path: Path, header: Header) -> None:
    """It has the pin, and is disturbed."""
    (tmp_path / "bench").mkdir()
    with workbench(tmp_path / "bench") as bench:
        bench.start()
        told = check_pins(load_config(bench.config_file), header)
    assert [each.text for each in told if each.grade == "wrong"] == [
        "coin_meter: GPIO 23 is driven by fe804000.i2c of the kernel too"
    ]


NOWHERE = Header(Path("/nowhere"), Path("/nowhere"), (Path("/nowhere"),))


def test_pins_that_float_are_wrong(tmp_path: Path) -> None:
    """The coin pin without its pull-down, and an input that no contact holds: both move by themselves."""
    with closing(MockFactory()) as pins:
        pins.pin(17, pin_class=FloatingPin)
        pins.pin(22, pin_class=FloatingPin)
        coin, ready, meter = found(tmp_path, pins, NOWHERE)[1:]
    assert [without_figure(each.text) for each in (coin, ready)] == [
        "coin line: GPIO 17 is free, and floats: it moved N times in 0.2 s, and nothing drove it",
        "ready: GPIO 22 is free, and has no rest: it moved N times in 0.2 s",
    ]
    assert [coin.remedy, ready.remedy] == [
        "Fit the pull-down resistor of docs/wiring.md, or find what else drives the pin.",
        "See to that wire, its ground and its opto-coupler: `sudo cabinet watch` counts its edges.",
    ]
    assert meter == ok("coin_meter: GPIO 23 is free, and low: not active")


def without_figure(text: str) -> str:
    return " ".join(
        "N" if word.isdecimal() and text.split()[at - 1] == "moved" else word
        for at, word in enumerate(text.split())
    )
