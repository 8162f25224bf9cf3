"""Each command imports what it uses: on a slow Pi every package is a tenth of a second, or a whole one."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from controller.__main__ import COMMANDS

# What takes long to import; `controller.app` stands for the whole daemon.
HEAVY = {"controller.app", "gpiozero", "paho.mqtt.client", "pygame", "qrcode", "requests", "sqlite3", "yaml"}
USED = {
    "run": set(),  # the coin line's process is made before the daemon imports the rest
    "status": {"sqlite3", "yaml"},
    "logs": set(),
    "check": {"gpiozero", "paho.mqtt.client", "sqlite3", "yaml"},
    "payments": {"sqlite3", "yaml"},
    "release-lines": {"gpiozero", "yaml"},
    "config-value": {"yaml"},
    "check-config": {"yaml"},
    "pulse": {"yaml"},
    "watch": {"yaml"},
    "screen": {"yaml"},
    "clear": {"sqlite3", "yaml"},
    "take-card": {"yaml"},
    "setup-screen": {"yaml"},
    "--help": set(),
}


@pytest.mark.parametrize("command", [*COMMANDS, "--help"])
def test_a_command_imports_what_it_uses(command: str) -> None:
    """No more than that, and not through another module either."""
    asked = [sys.executable, "-X", "importtime", "-m", "controller", command, "--help"]
    ended = subprocess.run(asked, capture_output=True, text=True, check=True, env=os.environ)
    imported = set(re.findall(r"^import time: +\d+ \| +\d+ \| +([\w.]+)$", ended.stderr, re.M))

    assert imported & HEAVY == USED[command]
