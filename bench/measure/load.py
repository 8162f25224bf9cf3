"""What keeps a machine busy: processes for its cores, and work inside a controller."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from controller.formats.wire import CoinPulseMessage, Reader, sign

# As many as a careless update or a screen that went astray would take: all of them.
SPINNERS = os.cpu_count() or 1
BUSY_THREADS = 2
MESSAGES_PER_S = 50
_TOKEN, _MACHINE = "1." + "ab" * 32, "bench-01"


@contextmanager
def busy_cores() -> Iterator[None]:
    """Every core spins in a process of its own."""
    command = [sys.executable, "-c", "while True: pass"]
    spinners = [subprocess.Popen(command) for _ in range(SPINNERS)]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def be_a_busy_controller() -> None:
    """From now on this process has Python threads that spin, and reads signed messages all the time."""
    for number in range(BUSY_THREADS):
        threading.Thread(target=spin, name=f"spin {number}", daemon=True).start()
    threading.Thread(target=_read_messages, name="messages", daemon=True).start()


def spin() -> None:
    """Compute for ever."""
    while True:
        pass


def _read_messages() -> None:
    pause = threading.Event()
    reader = Reader(_MACHINE, _TOKEN, accept_unsigned=False)
    fields = {"machineId": _MACHINE, "credits": 1, "paymentId": "pi_bench", "amount": 100, "currency": "usd"}
    payload = json.dumps(fields).encode()
    message = CoinPulseMessage(payload, retained=False, expiry_s=60, signature=sign(_TOKEN, payload))
    while not pause.wait(1 / MESSAGES_PER_S):
        reader.read(message)
