"""EDGE. Checks the power: too weak a supply restarts a Pi, and breaks its card, in the middle of a sale."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from controller.pages.findings import Finding, note
from controller.pages.power import alarm_findings, power_findings
from controller.system.kernel_files import throttled_bits, voltage_alarm

_ASKED = "ask it by hand: vcgencmd get_throttled"


def check_power(sysfs: Path) -> list[Finding]:
    """By Raspberry Pi's own kernel, whose files are under `sysfs`, its firmware, or Linux' voltage alarm."""
    bits = throttled_bits(sysfs)
    if bits is None:
        bits = _by_firmware()
    if bits is not None:
        return power_findings(bits)
    alarm = voltage_alarm(sysfs)
    if alarm is None:
        return [note(f"nothing here tells whether the power is too weak; on a Raspberry Pi {_ASKED}")]
    return alarm_findings(alarm=alarm)


def _by_firmware() -> int | None:
    try:
        command = ["vcgencmd", "get_throttled"]
        said = subprocess.run(command, capture_output=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"throttled=(0x[0-9a-fA-F]+)", said.decode("ascii", "replace"))
    return int(found[1], 16) if found else None
