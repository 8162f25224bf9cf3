"""EDGE. What `systemctl status` says of the screen beside "active"."""

from __future__ import annotations

import contextlib
import os
import socket


def tell(text: str) -> None:
    """Leave one line with the service manager, if one started us; that it cannot be told stops no picture."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    # A leading @ stands for the abstract namespace, whose names begin with a zero byte.
    name = "\0" + address[1:] if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.sendto(f"STATUS={text}".encode(), name)
