"""The daemon as systemd sees it: what it says of itself, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import wait_until

from controller.board.tally import read_tally
from controller.system.clock import since_boot_s
from simulator.board.board_server import BoardServer
from simulator.board.model.arcade_board import ArcadeBoard
from simulator.board.model.board_profiles import JAMMA
from simulator.chain.broker import Broker
from simulator.chain.cabinet import COIN_PIN, GAME_OVER_PIN, READY_PIN, Secrets, write_config
from simulator.chain.ports import free_port


class Daemon:
    """`python -m controller run` with nothing but a board around it, and all that it tells systemd."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify.sock"))
        self._socket.setblocking(False)
        self._told: list[str] = []
        secrets = Secrets()
        nobody = Broker(folder / "broker", secrets.passwords)
        nobody.start()
        nobody.stop()
        relay_url = f"http://127.0.0.1:{free_port()}"
        settings = folder / "config.yaml"
        write_config(settings, secrets, nobody, relay_url, folder / "board.sock")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "controller", "run", "--config", str(settings)],
            env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify.sock")},
            stderr=subprocess.DEVNULL,
        )

    def told(self) -> list[str]:
        while True:
            try:
                self._told.append(self._socket.recv(100).decode())
            except BlockingIOError:
                return list(self._told)

    def ends_with(self) -> int:
        return self.process.wait(60)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._socket.close()


@contextmanager
def board(folder: Path) -> Iterator[BoardServer]:
    powered = ArcadeBoard(JAMMA, powered_at_s=since_boot_s())
    pins = {"coin_pin": COIN_PIN, "game_over_pin": GAME_OVER_PIN, "ready_pin": READY_PIN}
    with BoardServer(folder / "board.sock", powered, **pins) as server:
        yield server


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with board(tmp_path):
        running = Daemon(tmp_path)
        yield running
        running.close()


def test_it_is_ready_and_alive_without_broker_and_relay(daemon: Daemon) -> None:
    """A cabinet without network boots all the same, and feeds the watchdog while its parts live."""
    wait_until(lambda: {"READY=1", "WATCHDOG=1"} <= set(daemon.told()), "READY and WATCHDOG")


def test_its_tally_can_be_believed_before_the_first_sale(daemon: Daemon, tmp_path: Path) -> None:
    """Killed behind its first orders, it leaves only one pulse in doubt."""
    wait_until(lambda: "READY=1" in daemon.told(), "READY")
    file = (tmp_path / "state" / "ledger.sqlite").stat()
    assert read_tally(tmp_path / "tally", f"{file.st_dev}:{file.st_ino}") == ()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_ends_well(daemon: Daemon, number: signal.Signals) -> None:
    """Status 0, so that the service manager sees no failure."""
    wait_until(lambda: "READY=1" in daemon.told(), "READY")
    daemon.process.send_signal(number)
    assert daemon.ends_with() == 0
    assert daemon.told()[-1] == "STOPPING=1"


def test_without_its_coin_line_it_ends_to_be_started_anew(daemon: Daemon) -> None:
    """The coin line's process is killed: the daemon does not pretend to sell."""
    wait_until(lambda: "READY=1" in daemon.told(), "READY")
    pid = daemon.process.pid
    os.kill(int(Path(f"/proc/{pid}/task/{pid}/children").read_text()), signal.SIGKILL)
    assert daemon.ends_with() == 1


def test_a_pin_that_cannot_be_taken_is_never_ready(tmp_path: Path) -> None:
    """Without a board behind the mock pins there is no coin line, and no READY."""
    running = Daemon(tmp_path)
    assert running.ends_with() == 1
    assert "READY=1" not in running.told()
    running.close()


def test_a_service_manager_that_went_away_ends_nothing(daemon: Daemon, tmp_path: Path) -> None:
    """That nobody can be told of our life is no reason to end it."""
    wait_until(lambda: "READY=1" in daemon.told(), "READY")
    (tmp_path / "notify.sock").unlink()
    written = tmp_path / "screen.json"
    wait_until(written.exists, "the screen's feed")
    before = written.stat().st_mtime_ns
    wait_until(lambda: written.stat().st_mtime_ns > before, "the loop to go on")
    assert daemon.process.poll() is None
