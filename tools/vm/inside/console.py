"""The attract screen on the bare console: a graphics card that comes late, and what is on its glass."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cabinet
import cloud
from cabinet import FEED, feed, journal, order, run, show
from checks import same, wait_for
from phone import DOOR, Phone

END = ["poweroff", "--force"]
MODULES = Path("/sys/module")
RESULTS = Path("/results")
SCREEN = "arcade-attract-screen"
SIZE = "640x480"
GLASS_WITHIN_S, STARTS_WITHIN_S = 600.0, 600.0
PYTHON = "/opt/arcade-cabinet/venv/bin/python"
TTY = Path("/dev/tty1")
# As `setterm --blank` gives them; consoleblank= has the kernel blank it after minutes without a key.
TIOCLINUX, UNBLANK_SCREEN, BLANK_SCREEN = 0x541C, 4, 14


def run_stage() -> None:
    """All of it."""
    wait_for("the attract screen to wait", _words)
    wait_for("its feed", lambda: feed().get("state") == "offline")
    _late_card()
    with cloud.running_cloud(cabinet.CLOUD):
        wait_for("the cabinet to sell", Phone(cabinet.CLOUD).sells, STARTS_WITHIN_S)
        until_same(
            "a cabinet that sells shows its door as a QR code", [DOOR], lambda: glass("attract")["codes"]
        )
        _console(BLANK_SCREEN)
        until_same("a console that is blanked leaves it there", [DOOR], lambda: glass("blanked")["codes"])
        order("not_ready")
        until_same(
            "a board that is not ready takes it off the glass", [], lambda: glass("not_ready")["codes"]
        )
    run("systemctl", "stop", SCREEN)
    same("it ends well", ("inactive", "success"), (show("ActiveState", SCREEN), show("Result", SCREEN)))
    opened = f"The display was opened: kmsdrm, {SIZE}"
    expected = ["Waiting for a display", opened, "The attract screen was stopped"]
    same("and has logged nothing but what changed", expected, _words())
    _dark_console()


def _dark_console() -> None:
    """What players see while the screen does not run; the kernel has the words of install.sh."""
    told = ("kernel/parameters/consoleblank", "vt/parameters/global_cursor_default")
    same("the kernel does as it is told", ["0", "0"], [(MODULES / name).read_text().strip() for name in told])
    same("and knows each word", [], [line for line in _kernel() if "Unknown kernel command line" in line])
    _console(UNBLANK_SCREEN)
    until_same(
        "without the screen the glass is dark: no boot text, no cursor",
        True,
        lambda: glass("console")["dark"],
    )
    TTY.write_text("login: ")
    until_same("though text would be seen there", False, lambda: glass("text")["dark"])
    _console(BLANK_SCREEN)
    run("systemctl", "start", SCREEN)
    wait_for(
        "the screen to open again", lambda: _words()[-1].startswith("The display was opened"), STARTS_WITHIN_S
    )
    until_same("and the screen wakes a console that is blanked", True, lambda: is_as_drawn("offline"))


def _console(what: int) -> None:
    with TTY.open("wb") as tty:
        fcntl.ioctl(tty, TIOCLINUX, bytes([what]))


def _kernel() -> list[str]:
    return run("journalctl", "--dmesg", "--output=cat", "--boot")[1].splitlines()


def _words() -> list[str]:
    """What the screen logged, without the reasons."""
    said = [line.partition(": ")[2] for line in journal(SCREEN) if "attract_screen" in line]
    return [line.partition(": cannot")[0] for line in said]


def _late_card() -> None:
    waiting = show("MainPID", SCREEN)
    run("modprobe", "virtio_gpu")
    until_same(
        "a card that comes late has the picture for offline on its glass",
        True,
        lambda: is_as_drawn("offline"),
    )
    same("it is the process that had waited", waiting, show("MainPID", SCREEN))


def is_as_drawn(name: str) -> bool:
    """Whether the glass has what is drawn of the same feed where there is no glass."""
    draw = ("--render", str(RESULTS / f"{name}.png"), "--size", SIZE)
    run(PYTHON, "-m", "attract_screen", "--feed", str(FEED), *draw)
    return glass(name)["as_drawn"]


def until_same(sentence: str, expected: Any, look: Callable[[], Any]) -> None:
    """A picture takes its time to get to the glass."""
    seen = None
    until_s = time.monotonic() + GLASS_WITHIN_S
    while seen != expected and time.monotonic() < until_s:
        seen = look()
    same(sentence, expected, seen)


def glass(name: str) -> dict[str, Any]:
    """What the host sees there."""
    answer = RESULTS / f"{name}.json"
    answer.unlink(missing_ok=True)
    print(f"@screendump {name}", flush=True)
    wait_for("the host to look", answer.exists)
    return json.loads(answer.read_text())
