"""EDGE. What Linux and a Pi's firmware tell in small files: power and heat."""

from __future__ import annotations

from pathlib import Path

SYSFS = Path("/sys")


def throttled_bits(sysfs: Path = SYSFS) -> int | None:
    """The firmware's bits (vcgencmd get_throttled), by Raspberry Pi's own kernel; None where it has not."""
    # soc:firmware, and soc@107c000000:firmware on a Pi 5.
    files = sorted(sysfs.glob("devices/platform/*/*:firmware/get_throttled"))
    return next((bits for file in files if (bits := _number(_text(file), 16)) is not None), None)


def voltage_alarm(sysfs: Path = SYSFS) -> bool | None:
    """Whether the power is too weak at this moment, by Linux' own alarm; None where there is none."""
    for name in sorted(sysfs.glob("class/hwmon/hwmon*/name")):
        if _text(name).strip() == "rpi_volt":
            alarm = _number(_text(name.with_name("in0_lcrit_alarm")), 10)
            return None if alarm is None else alarm != 0
    return None


def celsius(sysfs: Path = SYSFS) -> float | None:
    """How hot the processor is; None where nothing tells."""
    thousandths = _number(_text(sysfs / "class/thermal/thermal_zone0/temp"), 10)
    return None if thousandths is None else thousandths / 1000


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii", "replace")
    except OSError:
        return ""


def _number(text: str, base: int) -> int | None:
    try:
        return int(text, base)
    except ValueError:
        return None
