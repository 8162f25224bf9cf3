"""EDGE. Checks the power: too weak a supply restarts a Pi, and breaks its card, in the middle of a sale."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from controller.pages.findings import Finding, note
from controller.pages.power import alarm_findings, power_findings

_ASKED = "ask it by hand: vcgencmd get_throttled"


def check_power(sysfs: Path) -> list[Finding]:
    """By Raspberry Pi's own kernel, whose files are under `sysfs`, its firmware, or Linux' voltage alarm."""
    bits = _by_kernel(sysfs)
    if bits is None:
        bits = _by_firmware()
    if bits is not None:
        return power_findings(bits)
    alarm = _by_alarm(sysfs)
    if alarm is None:
        return [note(f"nothing here tells whether the power is too weak; on a Raspberry Pi {_ASKED}")]
    return alarm_findings(alarm=alarm != 0)


def _by_kernel(sysfs: Path) -> int | None:
    # soc:firmware, and soc@107c000000:firmware on a Pi 5.
    files = sorted(sysfs.glob("devices/platform/*/*:firmware/get_throttled"))
    return next((bits for file in files if (bits := _number(_text(file), 16)) is not None), None)


def _by_firmware() -> int | None:
    try:
        command = ["vcgencmd", "get_throttled"]
        said = subprocess.run(command, capture_output=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"throttled=(0x[0-9a-fA-F]+)", said.decode("ascii", "replace"))
    return int(found[1], 16) if found else None


def _by_alarm(sysfs: Path) -> int | None:
    for name in sorted(sysfs.glob("class/hwmon/hwmon*/name")):
        if _text(name).strip() == "rpi_volt":
            return _number(_text(name.with_name("in0_lcrit_alarm")), 10)
    return None


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
