"""CORE. Who in the kernel holds a pin, and which line of a Pi's config.txt has it do so."""

from __future__ import annotations

import re
from typing import Final

# How the kernel calls who holds a pin; the lines that ask for it; and the usual one of them.
_ASKED_FOR_BY: Final = (
    (r"^onewire|^w1", r"dtoverlay=w1-", "dtoverlay=w1-gpio"),
    (r"\bi2c", r"dt(param|overlay)=.*i2c", "dtparam=i2c_arm=on"),
    (r"\bspi", r"dt(param|overlay)=.*spi", "dtparam=spi=on"),
    (r"\bserial|uart", r"enable_uart|dt(param|overlay)=.*uart", "enable_uart=1"),
    (r"^ir-rec|^gpio_ir_recv", r"dtoverlay=gpio-ir\b(?!-)", "dtoverlay=gpio-ir"),
    (r"^(gpio-)?ir-trans", r"dtoverlay=(gpio|pwm)-ir-tx", "dtoverlay=gpio-ir-tx"),
    (r"button|^gpio-keys", r"dtoverlay=gpio-(shutdown|key)", "dtoverlay=gpio-shutdown"),
    (r"fan", r"dtoverlay=(gpio|pwm)-.*fan|dtparam=cooling_fan", "dtoverlay=gpio-fan"),
    (r"\bpwm", r"dtoverlay=pwm", "dtoverlay=pwm"),
    (r"\bi2s|\bpcm", r"dtparam=i2s|dtoverlay=.*(dac|amp|audio|digi|sound|snd)", "dtparam=i2s=on"),
    (r"audio", r"dtoverlay=audremap", "dtoverlay=audremap"),
    (r"\bdpi", r"dtoverlay=.*(dpi|vga666)", "dtoverlay=vc4-kms-dpi-generic"),
    (r"power_ctrl|poweroff", r"dtoverlay=gpio-poweroff", "dtoverlay=gpio-poweroff"),
    (r"\bmmc|sdio", r"dtoverlay=sdio", "dtoverlay=sdio"),
    (r"^pps", r"dtoverlay=pps-gpio", "dtoverlay=pps-gpio"),
    (r"^dht", r"dtoverlay=dht11", "dtoverlay=dht11"),
    (r"^rotary", r"dtoverlay=rotary-encoder", "dtoverlay=rotary-encoder"),
    (r"led", r"dt(param|overlay)=.*led", "dtoverlay=gpio-led"),
)
_FREE_IT: Final = "End the program that holds it (sudo gpioinfo names it), or write another pin."


def owner_in(pinmux: str, pin: int) -> str | None:
    """Which device drives the pin by a function of its own, as the kernel's pinmux-pins has it."""
    line = re.search(rf"^pin {pin} \(gpio{pin}\): (.*)", pinmux, re.MULTILINE)
    owner = line[1].removeprefix("device ").split()[0] if line else ""
    return None if owner in ("", "GPIO", "UNCLAIMED", "(MUX") else owner


def remedy_of(holder: str | None, boot_file: str, boot_text: str) -> str:
    """What to do about a pin that `holder` has; `boot_text` is what stands in the Pi's `boot_file`."""
    found = [each[1:] for each in _ASKED_FOR_BY if holder and re.search(each[0], holder)]
    if not found:
        return _FREE_IT
    asks, usual = found[0]
    lines = enumerate(map(str.strip, boot_text.splitlines()), 1)
    line = next((f"line {number}, {text}," for number, text in lines if re.match(asks, text)), None)
    what = line or f"what asks for it, such as {usual},"
    return f"Take {what} out of {boot_file} and reboot, or write another pin."
