"""The units agree with the programs that they start; what systemd makes of them is `make test-install`."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from configparser import RawConfigParser
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from controller.__main__ import DEFAULT_CONFIG, EX_CONFIG
from controller.board.realtime import FIFO_PRIORITY, NICENESS
from controller.commands.setup import NOTICE
from controller.config.keys import KEYS
from controller.setup.card import BOOT_FOLDERS

PROJECT = Path(__file__).parent.parent
UNITS = PROJECT / "systemd"
CABINET = UNITS / "cabinet"
MOST_EXPOSURE_TENTHS = 20
SERVICES = ["arcade-controller", "arcade-attract-screen", "arcade-first-boot", "arcade-setup-screen"]
AS_CABINET = "--reuid cabinet --regid cabinet --init-groups"


def service(name: str) -> dict[str, str]:
    """The [Service] section of a unit; of a key that stands there twice, the last."""
    unit = RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their capitals
    unit.read_string((UNITS / f"{name}.service").read_text())
    return dict(unit["Service"])


def command(name: str) -> list[str]:
    """What the unit starts."""
    return shlex.split(service(name)["ExecStart"])


def run_python(options: list[str]) -> subprocess.CompletedProcess[str]:
    """As the unit does: the code is found from any folder, and there by the environment's own .pth file."""
    surroundings = os.environ | {"PYTHONPATH": str(PROJECT)}
    return subprocess.run(
        [sys.executable, *options], env=surroundings, capture_output=True, text=True, check=False
    )


def test_the_controller_takes_the_unit_s_options_and_refuses_mock_pins(tmp_path: Path) -> None:
    """Started as by the unit, on a configuration for mock pins, it ends with the status of a bad one."""
    config = tmp_path / "config.yaml"
    config.write_text(
        "machine_id: unit-test\nname: Unit test\n"
        f"relay:\n  url: https://relay.invalid\n  token: 1.{'0' * 64}\n"
        "broker:\n  host: broker.invalid\n  password: made-up\n"
        "coin_line:\n  pin: 17\n"
        "mock_pins_for_demo_only: /run/board.sock\n"
    )
    config.chmod(0o600)
    _, *options = [
        str(config) if part == str(DEFAULT_CONFIG) else part for part in command("arcade-controller")
    ]
    ended = run_python(options)
    assert (ended.returncode, ended.stderr) == (
        EX_CONFIG,
        f"{config}: mock_pins_for_demo_only is set: no coin would ever reach the board. Take the line out.\n",
    )


def test_what_the_unit_runs_at_its_end_puts_the_line_at_rest(tmp_path: Path) -> None:
    """The command is one that the controller has, on the file that it starts with."""
    _, *options = shlex.split(service("arcade-controller")["ExecStopPost"])
    assert options[-2:] == ["--config", str(DEFAULT_CONFIG)]
    config = tmp_path / "config.yaml"
    config.write_text(f"coin_line:\n  pin: 17\nmock_pins_for_demo_only: {tmp_path}/no-board\n")
    ended = run_python([*options[:-1], str(config)])
    assert (ended.returncode, ended.stderr.partition(":")[0]) == (1, "GPIO 17 was not put at rest")


def test_the_coin_line_may_take_the_scheduling_that_it_asks_for() -> None:
    """Realtime first, then niceness, and locked memory: else its pulses are as late as the Pi is busy."""
    controller = service("arcade-controller")
    limits = {
        key: controller[key] for key in ("LimitRTPRIO", "LimitNICE", "LimitMEMLOCK", "RestrictRealtime")
    }
    assert limits == {
        "LimitRTPRIO": str(FIFO_PRIORITY),
        "LimitNICE": str(NICENESS),
        "LimitMEMLOCK": "infinity",
        "RestrictRealtime": "no",
    }


def test_a_bad_configuration_is_the_one_status_that_is_not_started_again() -> None:
    """A restart cannot mend config.yaml; everything else may pass."""
    controller = service("arcade-controller")
    assert (controller["Restart"], controller["RestartPreventExitStatus"]) == ("always", str(EX_CONFIG))


def test_the_controller_may_write_where_its_configuration_says() -> None:
    """The directories that systemd makes for it are those of the default configuration."""
    controller = service("arcade-controller")
    assert Path("/var/lib", controller["StateDirectory"]) == KEYS["state_dir"].default
    assert Path("/run", controller["RuntimeDirectory"]) == KEYS["screen_feed"].default.parent


def test_lgpio_has_a_folder_that_the_controller_makes_for_itself() -> None:
    """In memory, and not the one around it, which the screen's user may enter."""
    controller = service("arcade-controller")
    folders = [value for value in lines_of("arcade-controller", "Environment") if value.startswith("LG_WD=")]
    assert folders == [f"LG_WD=/run/{controller['RuntimeDirectory']}/lgpio"]


def test_no_unit_takes_code_from_the_folder_that_it_works_in() -> None:
    """Where whoever gets hold of a service may write, what is started later would be theirs."""
    starts = [
        line
        for unit in UNITS.glob("*.service")
        for line in unit.read_text().splitlines()
        if line.startswith("Exec") and "python" in line
    ]
    assert len(starts) == 6
    assert [line for line in starts if not re.search(r"/venv/bin/python -P (-OO -X \S+ )?-m ", line)] == []


def test_the_screen_reads_the_feed_that_the_controller_writes() -> None:
    """Both know the same file."""
    screen = command("arcade-attract-screen")
    assert screen[screen.index("--feed") + 1] == str(KEYS["screen_feed"].default)


def test_the_screen_keeps_its_pictures_beside_the_ledger_if_there_is_a_folder() -> None:
    """First where that folder is bound to; without it, in the service's own."""
    unit, screen = service("arcade-attract-screen"), command("arcade-attract-screen")
    kept = [value for option, value in pairwise(screen) if option == "--keep"]
    ledger = KEYS["state_dir"].default
    assert unit["BindPaths"] == f"-{ledger}/screen:{kept[0]}"
    assert kept[1:] == [f"/var/lib/{unit['StateDirectory']}"]


def lines_of(name: str, key: str) -> set[str]:
    """All values of a key that may stand in a unit more than once."""
    lines = (UNITS / f"{name}.service").read_text().splitlines()
    return {line.partition("=")[2] for line in lines if line.startswith(f"{key}=")}


def test_neither_waits_for_a_network_a_display_or_the_other() -> None:
    """A cabinet boots without Wi-Fi and without a monitor, and a coin needs no screen."""
    waits = {
        name: {
            word
            for key in ("After", "Wants", "Requires", "BindsTo", "Requisite", "PartOf")
            for value in lines_of(name, key)
            for word in value.split()
        }
        for name in ("arcade-controller", "arcade-attract-screen")
    }
    assert waits == {
        # network.target waits for nothing to be up: it is there so that at shutdown the network goes last.
        "arcade-controller": {"network.target", "time-set.target"},
        # No display: what knows of displays and of sound, without which none that comes later could be used.
        # And after a partition, if there is one; it is not required.
        "arcade-attract-screen": {
            "modprobe@drm.service",
            "modprobe@snd.service",
            r"var-lib-arcade\x2dcabinet.mount",
        },
    }


def section(name: str, title: str) -> list[str]:
    """The lines of one section of a unit, without its comments."""
    text = (UNITS / f"{name}.service").read_text().partition(f"[{title}]\n")[2].partition("\n[")[0]
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_card_is_looked_at_before_the_controller_starts() -> None:
    """At every boot, and the controller starts whatever comes of it, after a minute at most."""
    unit = section("arcade-first-boot", "Unit")[2:]
    assert (unit, section("arcade-first-boot", "Install")) == (
        ["After=boot-firmware.mount boot.mount", "Before=arcade-controller.service"],
        ["WantedBy=multi-user.target"],
    )
    assert service("arcade-first-boot")["TimeoutStartSec"] == "60"


def test_the_card_s_unit_may_write_to_the_card_and_the_configuration_alone() -> None:
    """It runs as root; what it reads was written by whoever had the card."""
    card = service("arcade-first-boot")
    places = [str(DEFAULT_CONFIG.parent), *(f"-{folder}" for folder in reversed(BOOT_FOLDERS))]
    assert (card["ReadWritePaths"].split(), card["ProtectSystem"], card["CapabilityBoundingSet"]) == (
        places,
        "strict",
        "CAP_CHOWN",
    )
    assert Path("/run", card["RuntimeDirectory"]) == NOTICE.parent


def test_a_controller_without_a_configuration_starts_what_tells_the_screen() -> None:
    """It writes the same feed as the same user, never stops the controller, and is not started at boot."""
    assert "OnFailure=arcade-setup-screen.service" in section("arcade-controller", "Unit")
    screen, controller = service("arcade-setup-screen"), service("arcade-controller")
    same = ("User", "RuntimeDirectory", "RuntimeDirectoryPreserve", "UMask", "ProtectHome", "PrivateTmp")
    assert {key: screen[key] for key in same} == {key: controller[key] for key in same}
    assert section("arcade-setup-screen", "Install") == []
    assert not [line for line in section("arcade-setup-screen", "Unit") if line.startswith("Conflicts=")]


@pytest.mark.parametrize("name", ["arcade-first-boot", "arcade-setup-screen"])
def test_the_first_setup_takes_its_unit_s_options(name: str) -> None:
    """What a unit starts is a command that there is."""
    _, *options = command(name)
    ended = run_python([*options, "--help"])
    assert (ended.returncode, ended.stderr) == (0, "")


def test_each_gets_its_own_devices_and_no_others() -> None:
    """The controller has the pins, wherever this Pi has them; the screen has the display."""
    devices = {
        name: (service(name)["DevicePolicy"], lines_of(name, "DeviceAllow"))
        for name in ("arcade-controller", "arcade-attract-screen")
    }
    assert devices == {
        "arcade-controller": ("closed", {"char-gpiochip rw"}),
        "arcade-attract-screen": ("closed", {"char-drm rw", "char-input r", "char-alsa rw"}),
    }


def test_the_controller_sees_which_pi_it_runs_on() -> None:
    """Without cpuinfo and the device tree gpiozero knows no pin."""
    assert service("arcade-controller")["ProcSubset"] == "all"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_exposed_no_more_than_2(name: str) -> None:
    """Of ten, by systemd's own count."""
    ended = subprocess.run(
        [
            "systemd-analyze",
            "security",
            "--offline=yes",
            f"--threshold={MOST_EXPOSURE_TENTHS}",
            str(UNITS / f"{name}.service"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout.splitlines()[-1]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_has_no_word_that_systemd_does_not_know(name: str, tmp_path: Path) -> None:
    """An unknown key is only warned of, and then does nothing: a forgotten safeguard."""
    # What it starts is not installed here.
    unit = tmp_path / f"{name}.service"
    unit.write_text(
        (UNITS / unit.name).read_text().replace("/opt/arcade-cabinet/venv/bin/python", "/bin/true")
    )
    ended = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert [line for line in ended.stderr.splitlines() if name in line and "Documentation" not in line] == []


def as_user(name: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The technician's command, run by the user `name`; a stand-in of setpriv says what it was asked.

    It takes no program from elsewhere than the system, so a copy of it is told of one folder more.
    """
    text = CABINET.read_text()
    assert text.count("PATH=/usr/sbin:") == 1
    command = folder / "cabinet"
    command.write_text(text.replace("PATH=/usr/sbin:", f"PATH={folder}:/usr/sbin:"))
    command.chmod(0o755)
    for program, does in {"id": f"echo {name}", "setpriv": 'echo setpriv "$@"'}.items():
        (folder / program).write_text(f"#!/bin/sh\n{does}\n")
        (folder / program).chmod(0o755)
    return subprocess.run(
        [str(command), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["pulse", "clear", "payments", "watch", "status", "screen"])
def test_what_works_with_the_ledger_is_done_by_its_owner(command: str, tmp_path: Path) -> None:
    """Root would leave files there that the controller could not write."""
    said = as_user("root", tmp_path, command, "two words").stdout
    assert said == f"setpriv {AS_CABINET} -- {tmp_path}/cabinet {command} two words\n"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user can enter, which is none of pytest's."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_command_that_a_signal_ends_leaves_nobody_else_s_words(open_folder: Path) -> None:
    """What stood around `watch` said "Session terminated, killing shell..." on the technician's terminal."""
    text = CABINET.read_text().replace("/opt/arcade-cabinet/venv/bin/python", f"{open_folder}/python")
    text = text.replace("-u cabinet", "-u nobody").replace("root | cabinet", "root | nobody")
    command = open_folder / "cabinet"
    command.write_text(text.replace(AS_CABINET, "--reuid nobody --regid nogroup --init-groups"))
    (open_folder / "python").write_text("#!/bin/sh\nid -un\nexec sleep 60\n")
    for program in open_folder.iterdir():
        program.chmod(0o755)
    with subprocess.Popen(
        [command, "watch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watch:
        assert watch.stdout is not None
        assert watch.stdout.readline() == "nobody\n"
        watch.terminate()
        assert (*watch.communicate(timeout=60), watch.returncode) == ("", "", -signal.SIGTERM)


def test_everything_else_stays_root_s(tmp_path: Path) -> None:
    """The journal and the services are not the controller's."""
    ended = as_user("root", tmp_path, "check")
    assert "setpriv" not in ended.stdout
    assert "/opt/arcade-cabinet/venv/bin/python" in ended.stderr  # which is not installed here


def test_the_controllers_user_hears_who_reads_the_journal(tmp_path: Path) -> None:
    """It has no group for that; an empty journal would look like a controller that never ran."""
    ended = as_user("cabinet", tmp_path, "logs", "-f")
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1,
        "",
        "cabinet: the journal is root's to read; run: sudo cabinet logs -f\n",
    )


def test_a_stranger_hears_what_to_run(tmp_path: Path) -> None:
    """The keys in config.yaml are the cabinet's alone."""
    ended = as_user("pi", tmp_path, "pulse", "1")
    assert (ended.returncode, ended.stderr) == (
        1,
        "cabinet: needs root, for the keys in config.yaml; run: sudo cabinet pulse 1\n",
    )


@pytest.mark.parametrize(("started", "told"), [(["-I"], ["-I"]), ([], [])])
def test_what_another_user_is_to_run_is_shut_off_as_this_is(started: list[str], told: list[str]) -> None:
    """What cabinet says to type as root would else run a module that lies where it is typed."""
    script = (
        f"import sys; sys.path.insert(0, {str(PROJECT)!r}); sys.argv = ['controller', 'pulse', '1']\n"
        "from controller.system.as_user import as_user; print(as_user('root'))"
    )
    ended = subprocess.run(
        [sys.executable, *started, "-c", script], capture_output=True, text=True, check=False
    )
    words = ["sudo", "-u", "root", sys.executable, *told, "-m", "controller", "pulse", "1"]
    assert ended.stdout == f"{shlex.join(words)}\n"
