"""EDGE. What systemd says of a unit."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from controller.model.sandbox import PROPERTIES as SANDBOX
from controller.model.sandbox import Sandbox, sandbox_of

_PROPERTIES = (
    *("LoadState", "ActiveState", "SubState", "UnitFileState", "NRestarts", "ExecMainStatus"),
    *("User", "StatusText", "ExecStart"),
    *SANDBOX,
)
CONTROLLER, SCREEN, DESKTOP = "arcade-controller", "arcade-attract-screen", "display-manager"
NO_SANDBOX = sandbox_of({})


@dataclass(frozen=True)
class Unit:
    """A unit as `systemctl show` has it; `user` is empty for root, `status_text` is its own.

    Its command line names `config_file`, and says whether it takes `real_pins_only`.
    """

    name: str
    active: str
    sub: str
    enabled: str
    restarts: int
    exit_status: int
    user: str
    status_text: str = ""
    sandbox: Sandbox = NO_SANDBOX
    config_file: Path | None = None
    real_pins_only: bool = False

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
        text = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", timeout=5, check=True
        ).stdout
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
        sandbox_of(has),
        _config_file(has.get("ExecStart", "")),
        "--real-pins-only" in has.get("ExecStart", "").split(),
    )


def _config_file(command: str) -> Path | None:
    named = re.search(r" --config[ =](\S+)", command)
    return Path(named[1]) if named else None
