"""EDGE. What systemd wants to hear of a service: that it is ready, alive or stopping; and its status."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

READY = "READY=1"
ALIVE = "WATCHDOG=1"
STOPPING = "STOPPING=1"


def notify(message: str) -> None:
    """Tell the service manager, if there is one; that it cannot be told stops no sale."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    # A leading @ stands for the abstract namespace, whose names begin with a zero byte.
    name = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.connect(name)
            sock.sendall(message.encode())
    except OSError as error:
        log.warning("service manager not told %s: %s", message, error)


def more_time(seconds: float) -> None:
    """Have the service manager wait at least so long from now for the start that is under way.

    What waits says so again and again: once the time of the unit is over, the last word is what counts.
    """
    notify(f"EXTEND_TIMEOUT_USEC={seconds * 1e6:.0f}")


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Have the watchdog wait so long for this one piece of work, and as before once it is done.

    Only what does the work may ask for it: a helper that feeds the watchdog would feed it for the dead.
    """
    usual_us = os.environ.get("WATCHDOG_USEC")  # as systemd tells it; without it there is no watchdog
    if usual_us is None:
        yield
        return
    notify(f"WATCHDOG_USEC={seconds * 1e6:.0f}")
    try:
        yield
    finally:
        notify(f"WATCHDOG_USEC={usual_us}")
