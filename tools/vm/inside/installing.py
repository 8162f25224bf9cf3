"""The first boot: install.sh from nothing and again, a typo in config.yaml, and what the next boot needs."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import cabinet
import cloud
from cabinet import CLOUD, CONFIG, journal, run, show
from checks import same, wait_for
from phone import Phone

END = ["reboot"]
PREVIOUS = Path("/payload/previous/install.sh")
INSTALL = "/payload/project/install.sh"
BUNDLE = ("--from", "/payload/bundle")


def run_stage() -> None:
    """All of it."""
    _from_nothing()
    _again()
    _mistake()
    _settings()
    with cloud.running_cloud(cabinet.CLOUD):
        _upgrade()
    same(
        "all of this made the edges of one sale, and no other",
        [1, 0] * 3,
        [level for level, _ in cabinet.edges()],
    )


def _from_nothing() -> None:
    began_s = time.monotonic()
    status, said = run(INSTALL, *BUNDLE)
    same("install.sh installs from nothing, without a network", 0, status)
    print(f"      it took {time.monotonic() - began_s:.0f} s and said:\n{_quoted(said)}")
    same("it says what comes next", True, "Installed, not yet configured." in said)
    same("the chip belongs to the group gpio", "root:gpio 660", _access("/dev/gpiochip0"))
    same("not yet configured is status 78, and no restart", ("failed", "78", "0"), _how_it_ended())


def _again() -> None:
    before = _files()
    status, said = run(INSTALL, *BUNDLE)
    same(
        "a second run says that there is nothing to change",
        (0, "Nothing to change."),
        (status, said.split("\n")[0]),
    )
    same("and changes nothing", [], sorted(_files() ^ before))


def _mistake() -> None:
    shipped = CONFIG.read_text()
    CONFIG.write_text(shipped.replace("\nboard: jamma", "\nbaord: jamma"))
    heard = len(journal())
    run("systemctl", "restart", "arcade-controller")
    same("a mistake in config.yaml is status 78, and no restart", ("failed", "78", "0"), _how_it_ended())
    print(_quoted("\n".join(journal()[heard:])))
    line = shipped.split("\n").index("board: jamma") + 1
    told = [text for text in journal()[heard:] if "baord" in text]
    same(
        "the journal names line and remedy", [f"{CONFIG}:{line}: baord is unknown: did you mean board?"], told
    )
    CONFIG.write_text(shipped)


def _settings() -> None:
    shutil.copytree("/payload/cloud", CLOUD)
    shutil.copy(cloud.broker_in(CLOUD).ca_file, CONFIG.parent)
    cabinet.configure()
    cabinet.restart()
    same("with the right settings it runs", ("active", "running"), (show("ActiveState"), show("SubState")))


def _upgrade() -> None:
    """The release before this one sells, and is replaced by this one."""
    if not PREVIOUS.exists():
        print("      no earlier release in this clone: the upgrade is not tested")
        return
    phone = Phone(CLOUD)
    run("systemctl", "stop", "arcade-controller")
    run("find", str(cabinet.LEDGER.parent), "-name", "ledger*", "-delete")  # it may not know this one's
    same("the release before this one installs", 0, run(str(PREVIOUS), *BUNDLE)[0])
    wait_for("it to sell", phone.sells, 300)
    payment = phone.pay(3)
    phone.settled(payment)
    wait_for("the relay's answer", lambda: cabinet.ledger("SELECT answer FROM payments") == ["settled"])
    before = _books()
    same("an upgrade installs over it", 0, run(INSTALL, *BUNDLE)[0])
    wait_for("it to sell", phone.sells, 300)
    same("the ledger keeps what the release before sold", before, _books())


def _books() -> list[tuple[object, ...]]:
    return cabinet.ledger("SELECT id, credits, outcome, credits_delivered, answer FROM payments")


def _how_it_ended() -> tuple[str, str, str]:
    """The unit's state ("activating": it is to be started again), its status, how often it was restarted."""
    return show("ActiveState"), show("ExecMainStatus"), show("NRestarts")


def _access(path: str) -> str:
    return run("stat", "-c", "%U:%G %a", path)[1].strip()


def _files() -> set[str]:
    """Every file that install.sh could change, with its owner, mode, size and time."""
    places = ("/etc", "/opt/arcade-cabinet", "/usr/local", "/var/lib/arcade-cabinet")
    listed = run("find", *places, "-not", "-name", "__pycache__", "-printf", "%p %u:%g %m %s %T@\n")[1]
    return set(listed.splitlines())


def _quoted(text: str) -> str:
    return "\n".join(f"      | {line}" for line in text.strip().splitlines())
