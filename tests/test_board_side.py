"""The board's side in words: who holds a pin, and what asks for it; and when a pin floats."""

from __future__ import annotations

import pytest

from controller.pages.findings import Finding, ok, warning, wrong
from controller.pages.pin_holders import owner_in, remedy_of
from controller.pages.power import alarm_findings, power_findings
from controller.rules.floating import LOOKED_FOR_S, coin_pin_floats, input_floats

FREE_IT = "End the program that holds it (sudo gpioinfo names it), or write another pin."
SUPPLY = (
    "Give it the supply made for this Pi (5.1 V and 3 A; a Pi 5: 5 A) by a short and thick cable, and "
    "nothing else to feed."
)
COOL = "Give it air, or a heat sink: at 85 °C it is slowed down."
STRONG = ok("the power has been strong enough since the start")
WEAK_NOW = wrong("the power is too weak at this moment: below 4.63 V", SUPPLY)
WEAK_BEFORE = warning("the power was too weak since the start: below 4.63 V", SUPPLY)


@pytest.mark.parametrize(
    ("bits", "found"),
    [
        ("0", [STRONG]),
        ("50005", [WEAK_NOW]),
        ("50000", [WEAK_BEFORE]),
        ("80008", [STRONG, warning("the Pi is too hot, and slowed down", COOL)]),
        ("e0000", [STRONG, warning("the Pi was too hot since the start, and slowed down", COOL)]),
        ("60000", [STRONG, warning("the Pi was slowed down since the start", f"{COOL} {SUPPLY}")]),
        ("d0008", [WEAK_BEFORE, warning("the Pi is too hot, and slowed down", COOL)]),
    ],
)
def test_the_firmware_s_bits_are_told_in_words(bits: str, found: list[Finding]) -> None:
    """Here in hexadecimal, as vcgencmd and the kernel have them."""
    assert power_findings(int(bits, 16)) == found


def test_an_alarm_is_of_this_moment() -> None:
    """It says nothing of what was before."""
    strong = ok("the power is strong enough at this moment")
    assert [alarm_findings(alarm=alarm) for alarm in (True, False)] == [[WEAK_NOW], [strong]]


# A Pi 4's, with i2c, spi and one-wire on; from another kernel, which is strict, the form of two lines.
PINMUX = """\
Pinmux settings per pin
Format: pin (name): mux_owner gpio_owner hog?
pin 2 (gpio2): fe804000.i2c (GPIO UNCLAIMED) function alt0 group gpio2
pin 4 (gpio4): onewire@4 pinctrl-bcm2711:4 function gpio_out group gpio4
pin 7 (gpio7): fe204000.spi pinctrl-bcm2711:7 function gpio_out group gpio7
pin 17 (gpio17): (MUX UNCLAIMED) pinctrl-bcm2711:17
pin 22 (gpio22): (MUX UNCLAIMED) (GPIO UNCLAIMED)
pin 23 (gpio23): device soc:leds function gpio_out group gpio23
pin 24 (gpio24): GPIO pinctrl-bcm2711:24
pin 25 (gpio25): UNCLAIMED
"""


@pytest.mark.parametrize(
    ("pin", "owner"),
    [
        *((2, "fe804000.i2c"), (4, "onewire@4"), (7, "fe204000.spi"), (23, "soc:leds")),
        *((17, None), (22, None), (24, None), (25, None), (27, None)),
    ],
)
def test_the_kernel_s_list_names_who_drives_a_pin(pin: int, owner: str | None) -> None:
    """In either of its two forms; whoever has it as a GPIO is no driver."""
    assert owner_in(PINMUX, pin) == owner


CONFIG_TXT = "dtparam=audio=on\n#dtoverlay=w1-gpio\n\n[all]\n  dtoverlay=w1-gpio,gpiopin=22\nenable_uart=1\n"


@pytest.mark.parametrize(
    ("holder", "what"),
    [
        ("onewire@16", "line 5, dtoverlay=w1-gpio,gpiopin=22,"),
        ("fe201000.serial", "line 6, enable_uart=1,"),
        ("fe804000.i2c", "what asks for it, such as dtparam=i2c_arm=on,"),
        ("fe204000.spi", "what asks for it, such as dtparam=spi=on,"),
        ("spi0 CS0", "what asks for it, such as dtparam=spi=on,"),
        ("ir-receiver@11", "what asks for it, such as dtoverlay=gpio-ir,"),
        ("gpio-ir-transmitter@12", "what asks for it, such as dtoverlay=gpio-ir-tx,"),
        ("shutdown_button@3", "what asks for it, such as dtoverlay=gpio-shutdown,"),
        ("gpio-fan@0", "what asks for it, such as dtoverlay=gpio-fan,"),
        ("fe20c000.pwm", "what asks for it, such as dtoverlay=pwm,"),
        ("fe203000.i2s", "what asks for it, such as dtparam=i2s=on,"),
        ("fe208000.dpi", "what asks for it, such as dtoverlay=vc4-kms-dpi-generic,"),
        ("power_ctrl", "what asks for it, such as dtoverlay=gpio-poweroff,"),
        ("soc:leds", "what asks for it, such as dtoverlay=gpio-led,"),
    ],
)
def test_each_driver_has_the_line_that_asks_for_it(holder: str, what: str) -> None:
    """The very line, if it stands there and is no comment; else the usual one."""
    remedy = f"Take {what} out of /boot/firmware/config.txt and reboot, or write another pin."
    assert remedy_of(holder, "/boot/firmware/config.txt", CONFIG_TXT) == remedy


@pytest.mark.parametrize("holder", ["lg", "gpiomon", "somebody", None])
def test_a_program_is_in_no_boot_file(holder: str | None) -> None:
    """It is ended."""
    assert remedy_of(holder, "/boot/firmware/config.txt", CONFIG_TXT) == FREE_IT


def test_a_coin_pin_moves_by_nothing_but_us() -> None:
    """One edge may be of something that let go of it just then."""
    assert [edges for edges in range(4) if coin_pin_floats(edges)] == [2, 3]


def test_an_input_may_count_a_coin_while_it_is_looked_at() -> None:
    """The fastest coin meter bounces 50 times a second; the slowest hum has 100 edges."""
    assert LOOKED_FOR_S == 0.2
    assert [edges for edges in (0, 4, 10, 11, 20) if input_floats(edges, LOOKED_FOR_S)] == [11, 20]
