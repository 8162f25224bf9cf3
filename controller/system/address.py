"""EDGE. Where this machine is in the network."""

from __future__ import annotations

import socket
from collections.abc import Sequence

# Of documentation (RFC 5737, RFC 3849): nobody has them, and to connect a datagram socket sends nothing.
_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def own_address(elsewhere: Sequence[tuple[socket.AddressFamily, str]] = _ELSEWHERE) -> str | None:
    """The address by which this machine speaks to others; None while it has no way to any."""
    for family, host in elsewhere:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as sock:
                sock.connect((host, 9))
                return str(sock.getsockname()[0])
        except OSError:
            continue
    return None
