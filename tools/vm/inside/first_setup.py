"""The first setup from a card that is a real FAT, by the real units: from one typo to the attract screen."""

from __future__ import annotations

import shutil
from pathlib import Path

import boot_partition as card
import cabinet
import cloud
import yaml
from cabinet import CLOUD, CONFIG, feed, is_up, run, settings, show
from checks import same, wait_for
from console import glass, is_as_drawn, until_same
from phone import DOOR, Phone

from controller.pages.card_page import next_notice

END = ["poweroff", "--force"]
FIRST_BOOT, SETUP_SCREEN = "arcade-first-boot", "arcade-setup-screen"
SHIPPED = Path("/payload/project/config.yaml")
WRONG_ID = "Line 1: machine_id is 'galaga 01': use 1 to 64 of A-Z a-z 0-9 _ - only, for example galaga-01"
KEPT = "kept-in-the-cabinet-"
STARTS_WITHIN_S = 600.0


def run_stage() -> None:
    """All of it."""
    card.format_card()
    written = Written()
    _nothing_configured()
    _other_names(written)
    _shorter_than_it_was(written)
    _read_only(written)
    _full(written)
    _one_typo(written)
    _mended(written)
    with cloud.running_cloud(CLOUD):
        wait_for("the cabinet to sell", Phone(CLOUD).sells, STARTS_WITHIN_S)
        until_same("the attract screen has its door", [DOOR], lambda: glass("sells")["codes"])
    _dirty(written)


class Written:
    """What the technician writes: the settings of this cabinet, and its two secrets."""

    def __init__(self) -> None:
        filled_in = settings(CLOUD) | {"coin_line": {"pin": 17}}
        self.secrets = [filled_in["relay"]["token"], filled_in["broker"]["password"]]
        self.right = yaml.safe_dump(filled_in, sort_keys=False)
        name = filled_in["machine_id"]
        self.typo = self.right.replace(f"machine_id: {name}\n", "machine_id: galaga 01\n")
        self._mend = ("machine_id: galaga 01", f"machine_id: {name}")

    def mended(self, text: str) -> str:
        """What a technician makes of a file with the typo."""
        return text.replace(*self._mend)


def _boot() -> None:
    """What a boot does with the card, in its order."""
    run("systemctl", "stop", cabinet.UNIT, SETUP_SCREEN)
    run("systemctl", "reset-failed", cabinet.UNIT, SETUP_SCREEN)
    run("systemctl", "restart", FIRST_BOOT)
    run("systemctl", "start", cabinet.UNIT)


def _boot_unset() -> None:
    """The same, as a cabinet that nobody has configured."""
    shutil.copyfile(SHIPPED, CONFIG)
    _boot()


def _nothing_configured() -> None:
    run("modprobe", "virtio_gpu")
    _boot_unset()
    same(
        "nothing is configured: the card has an example", ["cabinet-example.yaml", "config.txt"], card.names()
    )
    example = (card.FOLDER / "cabinet-example.yaml").read_bytes().decode()
    same("with the line ends of Windows", True, example == SHIPPED.read_text().replace("\n", "\r\n"))
    _screen_says("the screen says what to do next", list(next_notice(has_network=False).lines))
    until_same("and it is on the glass", True, lambda: is_as_drawn("setup"))


def _one_typo(written: Written) -> None:
    """Notepad, which hides the second ending, marks the file and ends its lines as Windows does."""
    card.put("Cabinet.yaml.txt", written.typo.replace("\n", "\r\n"), "utf-8-sig")
    same(
        "what a technician writes can be found on the card",
        written.secrets,
        card.found_on_device(written.secrets),
    )
    _boot_unset()
    report = (card.FOLDER / "cabinet-problems.txt").read_bytes().decode("utf-8-sig")
    print("\n".join(f"      | {line}" for line in report.splitlines()), flush=True)
    same(
        "the text file names the typo alone",
        [WRONG_ID],
        [line for line in report.split("\r\n") if "Line" in line],
    )
    _screen_says("and so does the screen", [WRONG_ID])
    until_same("on the glass, too", True, lambda: is_as_drawn("typo"))
    same("no secret is anywhere in the card's bytes", [], card.found_on_device(written.secrets))
    left = (card.FOLDER / "Cabinet.yaml.txt").read_bytes()
    kept = [line.split(b": ")[1] for line in left.split(b"\r\n") if KEPT.encode() in line]
    same("a word stands for each", [f"{KEPT}{number}".encode() for number in (1, 2)], kept)
    same("and the file is Notepad's, as it was", b"\xef\xbb\xbfmachine_id: galaga 01\r\n", left[:26])


def _mended(written: Written) -> None:
    file = card.FOLDER / "Cabinet.yaml.txt"
    card.put(file.name, written.mended(file.read_bytes().decode("utf-8-sig")), "utf-8-sig")
    _boot()
    wait_for("the controller", is_up, STARTS_WITHIN_S)
    same("mended, it is config.yaml", written.right, CONFIG.read_text())
    same(
        "for the controller's group alone",
        "root:cabinet 640",
        run("stat", "-c", "%U:%G %a", str(CONFIG))[1].strip(),
    )
    same("and gone from the card", ["config.txt"], card.names())
    same("in every byte", [], card.found_on_device(written.secrets))
    same("the setup screen has ended by itself", "inactive", show("ActiveState", SETUP_SCREEN))


def _other_names(written: Written) -> None:
    """A computer that knows names of eight letters alone; Notepad's "Unicode"."""
    for name, encoding in (("CABINET.YML", "utf-8"), ("cabinet.yaml", "utf-16")):
        card.put(name, written.right.replace("\n", "\r\n"), encoding)
        _boot_card()
        seen = (CONFIG.read_text(), card.names(), card.found_on_device(written.secrets))
        same(f"{name} in {encoding} is taken, and leaves nothing", (written.right, ["config.txt"], []), seen)


def _shorter_than_it_was(written: Written) -> None:
    """Saved anew without its second half: that stays, on Windows, behind the file's end."""
    at = written.right.index("relay:")
    card.put("cabinet.yaml", written.right[:at])
    card.put_behind(written.right[:at], written.right[at:])
    same("what an editor cut off can be found", written.secrets, card.found_on_device(written.secrets))
    _boot_card()
    same("until the file has been read", [], card.found_on_device(written.secrets))
    _put_away()


def _read_only(written: Written) -> None:
    """As the kernel mounts a damaged FAT, and a write-protected one."""
    why = "The card cannot be written to (Read-only file system): "
    card.put("cabinet.yaml", written.typo)
    card.remount("ro")
    _boot_unset()
    stays = f"{why}cabinet.yaml stays as it is, with any secrets in it."
    _screen_says(
        "a read-only card: the screen says so", [stays, f"{why}cabinet-problems.txt is not there.", WRONG_ID]
    )
    card.remount("rw")
    card.put("cabinet.yaml", written.right)
    card.remount("ro")
    _boot_card()
    same("what is right is taken all the same", written.right, CONFIG.read_text())
    edited = written.right.replace("board_boot_s: 0", "board_boot_s: 1")
    CONFIG.write_text(edited)
    _boot_card()
    same("and not once more over what was edited since", edited, CONFIG.read_text())
    card.remount("rw")
    _boot_card()
    seen = (CONFIG.read_text(), card.names(), card.found_on_device(written.secrets))
    same("writable again, the card is rid of it", (edited, ["config.txt"], []), seen)


def _full(written: Written) -> None:
    card.put("cabinet.yaml", written.typo)
    card.fill()
    _boot_unset()
    full = "The card cannot be written to (No space left on device): cabinet-problems.txt is not there."
    _screen_says("a full card: the screen says so, and what is wrong", [full, WRONG_ID])
    same("there is no empty text file", False, (card.FOLDER / "cabinet-problems.txt").exists())
    same("the secrets are gone all the same", [], card.found_on_device(written.secrets))
    file = card.FOLDER / "cabinet.yaml"
    card.put(file.name, written.mended(file.read_text()))
    _boot_card()
    seen = (CONFIG.read_text(), card.names(), card.found_on_device(written.secrets))
    same("mended, it is taken", (written.right, ["config.txt", "pictures.zip", "rest"], []), seen)
    for name in ("pictures.zip", "rest"):
        (card.FOLDER / name).unlink()


def _dirty(written: Written) -> None:
    card.put("cabinet.yaml", written.right)
    card.soil()
    told = run("dmesg")[1]
    same("a card that was torn out: the kernel warns", True, "Volume was not properly unmounted" in told)
    _boot_card()
    seen = (CONFIG.read_text(), card.names(), card.found_on_device(written.secrets))
    same("and all goes as ever", (written.right, ["config.txt"], []), seen)
    card.unmount()
    status, said = run("fsck.vfat", "-n", str(card.DEVICE))
    same(
        f"the file system is in order: {said.strip().splitlines()[-1]}",
        True,
        status == 0 or "dirty bit" in said.lower(),
    )


def _boot_card() -> None:
    """What the card's unit does, without a controller behind it."""
    run("systemctl", "stop", cabinet.UNIT, SETUP_SCREEN)
    run("systemctl", "restart", FIRST_BOOT)
    same("the unit ends well", "success", show("Result", FIRST_BOOT))


def _put_away() -> None:
    for name in ("cabinet.yaml", "cabinet-problems.txt"):
        (card.FOLDER / name).unlink(missing_ok=True)


def _screen_says(sentence: str, lines: list[str]) -> None:
    """The feed is the one before until the screen's writer has started."""
    until_same(sentence, lines, lambda: feed().get("notice", {}).get("lines"))
