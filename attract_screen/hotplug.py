"""What the kernel calls out when a cable is plugged in or pulled out at a graphics card. EDGE."""

from __future__ import annotations

import logging
import re
import socket

_KOBJECT_UEVENT, _FROM_THE_KERNEL = 15, 1
_CARD = re.compile(rb"^DEVPATH=\S+/drm/card([0-9]+)$", re.MULTILINE)
_MOST_BYTES, _MOST_CALLS = 8192, 100

_log = logging.getLogger(__name__)


class Hotplugs:
    """Hears them from now on. Some drivers tell it in no other way while a program draws on their card."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        try:
            self._socket = socket.socket(
                socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, _KOBJECT_UEVENT
            )
            self._socket.bind((0, _FROM_THE_KERNEL))
        except OSError as error:
            _log.warning("the kernel's calls are not heard: %s", error.strerror)

    def cards(self) -> frozenset[int]:
        """The numbers of the cards where something happened since the last time."""
        found: set[int] = set()
        for _ in range(_MOST_CALLS):
            call = self._next()
            if call is None:
                break
            found.update(cards_in(call))
        return frozenset(found)

    def _next(self) -> bytes | None:
        try:
            call, (sender, _) = self._socket.recvfrom(_MOST_BYTES) if self._socket else (None, (0, 0))
        except OSError:  # nothing more, or more than there was room for
            return None
        return call if sender == 0 else b""  # others may call out, too


def cards_in(call: bytes) -> list[int]:
    """The card that a call is about, if it is about a cable."""
    lines = call.replace(b"\0", b"\n")
    is_cable = b"\nSUBSYSTEM=drm\n" in lines and b"\nHOTPLUG=1\n" in lines
    return [int(match[1]) for match in _CARD.finditer(lines)] if is_cable else []
