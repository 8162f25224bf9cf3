"""The units agree with the programs that they start; what systemd makes of them is `make test-install`."""

from __future__ import annotations

import shlex
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

from controller.__main__ import DEFAULT_CONFIG, EX_CONFIG
from controller.config import KEYS
from controller.realtime import FIFO_PRIORITY, NICENESS

UNITS = Path(__file__).parent.parent / "systemd"


def service(name: str) -> dict[str, str]:
    """The [Service] section of a unit; of a key that stands there twice, the last."""
    unit = RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their capitals
    unit.read_string((UNITS / f"{name}.service").read_text())
    return dict(unit["Service"])


def command(name: str) -> list[str]:
    """What the unit starts."""
    return shlex.split(service(name)["ExecStart"])


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
    ended = subprocess.run([sys.executable, *options], capture_output=True, text=True, check=False)
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
    command = [sys.executable, *options[:-1], str(config)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
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


def test_the_screen_reads_the_feed_that_the_controller_writes() -> None:
    """Both know the same file."""
    screen = command("arcade-attract-screen")
    assert screen[screen.index("--feed") + 1] == str(KEYS["screen_feed"].default)
