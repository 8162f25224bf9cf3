"""Words to the service manager, on a real socket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SPEAKER = """
from attract_screen.systemd_notify import ALIVE, READY, STOPPING, notify
for word in (READY, ALIVE, STOPPING):
    notify(word)
"""


@contextmanager
def listening(name: str) -> Iterator[socket.socket]:
    """A service manager's socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name)
        manager.settimeout(60)
        yield manager


def speak(address: str | None) -> None:
    """Have a process of its own say all that it can say."""
    environment = {key: value for key, value in os.environ.items() if key != "NOTIFY_SOCKET"}
    if address is not None:
        environment["NOTIFY_SOCKET"] = address
    subprocess.run([sys.executable, "-c", SPEAKER], env=environment, check=True)


def test_the_service_manager_hears_each_word_as_one_message(tmp_path: Path) -> None:
    """On the socket that it named."""
    with listening(str(tmp_path / "notify")) as manager:
        speak(str(tmp_path / "notify"))

        assert [manager.recv(99) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_an_abstract_socket_is_found_by_its_at_sign(tmp_path: Path) -> None:
    """Its name begins with a zero byte."""
    name = f"arcade-{tmp_path}"
    with listening(f"\0{name}") as manager:
        speak(f"@{name}")

        assert manager.recv(99) == b"READY=1"


@pytest.mark.parametrize("address", [None, ""])
def test_without_a_service_manager_nothing_happens(address: str | None) -> None:
    """A developer starts it by hand."""
    speak(address)
