"""A cabinet as the technician has it: a virtual board with a coin meter, and the real controller."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from conftest import wait_until

from controller.system.clock import since_boot_s
from simulator.board.board_server import BoardServer
from simulator.board.model.arcade_board import ArcadeBoard
from simulator.board.model.board_profiles import JAMMA, BoardProfile
from simulator.chain.cabinet import COIN_PIN, GAME_OVER_PIN, READY_PIN
from simulator.chain.part import Part
from simulator.chain.ports import free_port

METER_PIN = 23
# A cabinet of the older relay, which nobody asks what was open: its new ledger is not fenced.
WITHOUT_RELAY: dict[str, object] = {
    "relay": None,
    "payment_link": "https://buy.stripe.com/test_abc",
    "accept_unsigned_coinpulse": True,
}


@dataclass(frozen=True)
class Workbench:
    """What stands there; `controller` may be started and stopped."""

    folder: Path
    board: BoardServer
    controller: Part
    config_file: Path

    @property
    def control(self) -> Path:
        """The running controller's socket."""
        return self.folder / "control"

    def start(self) -> None:
        """Start the controller, and wait until its loop serves the socket and has seen the board ready."""
        before = len(self.controller.log_lines)
        self.controller.start()
        self.controller.wait_for_line("board ready", since=before)

    def command(self, *arguments: str) -> list[str]:
        """A command line for this cabinet."""
        return [sys.executable, "-m", "controller", *arguments, "--config", str(self.config_file)]

    def does(self, *arguments: str) -> tuple[int, list[str]]:
        """Run a command; its exit status, and all that it said."""
        ended = subprocess.run(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return ended.returncode, ended.stdout.splitlines()

    def ledger(self, sql: str) -> list[tuple[Any, ...]]:
        """What the ledger says."""
        with closing(sqlite3.connect(self.folder / "state" / "ledger.sqlite")) as db:
            return db.execute(sql).fetchall()

    def coins(self) -> int:
        """Coins that the board has counted so far."""
        return self.board.view().coins

    def wait_for_coins(self, count: int) -> None:
        """Wait until the board, which runs a little behind, has counted so many."""
        wait_until(lambda: self.coins() >= count, f"{count} coins")


@contextmanager
def workbench(
    folder: Path, profile: BoardProfile = JAMMA, *, wired_meter: bool = True, **config: object
) -> Iterator[Workbench]:
    """A board that is on, and a controller that is not started yet. `config` replaces keys of config.yaml.

    The controller has its `coin_meter` in any case; without `wired_meter` the board does not drive it.
    """
    settings = {
        "machine_id": "star-raider-01",
        "name": "Star Raider",
        "broker": {"host": "127.0.0.1", "port": free_port(), "password": "made-up"},
        "coin_line": {"pin": COIN_PIN},
        "game_over": {"pin": GAME_OVER_PIN},
        "ready": {"pin": READY_PIN},
        "coin_meter": {"pin": METER_PIN},
        "board_boot_s": 0,
        "state_dir": str(folder / "state"),
        "screen_feed": str(folder / "screen.json"),
        "mock_pins_for_demo_only": str(folder / "board.sock"),
        **WITHOUT_RELAY,
        **config,
    }
    config_file = folder / "config.yaml"
    config_file.touch(mode=0o600)
    config_file.write_text(yaml.safe_dump(settings))
    board = BoardServer(
        folder / "board.sock",
        ArcadeBoard(profile, powered_at_s=since_boot_s()),
        coin_pin=COIN_PIN,
        game_over_pin=GAME_OVER_PIN,
        ready_pin=READY_PIN,
        coin_meter_pin=METER_PIN if wired_meter else None,
    )
    daemon = [sys.executable, "-m", "controller", "run", "--config", str(config_file)]
    controller = Part("controller", daemon, folder / "controller.log")
    with board:
        try:
            yield Workbench(folder, board, controller, config_file)
        finally:
            controller.stop()
