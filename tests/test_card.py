"""The card's cabinet.yaml becomes config.yaml, whatever editor wrote it and whenever the plug is pulled."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from test_config import SHIPPED, TOKEN

from controller.check.card import check_card
from controller.pages.findings import note, warning
from controller.setup import card
from controller.setup.files import overwrite, write_config
from controller.setup.places import Places
from controller.setup.take import FORGETFUL, MOST_BYTES, take_card
from controller.system.mounts import mount_of

ROOM = str(Path(card.__file__).parent)
PASSWORD = "galaga-password"
MOUNTS = Path("/proc/self/mountinfo")
LINES = f"""\
machine_id: galaga-01
name: Galaga
relay:
  url: https://pay.example.com
  token: {TOKEN}
broker:
  host: broker.example.com
  password: {PASSWORD}
coin_line:
  pin: 17
"""
ONE_TYPO = LINES.replace("galaga-01", "galaga 01")
REFUSED = (
    "\ufeffThe cabinet could not use {file}. {count}:\r\n\r\n{lines}\r\n\r\n"
    "Mend that in {file}, save it here, put the card back into the cabinet, and switch on.\r\n"
    "Where it says kept-in-the-cabinet, the cabinet has what stood there: leave that word,\r\n"
    "unless the value itself was wrong; then type the value anew.\r\n"
)
WRONG_ID = "Line 1: machine_id is 'galaga 01': use 1 to 64 of A-Z a-z 0-9 _ - only, for example galaga-01"
OURS = "# arcade-cabinet: begin (x)\r\ngpio=17=op,dl\r\n# arcade-cabinet: end\r\n"


@dataclass(frozen=True)
class Pi:
    """A card: a folder for its FAT partition, and one for what is the system's."""

    folder: Path
    places: Places

    @property
    def boot(self) -> Path:
        return self.places.boot[0]

    def put(self, raw: bytes | str, name: str = "cabinet.yaml") -> Path:
        """A technician's file on the card."""
        path = self.boot / name
        path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
        return path

    def on_card(self) -> list[str]:
        return sorted(path.name for path in self.boot.iterdir())

    def in_system(self) -> list[str]:
        return sorted(path.name for path in self.places.config.parent.iterdir())

    def report(self) -> str:
        return (self.boot / "cabinet-problems.txt").read_bytes().decode()

    def card_bytes(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.boot.iterdir())

    def notice(self) -> Any:
        return json.loads(self.places.notice.read_text())


def a_pi(folder: Path, kind: str = "ext4") -> Pi:
    """As install.sh leaves it, with nothing configured."""
    boot, etc = folder / "boot", folder / "etc"
    boot.mkdir(parents=True)
    etc.mkdir()
    (boot / "config.txt").write_text("dtparam=audio=on\n")
    (etc / "config.yaml").write_bytes(SHIPPED.read_bytes())
    (etc / "config.yaml").chmod(0o640)
    mounts = folder / "mountinfo"
    mounts.write_text(f"1 0 0:1 / / rw - {kind} /dev/root rw\n")
    return Pi(folder, Places(etc / "config.yaml", folder / "run" / "notice.json", (boot,), mounts))


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    """A card that nobody has configured yet."""
    return a_pi(tmp_path)


@pytest.mark.parametrize("name", ["cabinet.yaml", "Cabinet.YAML", "cabinet.yaml.txt", "CABINET.YML"])
def test_a_file_that_is_right_becomes_config_yaml_and_goes_from_the_card(pi: Pi, name: str) -> None:
    """Only the controller's group can read it, and what was there before stays beside it."""
    pi.put(LINES, name)
    take_card(pi.places)
    assert pi.places.config.read_text() == LINES
    assert pi.places.before.read_bytes() == SHIPPED.read_bytes()
    assert pi.in_system() == ["config.yaml", "config.yaml.before"]
    assert pi.on_card() == ["config.txt"]
    assert stat.S_IMODE(pi.places.config.stat().st_mode) == 0o640
    assert not pi.places.notice.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_unicode_that_an_editor_saves_is_taken(pi: Pi, encoding: str, line_end: str) -> None:
    """Notepad's own names for them are ANSI, UTF-8, UTF-8 with BOM, UTF-16 LE and UTF-16 BE."""
    pi.put(LINES.replace("Galaga", "Galága").replace("\n", line_end).encode(encoding))
    take_card(pi.places)
    assert pi.places.config.read_text() == LINES.replace("Galaga", "Galága")


def test_one_typo_is_told_on_the_card_and_on_the_screen_and_mended_there(pi: Pi) -> None:
    """The secrets are the cabinet's from then on: who mends the typo need not type them again."""
    pi.put(ONE_TYPO.replace("\n", "\r\n"), "Cabinet.yaml.txt")
    take_card(pi.places)
    hidden = ONE_TYPO.replace(TOKEN, "kept-in-the-cabinet-1").replace(PASSWORD, "kept-in-the-cabinet-2")
    assert (pi.boot / "Cabinet.yaml.txt").read_bytes().decode() == hidden.replace("\n", "\r\n")
    assert pi.report() == REFUSED.format(file="Cabinet.yaml.txt", count="1 mistake", lines=WRONG_ID)
    assert pi.notice() == {"headline": "Cabinet.yaml.txt: 1 mistake", "lines": [WRONG_ID]}
    assert pi.places.config.read_bytes() == SHIPPED.read_bytes()
    assert stat.S_IMODE(pi.places.kept.stat().st_mode) == 0o640

    pi.put(hidden.replace("galaga 01", "galaga-01"), "Cabinet.yaml.txt")
    take_card(pi.places)
    assert pi.places.config.read_text() == LINES
    assert (pi.on_card(), pi.in_system()) == (["config.txt"], ["config.yaml", "config.yaml.before"])


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        (
            LINES.replace("Galaga", "Galága").encode("latin-1"),
            "Line 2: is not UTF-8: character 10 is of Latin-1, Windows-1252 or the like: "
            "save the file with the encoding UTF-8",
        ),
        (
            b"PK\x03\x04\x14\0",
            "Line 1: is not YAML: it is a ZIP file or an office document: save it as plain text",
        ),
        (
            LINES.encode() + b"\0\0\0",
            "Line 11: is damaged: NUL bytes begin here, as a power cut leaves them: copy the file anew, or "
            "type what is missing",
        ),
        (b"", "Line 1: is empty: it needs keys such as machine_id"),
        (
            b"x" * (MOST_BYTES + 1),
            "It is larger than 65536 bytes, and cannot be what is meant.",
        ),
        (
            (LINES + "mock_pins_for_demo_only: /run/board\n").encode(),
            "mock_pins_for_demo_only is set: no coin would ever reach the board. Take the line out.",
        ),
        (
            LINES.replace(PASSWORD, "kept-in-the-cabinet-7").encode(),
            "Line 8: has a value that is not kept any longer: type it anew",
        ),
        (
            LINES.replace("  host", "\thost").encode(),
            "Line 7: is not YAML: character 1 is a tab: type spaces",
        ),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line_each(pi: Pi, raw: bytes, lines: str) -> None:
    """As load_config says it; and config.yaml stays as it was."""
    pi.put(raw)
    take_card(pi.places)
    assert pi.report() == REFUSED.format(file="cabinet.yaml", count="1 mistake", lines=lines)
    assert pi.notice()["lines"] == [lines]
    assert pi.places.config.read_bytes() == SHIPPED.read_bytes()


def test_check_says_what_waits_on_the_card(pi: Pi) -> None:
    """A file that was just put there over the network, and one that was refused."""
    file = pi.put(ONE_TYPO)
    assert check_card(pi.places.boot) == [note(f"{file} becomes config.yaml at the next boot")]
    take_card(pi.places)
    remedy = f"{pi.boot}/cabinet-problems.txt says why. Mend it, and reboot."
    assert check_card(pi.places.boot) == [warning(f"{file} was not taken over", remedy)]
    file.unlink()
    assert check_card(pi.places.boot) == []


def test_two_files_are_not_chosen_from(pi: Pi) -> None:
    """Which of them is the newer no clock of two computers can tell."""
    pi.put(LINES)
    pi.put(LINES, "cabinet.yaml.txt")
    take_card(pi.places)
    text = "There are cabinet.yaml and cabinet.yaml.txt: keep one of them, and call it cabinet.yaml."
    assert pi.notice()["lines"] == [text]


def test_a_file_of_nearly_the_right_name_is_named(pi: Pi) -> None:
    """A browser that saves a second time numbers what it saves."""
    pi.put(LINES, "cabinet (1).yaml")
    take_card(pi.places)
    text = "It is not called cabinet.yaml, and was not looked at: rename it."
    assert pi.notice() == {"headline": "cabinet (1).yaml: 1 mistake", "lines": [text]}


def test_a_card_that_nobody_has_filled_in_gets_an_example(pi: Pi) -> None:
    """The shipped file, with Windows' line ends; it goes when it is no longer needed."""
    take_card(pi.places)
    example = (pi.boot / "cabinet-example.yaml").read_bytes()
    assert example.replace(b"\r\n", b"\n") == SHIPPED.read_bytes()
    assert not pi.places.notice.exists()
    os.utime(pi.boot / "cabinet-example.yaml", (7, 7))
    take_card(pi.places)
    assert (pi.boot / "cabinet-example.yaml").stat().st_mtime == 7  # no boot wears the card for nothing
    pi.put(LINES)
    take_card(pi.places)
    assert pi.on_card() == ["config.txt"]


def test_a_configuration_that_was_begun_is_no_example(pi: Pi) -> None:
    """It may hold a secret, and the card can be read by everybody."""
    pi.places.config.write_text(f"broker:\n  password: {PASSWORD}\n")
    take_card(pi.places)
    assert pi.on_card() == ["config.txt"]


def test_a_faulty_file_leaves_a_cabinet_that_works_alone(pi: Pi) -> None:
    """What sold yesterday sells today."""
    pi.put(LINES)
    take_card(pi.places)
    pi.put(ONE_TYPO)
    take_card(pi.places)
    assert pi.places.config.read_text() == LINES
    assert PASSWORD.encode() not in pi.card_bytes()


def test_what_is_hardly_meant_is_told_of_a_file_that_was_taken(pi: Pi) -> None:
    """The card says so where the file was."""
    pi.put(LINES.replace("pin: 17", "pin: 14"))
    take_card(pi.places)
    assert pi.on_card() == ["cabinet-problems.txt", "config.txt"]
    assert pi.report() == (
        "\ufeffThe cabinet has taken over cabinet.yaml, and works with it. See whether this is meant:\r\n\r\n"
        "Line 10: coin_line.pin is 14, which a serial console drives while the Pi boots: a free credit. "
        "Take another\r\n"
    )


def test_the_firmware_rests_the_pin_that_the_card_names(pi: Pi) -> None:
    """Another pin of the same number elsewhere in the file is somebody else's."""
    (pi.boot / "config.txt").write_bytes(b"gpio=17=op,dl\r\n" + OURS.encode())
    pi.put(LINES.replace("pin: 17", "pin: 22"))
    take_card(pi.places)
    text = (pi.boot / "config.txt").read_bytes().decode()
    assert text == "gpio=17=op,dl\r\n" + OURS.replace("17", "22")


def test_an_overlay_takes_nothing(tmp_path: Path) -> None:
    """What it forgets at power-off would be gone from the card as well."""
    pi = a_pi(tmp_path, kind="overlay")
    pi.put(LINES)
    take_card(pi.places)
    text = "The cabinet forgets at power-off what is written to it (overlay): docs/read-only-root.md."
    assert (pi.notice()["lines"], (pi.boot / "cabinet.yaml").read_text()) == ([text], LINES)


def test_no_secret_is_left_on_the_card_where_its_file_was(pi: Pi) -> None:
    """A deleted file lies on a FAT partition until its place is needed: a second name shows what is left."""
    for text, left in ((ONE_TYPO, ONE_TYPO), (LINES, LINES)):
        file = pi.put(text)
        other_name = pi.folder / "same-bytes"
        other_name.hardlink_to(file)
        take_card(pi.places)
        seen = other_name.read_text()
        assert (len(seen) >= len(left), seen.strip("#")) == (True, "")
        other_name.unlink()


def test_what_stood_behind_a_file_s_end_goes_as_well(tmp_path: Path) -> None:
    """An editor that saves a shorter text leaves the end of the longer one in the file's last cluster."""
    file, room = tmp_path / "file", 4096
    file.write_bytes(b"secret" * 600)
    os.sync()  # until then it has no room of its own
    os.truncate(file, 10)
    overwrite(file, b"ours")
    assert (file.read_bytes(), file.stat().st_blocks * 512) == (b"ours", room)
    with pytest.raises(OSError, match="No space left on device"):
        overwrite(file, bytes(room + 1))
    assert file.read_bytes() == b"ours"


def test_a_file_that_stays_on_its_card_is_taken_over_once(pi: Pi) -> None:
    """A card that cannot be written to must not put back, at each boot, what was edited since."""
    file = pi.put(LINES)
    take_card(pi.places)
    write_config(pi.places.taken, sha256(LINES.encode()).hexdigest().encode())
    edited = LINES.replace("Galaga", "Galaga II")
    pi.places.config.write_text(edited)
    pi.put(LINES)
    take_card(pi.places)
    assert (pi.places.config.read_text(), file.exists()) == (edited, False)
    pi.put(LINES)
    take_card(pi.places)
    assert pi.places.config.read_text() == LINES


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder in memory, where some hundred takings wait for no disk."""
    memory = Path("/dev/shm")  # noqa: S108 - with a folder of our own
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def kill_at_line(number: int, pi: Pi) -> bool:
    """Take the card in a process that is killed at its so-many-th line; whether it came to that."""
    child = os.fork()
    if child == 0:
        lines = 0

        def count(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal lines
            if not frame.f_code.co_filename.startswith(ROOM):
                return None
            if event == "line":
                lines += 1
                if lines == number:
                    os.kill(os.getpid(), signal.SIGKILL)
            return count

        sys.settrace(count)
        take_card(pi.places)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def is_somewhere(pi: Pi) -> bool:
    """Whether both secrets can still be found by the cabinet, on the card or in its own folder."""
    whole = b"".join(path.read_bytes() for path in (*pi.boot.iterdir(), *pi.places.config.parent.iterdir()))
    return PASSWORD.encode() in whole and TOKEN.encode() in whole


@pytest.mark.parametrize("text", [LINES, ONE_TYPO], ids=["right", "one typo"])
def test_killed_at_any_line_it_loses_nothing_and_comes_to_the_same_end(in_memory: Path, text: str) -> None:
    """The old configuration or the new one is there whole, and so are the secrets; the next boot finishes."""
    ended = a_pi(in_memory / "ended")
    ended.put(text)
    take_card(ended.places)
    kills = 0
    while True:
        pi = a_pi(in_memory / str(kills))
        pi.put(text)
        if not kill_at_line(kills + 1, pi):
            break
        kills += 1
        assert pi.places.config.read_bytes() in (SHIPPED.read_bytes(), LINES.encode())
        assert is_somewhere(pi)
        take_card(pi.places)
        assert (pi.on_card(), pi.in_system()) == (ended.on_card(), ended.in_system())
        assert pi.card_bytes() == ended.card_bytes()
        assert pi.places.config.read_bytes() == ended.places.config.read_bytes()
        before = [
            places.before.read_bytes() for places in (pi.places, ended.places) if places.before.exists()
        ]
        assert len(set(before)) < 2
    assert kills > 60


def calls_in(trace: str, pi: Pi) -> list[str]:
    """What the kernel was asked about the two partitions, without what a call's numbers are."""
    short = trace.replace(f"{pi.folder}/", "").replace("AT_FDCWD, ", "")
    calls = re.findall(r"(fsync|rename|unlink)\w*\((?:\d+<)?(.*?)(?:>?\)| <unfinished)", short)
    return [f"{name} {what}".replace('"', "") for name, what in calls if re.search("(etc|boot)", what)]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")
def test_it_is_on_the_disk_before_the_card_s_file_goes(pi: Pi, tmp_path: Path) -> None:
    """As the kernel was asked: each file's bytes, its name, its folder; and only then comes the next."""
    if mount_of(tmp_path, MOUNTS).kind in FORGETFUL:
        pytest.skip("nothing is taken where it would be forgotten, as in a container")
    pi.put(LINES)
    trace = tmp_path / "trace"
    places = ["--config", pi.places.config, "--boot", pi.boot, "--notice", pi.places.notice]
    watched = "trace=fsync,rename,renameat,renameat2,unlink,unlinkat"
    command = ["strace", "-y", "-o", trace, "-e", watched, sys.executable, "-m", "controller", "take-card"]
    subprocess.run([*command, *places], check=True, capture_output=True)
    calls = calls_in(trace.read_text(), pi)
    assert calls[calls.index("unlink etc/config.yaml.before.new") :] == [
        "unlink etc/config.yaml.before.new",
        "fsync etc/config.yaml.before.new",
        "rename etc/config.yaml.before.new, etc/config.yaml.before",
        "fsync etc",
        "unlink etc/config.yaml.new",
        "fsync etc/config.yaml.new",
        "rename etc/config.yaml.new, etc/config.yaml",
        "fsync etc",
        "unlink boot/cabinet-example.yaml",
        "unlink boot/cabinet-problems.txt",
        "rename boot/cabinet.yaml, boot/arcade-cabinet.old",
        "fsync boot",
        "fsync boot/arcade-cabinet.old",
        "unlink boot/arcade-cabinet.old",
        "fsync boot",
        "unlink etc/cabinet.yaml.taken",
        "unlink etc/cabinet.yaml.secrets",
    ]
