"""The cabinet from outside: its services, its pins, its ledger, and the cloud beside it."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import cloud
import yaml
from board import EDGES, ORDERS
from checks import wait_for

from simulator.chain.cabinet import MACHINE_ID, NAME

CONFIG = Path("/etc/arcade-cabinet/config.yaml")
LEDGER = Path("/var/lib/arcade-cabinet/ledger.sqlite")
FEED = Path("/run/arcade-cabinet/screen.json")
CLOUD = Path("/var/cloud")
UNIT = "arcade-controller"
# Our own variables are no business of what the machine itself runs.
PLAIN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}


def run(*command: str) -> tuple[int, str]:
    """What a technician would type; the status, and all that it said."""
    done = subprocess.run(command, env=PLAIN, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def show(name: str, unit: str = UNIT) -> str:
    """A property of a unit."""
    return run("systemctl", "show", "-P", name, unit)[1].strip()


def is_up() -> bool:
    """Whether the controller runs and said READY."""
    return show("ActiveState") == "active"


def restart() -> None:
    """Restart the controller, and wait for it."""
    run("systemctl", "restart", UNIT)
    wait_for("the controller", is_up)


def journal(unit: str = UNIT) -> list[str]:
    """What a unit logged in this boot."""
    return run("journalctl", "-b", "-u", unit, "-o", "cat", "--no-pager")[1].splitlines()


def processes() -> tuple[int, int]:
    """The controller and its coin line."""
    pid = int(show("MainPID"))
    return pid, int(Path(f"/proc/{pid}/task/{pid}/children").read_text())


# --- pins ---


def edges() -> list[tuple[int, float]]:
    """All changes of the coin line in this boot: the level, and when (seconds since boot)."""
    lines = [line.split() for line in EDGES.read_text().splitlines()]
    return [(int(level), float(at_s)) for level, at_s in lines if level != "coin"]


def coins() -> int:
    """How many coins the board counted in this boot."""
    return sum(line.startswith("coin") for line in EDGES.read_text().splitlines())


def order(word: str) -> None:
    """Have somebody do something at the board."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as board:
        board.sendto(word.encode(), str(ORDERS))


class Pulses:
    """The coin line from now on."""

    def __init__(self) -> None:
        self._before = len(edges())

    def edges(self) -> list[tuple[int, float]]:
        """The changes of a line."""
        return edges()[self._before :]

    def levels(self) -> list[int]:
        """The changes of a line, without their times."""
        return [level for level, _ in self.edges()]

    def widths_ms(self) -> list[float]:
        """How long each pulse was, in milliseconds."""
        return self._between(1)

    def gaps_ms(self) -> list[float]:
        """How long it rested between two pulses."""
        return self._between(0)

    def _between(self, level: int) -> list[float]:
        seen = self.edges()
        pairs = pairwise(seen)
        return [round((then - now) * 1000, 1) for (first, now), (_, then) in pairs if first == level]


# --- what it says ---


def configure(**changes: Any) -> None:
    """Fill in config.yaml as the technician does. `changes` replace top-level keys."""
    config = yaml.safe_load(CONFIG.read_text()) | settings(CLOUD) | changes
    CONFIG.write_text(yaml.safe_dump(config, sort_keys=False))


def settings(folder: Path) -> dict[str, Any]:
    """What is filled in, for the cloud whose secrets are in the folder."""
    secrets = cloud.secrets_in(folder)
    return {
        "machine_id": MACHINE_ID,
        "name": NAME,
        "board_boot_s": 0,
        "relay": {"url": cloud.RELAY_URL, "token": secrets.machine_token},
        "broker": {
            "host": "127.0.0.1",
            "port": cloud.BROKER_PORT,
            "password": secrets.passwords[MACHINE_ID],
            "ca_file": "/etc/arcade-cabinet/ca.crt",
        },
        "game_over": {"pin": 27, "active": "low"},
        "ready": {"pin": 22, "active": "low"},
    }


def command(*words: str) -> tuple[int, str]:
    """`sudo cabinet ...`: the status, and all that it said."""
    return run("/usr/local/bin/cabinet", *words)


def feed() -> dict[str, Any]:
    """What the attract screen reads."""
    return json.loads(FEED.read_text()) if FEED.exists() else {}


def ledger(sql: str) -> list[Any]:
    """Rows of the ledger; of one column, their values."""
    with closing(sqlite3.connect(f"file:{LEDGER}?mode=ro", uri=True)) as db:
        rows = db.execute(sql).fetchall()
    return [row[0] if len(row) == 1 else row for row in rows]


def pulses_of(payment_id: str) -> list[str]:
    """The states of a payment's pulses, in order."""
    return ledger(f"SELECT state FROM pulses WHERE payment_id = '{payment_id}' ORDER BY number")
