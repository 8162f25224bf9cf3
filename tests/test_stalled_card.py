"""An SD card that stalls for long, in mid-train: the watchdog waits for the card, and for nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import wait_until
from workbench import Workbench, workbench

from simulator.chain.part import Part

WATCHDOG_S = 3.0
STALL_S = 7.0
# Every sync of the process waits for as long as a file is there, as on a card that is busy with itself.
STALLING_SYNC = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
static int stall(const char *name, int fd) {
    while (access(getenv("STALL_FILE"), F_OK) == 0) usleep(10000);
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(fd);
}
int fdatasync(int fd) { return stall("fdatasync", fd); }
int fsync(int fd) { return stall("fsync", fd); }
"""


class ServiceManager:
    """Hears a service as systemd does, and kills it by the rules of its watchdog (sd_notify(3))."""

    def __init__(self, address: Path) -> None:
        self.pid = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(address))
        self._socket.settimeout(0.05)
        self.heard: list[str] = []
        self.killed = False
        self._ended = threading.Event()

    def watch(self) -> None:
        """Until the service ends, or the test does."""
        interval_s, sign_s = WATCHDOG_S, None
        while not self._ended.is_set():
            try:
                word = self._socket.recv(100).decode()
            except TimeoutError:
                word = ""
            self.heard += [word] if word else []
            name, _, value = word.partition("=")
            if name == "WATCHDOG_USEC":
                interval_s = int(value) / 1e6
            if word in ("READY=1", "WATCHDOG=1") or name == "WATCHDOG_USEC":
                sign_s = time.monotonic()
            if sign_s is not None and time.monotonic() > sign_s + interval_s:
                self.killed = True
                os.kill(self.pid, signal.SIGABRT)
                return

    def close(self) -> None:
        self._ended.set()


@contextmanager
def watched(bench: Workbench, folder: Path, preload: Path) -> Iterator[ServiceManager]:
    """The bench's controller under a service manager with a watchdog."""
    manager = ServiceManager(folder / "notify.sock")
    environment = {
        "NOTIFY_SOCKET": str(folder / "notify.sock"),
        "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6)),
        "LD_PRELOAD": str(preload),
        "STALL_FILE": str(folder / "stall"),
    }
    command = [sys.executable, "-m", "controller", "run", "--config", str(bench.config_file)]
    part = Part("controller", command, folder / "watched.log", environment)
    part.start()
    manager.pid = part.pid
    watching = threading.Thread(target=manager.watch)
    watching.start()
    try:
        part.wait_for_line("board ready")
        yield manager
    finally:
        (folder / "stall").unlink(missing_ok=True)
        manager.close()
        watching.join()
        part.stop()


@pytest.fixture
def stalling_sync(tmp_path: Path) -> Path:
    """A library that stands between the process and the card."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler is here")
    (tmp_path / "stall.c").write_text(STALLING_SYNC)
    library = tmp_path / "stall.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", str(library), str(tmp_path / "stall.c"), "-ldl"], check=True
    )
    return library


def test_a_card_that_stalls_in_mid_train_is_waited_for(tmp_path: Path, stalling_sync: Path) -> None:
    """Longer than the watchdog waits for anything else; then the train goes on, and no pulse is in doubt."""
    with workbench(tmp_path) as bench, watched(bench, tmp_path, stalling_sync) as manager:
        trial = subprocess.Popen(bench.command("pulse", "3"), stdout=subprocess.PIPE, text=True)
        bench.wait_for_coins(1)
        (tmp_path / "stall").touch()
        time.sleep(STALL_S)
        (tmp_path / "stall").unlink()
        said, _ = trial.communicate(timeout=60)

        assert (manager.killed, bench.coins()) == (False, 3), said
        assert bench.ledger("SELECT state FROM pulses") == [("confirmed",)] * 3


def test_a_loop_that_hangs_elsewhere_is_not_waited_for(tmp_path: Path, stalling_sync: Path) -> None:
    """Stopped outside of a write, it is killed in the watchdog's own time."""
    with workbench(tmp_path) as bench, watched(bench, tmp_path, stalling_sync) as manager:
        bench.does("pulse", "1")
        wait_until(lambda: manager.heard[-1] == "WATCHDOG=1", "a sign of life")
        os.kill(manager.pid, signal.SIGSTOP)
        try:
            wait_until(lambda: manager.killed, "the watchdog", within_s=WATCHDOG_S + 2)
        finally:
            os.kill(manager.pid, signal.SIGCONT)
