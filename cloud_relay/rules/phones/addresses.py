"""CORE. Whose request it is, as far as an internet address tells."""

from __future__ import annotations

import ipaddress
import re

_NET_OF_ONE = 64  # bits of an IPv6 address that a line has to itself: it may use any address in it
_WITH_PORT = re.compile(r"\[(.+)\](?::\d+)?|([^:]+):\d+")
NOBODY = "unknown"


def caller(peer: str | None, forwarded_for: str, trusted_proxies: int) -> str:
    """The network that a request comes from: an IPv4 address, or the /64 of an IPv6 one.

    `peer` is who is connected, `forwarded_for` the X-Forwarded-For header. Each of our own proxies has added
    the address that it saw at the header's end: only so many of them are believed, for whatever stands before
    these may be made up.
    """
    hops = [hop.strip() for hop in forwarded_for.split(",")] if forwarded_for else []
    believed = 0 < trusted_proxies <= len(hops)
    return _network(hops[-trusted_proxies] if believed else peer or "")


def is_loopback(address: str) -> bool:
    """Whether what `caller` gave is this machine itself."""
    return address.startswith("127.") or address == _network("::1")


def _network(text: str) -> str:
    with_port = _WITH_PORT.fullmatch(text)
    try:
        address = ipaddress.ip_address((with_port[1] or with_port[2]) if with_port else text)
    except ValueError:
        return NOBODY
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), _NET_OF_ONE), strict=False))
