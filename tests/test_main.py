"""The daemon's command line: what it says of its configuration before it begins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from test_config import NEEDED, written

from controller.__main__ import EX_CONFIG


def run(config: Path) -> subprocess.CompletedProcess[str]:
    """`python -m controller run`, whose coin line fails for want of a board, so that it ends."""
    command = [sys.executable, "-m", "controller", "run", "--config", str(config)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def without_board(tmp_path: Path, text: str) -> Path:
    """A configuration for mock pins with no board behind them."""
    places = f"state_dir: {tmp_path}/state\nscreen_feed: {tmp_path}/screen.json\n"
    return written(tmp_path, f"{NEEDED}{places}mock_pins_for_demo_only: {tmp_path}/board.sock\n{text}")


def warnings(ended: subprocess.CompletedProcess[str]) -> list[str]:
    """The warnings about the configuration."""
    return [line for line in ended.stderr.splitlines() if "config.yaml" in line]


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("", []),
        (
            "board: naomi\n",
            [
                "9: board is naomi, which holds 9 credits, and no game_over.pin is wired: "
                "what was credited only counts as played after session_timeout_s (1800 s)"
            ],
        ),
    ],
)
def test_each_warning_is_logged_at_start(tmp_path: Path, text: str, warned: list[str]) -> None:
    """The technician who watches the journal reads it, with the line to edit."""
    config = without_board(tmp_path, text)
    ended = run(config)

    assert (ended.returncode, warnings(ended)) == (1, [f"WARNING {config}:{warning}" for warning in warned])


def test_a_ca_file_that_is_no_certificate_is_a_bad_configuration(tmp_path: Path) -> None:
    """Status 78, or the service manager would start it again and again."""
    ca_file = tmp_path / "ca.crt"
    ca_file.write_text("no certificate\n")
    text = NEEDED.replace("password: galaga-password", f"password: x, ca_file: {ca_file}")
    config = written(tmp_path, text)
    ended = run(config)

    assert (ended.returncode, ended.stderr) == (
        EX_CONFIG,
        f"{config}:4: broker.ca_file is '{ca_file}': there is no certificate in it: "
        "one in PEM form begins with -----BEGIN CERTIFICATE-----\n",
    )
