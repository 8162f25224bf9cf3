"""Name servers that never answer: the daemon ends all the same, well within what its unit allows."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import wait_until
from test_units import service
from workbench import workbench

from simulator.chain.cabinet import Secrets
from simulator.chain.part import Part

WAYS = [["unshare", "--mount", "--net"], ["unshare", "--user", "--map-root-user", "--mount", "--net"]]
# A network of its own, where somebody takes each question and never answers; the machine's is not touched.
SILENCE = """
import fcntl, os, socket, struct, subprocess, sys
subprocess.run(["mount", "--bind", sys.argv[1], "/etc/resolv.conf"], check=True)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
deaf.bind(("127.0.0.1", 53))
os.set_inheritable(deaf.fileno(), True)
os.execvp(sys.argv[2], sys.argv[2:])
"""
RESOLVER = "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n"
ASKS = "import socket; socket.getaddrinfo('broker.example', 8883)"


def in_silence(folder: Path) -> list[str]:
    """What gives a command silent name servers, and becomes it."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not here")
    (folder / "resolv.conf").write_text(RESOLVER)
    for way in WAYS:
        command = [*way, sys.executable, "-c", SILENCE, str(folder / "resolv.conf")]
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    pytest.skip("this user may make no network namespace")


def test_the_silence_is_real(tmp_path: Path) -> None:
    """A question for a name holds whoever asks it for longer than the unit allows to stop."""
    asker = subprocess.Popen([*in_silence(tmp_path), sys.executable, "-c", ASKS], stderr=subprocess.PIPE)
    with pytest.raises(subprocess.TimeoutExpired):
        asker.wait(5)
    asker.kill()
    asker.communicate()


RELAY = {"relay": {"url": "https://relay.example", "token": Secrets().machine_token}, "payment_link": None}


@pytest.mark.parametrize("sought", [RELAY, {}], ids=["relay", "broker"])
def test_it_ends_well_though_nobody_answers_for_a_name(tmp_path: Path, sought: dict[str, object]) -> None:
    """A new ledger first looks for the relay, any other for the broker; neither can be waited for."""
    broker = {"host": "broker.example", "password": "made-up"}
    with workbench(tmp_path, broker=broker, **sought) as bench:
        daemon = Part("controller", [*in_silence(tmp_path), *bench.command("run")], tmp_path / "silent.log")
        daemon.start()
        daemon.wait_for_line("board ready")
        time.sleep(1.0)
        began_s = time.monotonic()
        os.kill(daemon.pid, signal.SIGTERM)
        wait_until(lambda: daemon.exit_status is not None, "the end", within_s=60.0)

        took_s = time.monotonic() - began_s
        assert daemon.exit_status == 0
        assert took_s < int(service("arcade-controller")["TimeoutStopSec"]) / 2
