"""EDGE. What systemd says of a unit."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_PROPERTIES = (
    *("LoadState", "ActiveState", "SubState", "UnitFileState", "NRestarts", "ExecMainStatus"),
    *("User", "StatusText"),
)
CONTROLLER, SCREEN, DESKTOP = "arcade-controller", "arcade-attract-screen", "display-manager"


@dataclass(frozen=True)
class Unit:
    """A unit as `systemctl show` has it; `user` is empty for root, `status_text` is its own."""

    name: str
    active: str
    sub: str
    enabled: str
    restarts: int
    exit_status: int
    user: str
    status_text: str = ""

    @property
    def is_active(self) -> bool:
        """Whether it runs."""
        return self.active == "active"


def unit(name: str, systemd: Path) -> Unit | None:
    """The unit called `name`; None where there is none, or `systemd` is not there: systemd does not run."""
    if not systemd.exists():
        return None
    command = ["systemctl", "show", f"--property={','.join(_PROPERTIES)}", name]
    try:
        text = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    has = dict(line.partition("=")[::2] for line in text.splitlines())
    if has.get("LoadState") != "loaded":
        return None
    return Unit(
        name,
        has.get("ActiveState", ""),
        has.get("SubState", ""),
        has.get("UnitFileState", ""),
        int(has.get("NRestarts") or 0),
        int(has.get("ExecMainStatus") or 0),
        has.get("User", ""),
        has.get("StatusText", ""),
    )
