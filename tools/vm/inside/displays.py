"""Two graphics cards: a monitor that is pulled out, another one, a marquee, a coin's sound, a hang."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import cabinet
import cloud
import yaml
from cabinet import CONFIG, feed, run, show
from checks import same, wait_for
from console import RESULTS, until_same
from phone import DOOR, Phone

END = ["poweroff", "--force"]
SCREEN, MARQUEE, CONTROLLER = "arcade-attract-screen", "arcade-marquee", "arcade-controller"
WITHIN_S = 600.0
MAIN, SECOND = "card0", "card1"
HEARD = RESULTS / "heard.wav"


def run_stage() -> None:
    """All of it."""
    wait_for("the attract screen to wait", lambda: _status(SCREEN).startswith("Waiting for a display"))
    same("where config.yaml has no marquee, none runs", "inactive", show("ActiveState", MARQUEE))
    _configure()
    run("modprobe", "virtio_gpu")
    with cloud.running_cloud(cabinet.CLOUD):
        wait_for("the cabinet to sell", Phone(cabinet.CLOUD).sells, WITHIN_S)
        _two_screens()
        _pulled_out()
        _heard()
        _hung()


def _configure() -> None:
    config = yaml.safe_load(CONFIG.read_text())
    config["screen"] = {"display": MAIN, "sound": True}
    config["marquee"] = {"display": SECOND, "shows": "name"}
    CONFIG.write_text(yaml.safe_dump(config, sort_keys=False))
    run("systemctl", "reload", CONTROLLER)


def _two_screens() -> None:
    expected = {"codes": [DOOR], "size": [640, 480], "dark": False}
    until_same("the main card has the door", expected, lambda: _glass("main", MAIN))
    expected = {"codes": [], "size": [1280, 400], "dark": False}
    until_same("the other one has the marquee, without a code", expected, lambda: _glass("marquee", SECOND))


def _pulled_out() -> None:
    before = _lives()
    _plug(MAIN, "off")
    waiting = "Waiting for a display: no monitor is connected to card0"
    until_same("a cable that is pulled out is waited for", True, lambda: _status(SCREEN).startswith(waiting))
    same("the cabinet sells on", True, feed()["accepting"])
    _plug(MAIN, "800x600")
    expected = {"codes": [DOOR], "size": [800, 600], "dark": False}
    until_same("another monitor has the picture in its own size", expected, lambda: _glass("larger", MAIN))
    _plug(MAIN, "off")
    until_same("it is pulled out again", True, lambda: _status(SCREEN).startswith(waiting))
    _plug(MAIN, "640x480")
    expected = {"codes": [DOOR], "size": [640, 480], "dark": False}
    until_same("and the first one is back", expected, lambda: _glass("smaller", MAIN))
    same("all that in the same processes, and the marquee's, too", before, _lives())
    said = [line for line in cabinet.journal(SCREEN) if waiting in line]
    same("the journal says once what was waited for", 1, len(said))


def _heard() -> None:
    silent = HEARD.stat().st_size
    Phone(cabinet.CLOUD).pay(1)
    wait_for("a coin to be heard", lambda: HEARD.stat().st_size > silent, WITHIN_S)
    wait_for("the coin to be over", lambda: not run("pgrep", "aplay")[1], WITHIN_S)
    samples = HEARD.read_bytes()[silent:]
    same("a payment is heard through the Pi's own output", True, any(samples))


def _hung() -> None:
    """As a page flip that never ends: it does nothing any more."""
    controller = show("NRestarts", CONTROLLER)
    run("kill", "-STOP", show("MainPID", SCREEN))
    wait_for("systemd to end and start it", lambda: show("NRestarts", SCREEN) == "1", WITHIN_S)
    until_same("a screen that hung is back", [DOOR], lambda: _glass("back", MAIN)["codes"])
    same("the controller has not noticed", controller, show("NRestarts", CONTROLLER))
    count = Path("/run/arcade-screens/main/attempts")
    until_same("its display has answered", "0", lambda: count.read_text() if count.exists() else "none")


def _lives() -> list[tuple[str, str]]:
    return [(show("MainPID", unit), show("NRestarts", unit)) for unit in (SCREEN, MARQUEE, CONTROLLER)]


def _status(unit: str) -> str:
    return show("StatusText", unit)


def _plug(card: str, size: str) -> None:
    """Have another monitor there; "off" is a cable that is pulled out, as the kernel can be told of it."""
    status = Path(f"/sys/class/drm/{card}-Virtual-1/status")
    if size == "off":
        status.write_text("off")
        return
    print(f"@monitor {card} {size}", flush=True)
    time.sleep(5.0)  # QEMU's word to its card
    status.write_text("detect")


def _glass(name: str, card: str) -> dict[str, Any]:
    """What the host sees at a card."""
    answer = RESULTS / f"{name}.json"
    answer.unlink(missing_ok=True)
    time.sleep(1.0)  # each look is a photograph
    print(f"@screendump {name} {card}", flush=True)
    wait_for("the host to look", answer.exists)
    said = json.loads(answer.read_text())
    return {key: said[key] for key in ("codes", "size", "dark")}
