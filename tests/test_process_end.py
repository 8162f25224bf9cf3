"""How the programs end while a thread of theirs is inside OpenSSL: by their own word, not by a signal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# A thread that is hardly ever outside OpenSSL, as one that begins a connection at the wrong moment.
BUSY = "import ssl, sys, threading, time\ndef busy():\n    while not over.is_set():\n"
BUSY += "        ssl.create_default_context()\nover = threading.Event()\n"
LEFT = "threading.Thread(target=busy, daemon=True).start()\ntime.sleep({pause_s})\n"
ENDS = {
    "controller": BUSY + LEFT + "from attract_screen.quiet_end import leave\nleave(3)",
    "relay's commands": BUSY + LEFT + "from cloud_relay.quiet_end import leave\nleave(3)",
    "relay": BUSY
    + "from cloud_relay.beside import thread_beside\nthread_beside('busy', busy, over).start()\n"
    + "time.sleep({pause_s})\nsys.exit(3)",
}


@pytest.mark.parametrize("program", ENDS)
def test_a_thread_inside_openssl_does_not_end_the_process_by_a_signal(program: str) -> None:
    """Left to Python's own end, every second one of these dies."""
    assert {_status(ENDS[program].format(pause_s=0.1 + 0.013 * turn)) for turn in range(10)} == {3}


def test_a_thread_that_does_not_end_holds_no_process_up() -> None:
    """One that waits for a network that is silent is left to itself, after a moment."""
    waits = "from cloud_relay.beside import thread_beside\nimport threading\n"
    waits += "thread_beside('waits', threading.Event().wait).start()"
    assert _status(waits) == 0


def _status(code: str) -> int:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False).returncode
