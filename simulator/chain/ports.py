"""EDGE. Ports on this machine: a free one, and whether one is taken."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from itertools import cycle

# From 32768 on, Linux gives ports to whoever connects: one that is free now is somebody's a moment later.
_FIRST, _BEHIND_LAST = 10_240, 32_768
# A process has so many for itself, and takes the longest unused one: who was told of it has time to begin.
_BLOCK = 128

_lock = threading.Lock()
_mine: Iterator[int] | None = None


def free_port(bind: str = "127.0.0.1") -> int:
    """A port that nobody listens on, and that no other process is told of while this one lives.

    Raises:
        OSError: there is none left.
    """
    global _mine
    with _lock:
        _mine = _mine or cycle(_claimed_block())
        for _ in range(_BLOCK):
            port = next(_mine)
            if _can_bind(bind, port):
                return port
    raise OSError(f"each of this process's {_BLOCK} ports is in use")


def free_pair(bind: str = "127.0.0.1") -> int:
    """A port such as `free_port` gives, with another such behind it; returns the first of the two.

    Raises:
        OSError: there is none left.
    """
    port = free_port(bind)
    while (behind := free_port(bind)) != port + 1:
        port = behind
    return port


def listens(port: int) -> bool:
    """Whether something on loopback accepts connections at `port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _claimed_block() -> range:
    """The first ports that no living process claims."""
    for first in range(_FIRST, _BEHIND_LAST, _BLOCK):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0arcade ports from {first}")  # a name without a file, in the network's namespace
        except OSError:
            claim.close()
        else:
            claim.detach()  # stays open as long as the process
            return range(first, first + _BLOCK)
    raise OSError(f"every block of ports between {_FIRST} and {_BEHIND_LAST} is claimed by a process")


def _can_bind(bind: str, port: int) -> bool:
    try:
        socket.create_server((bind, port)).close()
    except OSError:
        return False
    return True
