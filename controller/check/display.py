"""EDGE. Checks the display: the attract screen's unit, and what it draws on without a desktop."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from controller.pages.findings import Finding, note, ok, warning, wrong
from controller.system.systemd_units import SCREEN, Unit

# How the screen begins to say that it waits.
WAITING = "Waiting for a display"
_GROUPS = "Put it into its groups, and restart the screen: run install.sh again."


def check_display(screen: Unit | None, desktop: Unit | None, dri: Path, drm: Path) -> list[Finding]:
    """The unit `screen`, and the cards in `dri` and their sockets in `drm` that it draws on."""
    if screen is None:
        return [note(f"systemd has no {SCREEN} here")]
    found = [_unit(screen)]
    if desktop is not None and desktop.is_active:
        remedy = "sudo systemctl set-default multi-user.target, then reboot."
        found.append(wrong("a desktop holds the display", remedy))
    found += [_cards(dri, screen.user), _monitor(drm)]
    return found


def _unit(screen: Unit) -> Finding:
    if screen.is_active and not screen.status_text.startswith(WAITING):
        return ok(f"{screen.name} is active")
    if screen.is_active:
        return wrong(f"{screen.name} has no display yet", screen.status_text)
    remedy = f"journalctl -u {screen.name} -n 20 says why; start it: sudo systemctl start {screen.name}."
    return wrong(f"{screen.name} is {screen.active} ({screen.sub})", remedy)


def _cards(dri: Path, user: str) -> Finding:
    cards = sorted(dri.glob("card*"))
    if not cards:
        remedy = "Have dtoverlay=vc4-kms-v3d in /boot/firmware/config.txt, and reboot."
        return wrong(f"there is no graphics card in {dri}", remedy)
    refused = [card for card in cards if not may_write(card, user)]
    if refused:
        return wrong(f"{refused[0]} may not be used by the user {user}", _GROUPS)
    return ok(f"{', '.join(map(str, cards))} may be used by the user {user or 'root'}")


def _monitor(drm: Path) -> Finding:
    sockets = {path.parent.name: path.read_text().strip() for path in sorted(drm.glob("card*-*/status"))}
    connected = [name for name, status in sockets.items() if status == "connected"]
    if connected:
        return ok(f"a monitor is connected: {', '.join(connected)}")
    remedy = "Switch the monitor on and check its cable; the screen finds it by itself."
    return warning(f"no monitor is connected ({', '.join(sockets) or 'no socket found'})", remedy)


def may_write(path: Path, user: str) -> bool:
    """Whether `user` (empty: root) may write to `path`, by its mode and the user's groups."""
    if user in ("", "root"):
        return True
    try:
        entry = pwd.getpwnam(user)
        groups = os.getgrouplist(user, entry.pw_gid)
        status = path.stat()
    except (KeyError, OSError):
        return False
    if status.st_uid == entry.pw_uid:
        return bool(status.st_mode & 0o200)
    return bool(status.st_mode & (0o020 if status.st_gid in groups else 0o002))
