"""Where lgpio's FIFO comes to lie; and no process of the controller's runs what lies where it was started."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_config import NEEDED, written

ROOT = Path(__file__).parent.parent
# What lgpio 0.2.2.0 does when it is imported: it goes to LG_WD, or stays where it is, and makes a FIFO there
# with mode 0664 whatever the umask. There is no GPIO here, and that is the end of it.
LGPIO = """
import os
os.chdir(os.environ.get("LG_WD") or ".")
os.mkfifo(".lgd-nfy0")
os.chmod(".lgd-nfy0", 0o664)
with open(os.environ["SEEN"], "a") as seen:
    print(os.getcwd(), oct(os.stat(".").st_mode & 0o777), file=seen)
os.unlink(".lgd-nfy0")
raise ImportError("no GPIO here")
"""
CONTROLLER = ["-m", "controller"]
# The controller and its coin line, then what a technician and the unit's end run alone.
COMMANDS = {
    "run": [*CONTROLLER, "run"],
    "release-lines": [*CONTROLLER, "release-lines"],
    "pulse": [*CONTROLLER, "pulse", "1"],
    "watch": [*CONTROLLER, "watch"],
    "check": [*CONTROLLER, "check"],
}
every_command = pytest.mark.parametrize("name", COMMANDS)


@dataclass(frozen=True)
class Cabinet:
    """A configured cabinet without GPIO, and a technician in a folder that everybody may write to."""

    folder: Path

    def __post_init__(self) -> None:
        for name in ("lib", "state", "stands"):
            (self.folder / name).mkdir()
        self.stands.chmod(0o777)
        (self.folder / "lib" / "lgpio.py").write_text(LGPIO)
        (self.folder / "state" / "ledger.sqlite").touch()

    @property
    def stands(self) -> Path:
        return self.folder / "stands"

    def run(self, name: str, **surroundings: str) -> str:
        """Run a command there; what it said."""
        settings = {
            "state_dir": self.folder / "state",
            "screen_feed": self.folder / "screen.json",
            "game_over": "{pin: 27}",
        }
        text = NEEDED + "".join(f"{key}: {value}\n" for key, value in settings.items())
        paths = {"PYTHONPATH": f"{ROOT}:{self.folder}/lib", "SEEN": str(self.folder / "seen")}
        clean = {key: value for key, value in os.environ.items() if key != "LG_WD"}
        ended = subprocess.run(
            [sys.executable, "-P", *COMMANDS[name], "--config", str(written(self.folder, text))],
            cwd=self.stands,
            env=clean | paths | surroundings,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return ended.stdout + ended.stderr

    def fifos(self) -> list[tuple[str, str]]:
        """The folder of each FIFO that lgpio made, and that folder's mode."""
        lines = (self.folder / "seen").read_text().splitlines()
        return [(folder, mode) for folder, _, mode in (line.rpartition(" ") for line in lines)]


@pytest.fixture
def cabinet(tmp_path: Path) -> Cabinet:
    return Cabinet(tmp_path)


@every_command
def test_by_hand_the_fifo_lies_in_a_folder_that_goes_again(cabinet: Cabinet, name: str) -> None:
    """In the technician's own folder, or in /tmp, any local user could read the board's edges away."""
    said = cabinet.run(name)
    fifos = cabinet.fifos()
    assert fifos, said
    assert {mode for _, mode in fifos} == {"0o700"}
    assert [folder for folder, _ in fifos if Path(folder).exists()] == []


@every_command
def test_the_folder_of_the_unit_is_made_for_its_user_alone(cabinet: Cabinet, name: str) -> None:
    """Beside the feed, in a folder that the screen's user may enter."""
    own = cabinet.folder / "lgpio"
    said = cabinet.run(name, LG_WD=str(own))
    assert set(cabinet.fifos()) == {(str(own), "0o700")}, said


def test_a_folder_that_others_may_enter_is_not_taken(cabinet: Cabinet) -> None:
    """Whoever named it hears so; its mode stays as it is, for it may be anybody's."""
    said = cabinet.run("release-lines", LG_WD=str(cabinet.stands))
    warning = f"WARNING LG_WD is {cabinet.stands}, and not a folder for this user alone: lgpio gets another"
    assert said.splitlines()[0] == warning
    [(folder, mode)] = cabinet.fifos()
    assert (mode, folder == str(cabinet.stands)) == ("0o700", False)
    assert cabinet.stands.stat().st_mode & 0o777 == 0o777


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a folder to somebody else")
def test_a_folder_of_somebody_else_is_not_taken(cabinet: Cabinet) -> None:
    """Its owner may enter it, whatever its mode."""
    theirs = cabinet.folder / "theirs"
    theirs.mkdir(mode=0o700)
    os.chown(theirs, 65534, 65534)
    cabinet.run("release-lines", LG_WD=str(theirs))
    [(folder, mode)] = cabinet.fifos()
    assert (mode, folder == str(theirs)) == ("0o700", False)


@every_command
def test_nothing_runs_that_lies_where_a_technician_stands(cabinet: Cabinet, name: str) -> None:
    """`cd /tmp && sudo cabinet pulse 1` had the coin line's process run anybody's controller.py."""
    ran = cabinet.folder / "ran"
    for module in {*sys.stdlib_module_names, "controller", "gpiozero", "yaml"}:
        (cabinet.stands / f"{module}.py").write_text(f"open({str(ran)!r}, 'a').write({module!r} + ' ')\n")
    said = cabinet.run(name)
    assert (ran.exists(), bool(cabinet.fifos())) == (False, True), said
