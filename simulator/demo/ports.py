"""EDGE. Where the demo's page and its relay are reached: two ports, on loopback or in the local network."""

from __future__ import annotations

import os
import socket

from simulator.chain.folder import DemoError

LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - only with --lan, which asks for it
# Any address beyond the local network (this one is set aside for documents): nothing is sent to it.
_BEYOND = ("192.0.2.1", 9)


def lan_address() -> str:
    """The address that this machine has in the local network.

    Raises:
        DemoError: it is in no network.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_BEYOND)
        except OSError as error:
            raise DemoError(
                f"this machine is in no network ({error}): run `make demo` without LAN=1"
            ) from error
        address = str(probe.getsockname()[0])
    if address.startswith("127."):
        raise DemoError("this machine is in no network: run `make demo` without LAN=1")
    return address


def page_socket(bind: str, port: int) -> socket.socket:
    """The page's port, taken; the one after it, for the relay, is found free.

    Raises:
        DemoError: one of the two is taken.
    """
    _listen(bind, port + 1).close()
    return _listen(bind, port)


def _listen(bind: str, port: int) -> socket.socket:
    try:
        return socket.create_server((bind, port))
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise DemoError(
            f"port {port} cannot be used ({why}): name another with make demo PORT=9000"
        ) from error
