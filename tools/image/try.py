"""Boots the card's image in QEMU, and sets the cabinet up as a technician would: `make test-image`.

From a card as it was written, with Raspberry Pi Imager's settings on it, over one typo to the attract
screen. The machine is QEMU's own (`virt`), for its Raspberry Pi has no display: kernel, initrd and root are
the image's. What the Pi's firmware does with its files is not tried here.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloud
import yaml
from cabinet import settings
from checks import same as compare
from checks import wait_for
from glass import look
from phone import DOOR
from PIL import Image, ImageChops
from virtual import SERIAL, SIZE, Card, Virtual, card_in

from controller.pages.card_page import Notice, next_notice, refused_notice
from controller.setup.notice import setup_feed
from controller.system.clock import since_boot_s

PROJECT = Path(__file__).parent.parent.parent
UNITS = PROJECT / "tools/vm/guest/etc/systemd/system"
FOLDER = PROJECT / "build/image"
RESULTS = FOLDER / "tried"
GROWS_BY = 1 << 30
AS_DRAWN = 0.99  # of all pixels; the sparks are 0.4 in a hundred
BOOTS_WITHIN_S, ENDS_WITHIN_S = 3600.0, 900.0
ADDRESS = "10.0.2.15"
CLOUD_UNITS = ("cloud@.service", "cloud@.socket")
CA_FILE = "/etc/arcade-cabinet/ca.crt"
PIN = 17
APP, MODULE = "/opt/arcade-cabinet", "controller/app"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINotAKeyOfAnybodyJustItsShapeForThisTest technician"
WRONG_ID = "Line 1: machine_id is 'galaga 01': use 1 to 64 of A-Z a-z 0-9 _ - only, for example galaga-01"


failed: list[str] = []


def main() -> int:
    """All of it; 1 if a check failed."""
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)
    card = _written_card()
    _compiled(card)
    with cloud.running_cloud(RESULTS / "cloud"):
        before_mb = card.root_mb()
        card.put("user-data", _imagers_settings())
        _boot(card, "new", lambda: _shows("new", next_notice(has_network=True)))
        _first_boot(card, before_mb)
        right = _settings()
        card.put("Cabinet.yaml.txt", _for_windows(right | {"machine_id": "galaga 01"}))
        refused = refused_notice("Cabinet.yaml.txt", [WRONG_ID])
        _boot(card, "typo", lambda: _shows("typo", refused))
        _one_typo(card, right)
        text = (
            card.boot_file("Cabinet.yaml.txt").decode("utf-8-sig").replace("galaga 01", right["machine_id"])
        )
        card.put("Cabinet.yaml.txt", text.encode("utf-8-sig"))
        _boot(card, "sells", lambda: _codes("sells") == [DOOR])
        _mended(card, right)
    print(f"{len(failed)} failed", flush=True)
    return int(bool(failed))


def same(sentence: str, expected: object, seen: object) -> None:
    """One check, remembered if it fails."""
    compare(sentence, expected, seen)
    if seen != expected:
        failed.append(sentence)


def _written_card() -> Card:
    """The image on a card that is larger."""
    copy = FOLDER / "tried.img"
    subprocess.run(["cp", "--sparse=always", FOLDER / "cabinet.img", copy], check=True)
    subprocess.run(["truncate", "-s", f"+{GROWS_BY}", copy], check=True)
    return card_in(copy)


def _compiled(card: Card) -> None:
    """Else the controller would compile itself at each start, and keep what that takes."""
    compiled = f"{APP}/compiled{APP}/{MODULE}.cpython-311.opt-2.pyc"
    source_s, compiled_for_s = card.compiled_for(f"{APP}/{MODULE}.py", compiled)
    same("what is compiled for the controller is of its source", source_s, compiled_for_s)


def _imagers_settings() -> bytes:
    """A user with a key, as Imager writes it; and, for the cloud on this machine, its ports and authority."""
    files = {f"/etc/systemd/system/{name}": (UNITS / name).read_text() for name in CLOUD_UNITS}
    files[CA_FILE] = cloud.broker_in(RESULTS / "cloud").ca_file.read_text()
    ports = [f"cloud@{port}.socket" for port in (cloud.BROKER_PORT, cloud.RELAY_PORT)]
    user = {"name": "technician", "groups": "users,sudo", "lock_passwd": True, "ssh_authorized_keys": [KEY]}
    told = {
        "users": [user],
        "write_files": [{"path": path, "content": text} for path, text in files.items()],
        "runcmd": [["systemctl", "add-wants", "sockets.target", *ports]],
    }
    return b"#cloud-config\n" + yaml.safe_dump(told).encode()


def _settings() -> dict[str, Any]:
    """Those of a cabinet with a coin line alone: nobody moves the other pins of QEMU's machine."""
    filled_in = settings(RESULTS / "cloud") | {"coin_line": {"pin": PIN}}
    return {key: value for key, value in filled_in.items() if key not in ("game_over", "ready")}


def _for_windows(filled_in: dict[str, Any]) -> bytes:
    return yaml.safe_dump(filled_in, sort_keys=False).replace("\n", "\r\n").encode("utf-8-sig")


def _boot(card: Card, name: str, is_there: Callable[[], bool]) -> None:
    """Boot until the glass shows what it should, and switch off."""
    began_s = time.monotonic()
    with Virtual(card, RESULTS, name) as machine:

        def seen() -> bool:
            look(machine, RESULTS, name)
            return is_there()

        wait_for("the monitor", (RESULTS / f"monitor-{name}").exists)
        wait_for(f"the picture {name}", seen, BOOTS_WITHIN_S, 5)
        print(
            f"ok    the glass shows what it should ({name}), after {time.monotonic() - began_s:.0f} s",
            flush=True,
        )
        same("switched off by its button, it ends by itself", True, machine.switch_off(ENDS_WITHIN_S))


def _shows(name: str, notice: Notice) -> bool:
    """Whether the glass shows this notice as it is drawn here, but for the sparks behind it, which move."""
    feed, drawn = RESULTS / f"{name}-feed.json", RESULTS / f"{name}.png"
    feed.write_text(json.dumps(setup_feed(notice, PROJECT / "config.yaml", since_boot_s(), ADDRESS, SERIAL)))
    draw = ["--feed", str(feed), "--render", str(drawn), "--size", SIZE]
    subprocess.run([sys.executable, "-m", "attract_screen", *draw], check=True, capture_output=True)
    with Image.open(RESULTS / f"{name}.ppm") as seen, Image.open(drawn) as picture:
        if seen.size != picture.size:
            return False
        same_as = (
            ImageChops.difference(seen.convert("RGB"), picture.convert("RGB")).convert("L").histogram()[0]
        )
        return same_as >= seen.width * seen.height * AS_DRAWN


def _codes(name: str) -> list[str]:
    return list(_answer(name)["codes"])


def _answer(name: str) -> dict[str, Any]:
    return dict(json.loads((RESULTS / f"{name}.json").read_text()))


def _first_boot(card: Card, before_mb: int) -> None:
    same("the root file system has the whole card", True, card.root_mb() - before_mb > (GROWS_BY >> 20) - 64)
    same("the machine has a number of its own", 33, len(card.root_file("/etc/machine-id")))
    same(
        "and a key of its own for SSH",
        "ssh-ed25519",
        card.root_file("/etc/ssh/ssh_host_ed25519_key.pub").split()[0],
    )
    keys = card.root_file("/home/technician/.ssh/authorized_keys")
    same("Imager's user may log in by key", True, KEY in keys)
    same("the example lies on the card", True, "cabinet-example.yaml" in card.boot_names())


def _one_typo(card: Card, right: dict[str, Any]) -> None:
    report = card.boot_file("cabinet-problems.txt").decode("utf-8-sig")
    print("\n".join(f"      | {line}" for line in report.splitlines()))
    same("the text file names the typo", True, WRONG_ID in report)
    same("no secret is in any byte of the boot partition", [], _found(card, right))


def _mended(card: Card, right: dict[str, Any]) -> None:
    same(
        "config.yaml is what was meant",
        right,
        yaml.safe_load(card.root_file("/etc/arcade-cabinet/config.yaml")),
    )
    left = {"Cabinet.yaml.txt", "cabinet-problems.txt", "cabinet-example.yaml"} & set(card.boot_names())
    same("nothing of it is left on the card", set(), left)
    same("in no byte", [], _found(card, right))
    same(
        "the firmware rests the coin line's pin",
        True,
        f"gpio={PIN}=op,dl".encode() in card.boot_file("config.txt"),
    )


def _found(card: Card, right: dict[str, Any]) -> list[str]:
    raw = card.boot_bytes()
    secrets = [right["relay"]["token"], right["broker"]["password"]]
    return [each for each in secrets if each.encode() in raw or each.encode("utf-16-le") in raw]


if __name__ == "__main__":
    sys.exit(main())
