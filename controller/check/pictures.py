"""EDGE. Checks the operator's folder of pictures and clips, with the eyes of the screen's user."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

from attract_screen.material.workshop import environment
from controller.pages.findings import Finding, note, ok, warning
from controller.system.systemd_units import Unit

_MODULE = "attract_screen.material.inspection"
_WITHIN_S = 10.0
_ENDS_WITHIN_S = _WITHIN_S + 4.0
_ELSEWHERE = "Take a folder such as /srv/screen, and write it into screen.folder."
_MEND = "Mend it or take it away: the screen sees that by itself."


def check_pictures(folder: Path, screen: Unit | None) -> list[Finding]:
    """What of `folder` the unit `screen` shows, and why not the rest; None where there is no such unit."""
    if screen is not None and (barrier := screen.sandbox.hides((str(folder), os.path.realpath(folder)))):
        hides = f"{barrier.directive}= of {screen.name} hides {barrier.folder}"
        return [warning(f"the screen sees nothing of {folder}: {hides}", _ELSEWHERE)]
    user = screen.user if screen is not None else ""
    try:
        found = _inspected(folder, user)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return [note(f"{folder} was not looked at: {_told(error)}")]
    if found["folder"] is not None:
        why, _, remedy = found["folder"].partition(": ")
        return [warning(f"screen.folder is {folder}: {why}", _sentence(remedy))]
    findings = [ok(f"{_counted(found['shown'])} of {folder} can be shown")]
    findings += [warning(f"{name}: {why}", _MEND) for name, why in found["problems"]]
    if found["unseen"]:
        findings.append(note(f"into {found['unseen']} more files there was no time to look"))
    return findings


def _inspected(folder: Path, user: str) -> dict[str, Any]:
    """The inspection's answer, made as `user`; as who runs this where nobody else can be."""
    other = user not in ("", "root") and os.geteuid() == 0
    entry = _entry(user) if other else None
    ended = subprocess.run(
        [sys.executable, "-P", "-m", _MODULE, str(folder), f"{_WITHIN_S:g}"],
        user=entry.pw_uid if entry else None,
        group=entry.pw_gid if entry else None,
        extra_groups=os.getgrouplist(user, entry.pw_gid) if entry else None,
        env=environment(),
        capture_output=True,
        timeout=_ENDS_WITHIN_S,
        check=True,
    )
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def _entry(user: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise OSError(f"there is no user {user}") from None


def _told(error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it took longer than {_ENDS_WITHIN_S:g} s"
    return str(error)


def _counted(files: int) -> str:
    return "1 picture or clip" if files == 1 else f"{files} pictures and clips"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else _ELSEWHERE
