"""EDGE. The addresses of each network interface, asked of the kernel: no program is started for them."""

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv6Address
from pathlib import Path

# linux/sockios.h; what it takes and gives is an ifreq of linux/if.h: a name, and here a sockaddr_in.
_SIOCGIFADDR = 0x8915
_IFREQ = struct.Struct("16s24x")
_ADDRESS = slice(20, 24)
# linux/ipv6.h: of the whole world, and not of one wire.
_GLOBAL = "00"


def addresses(if_inet6: Path = Path("/proc/net/if_inet6")) -> tuple[tuple[str, str], ...]:
    """Each interface with an address, and the address: IPv4 first, without the machine's own loop."""
    names = [name for _, name in socket.if_nameindex() if name != "lo"]
    return (*_of_ipv4(names), *_of_ipv6(names, if_inet6))


def _of_ipv4(names: list[str]) -> Iterator[tuple[str, str]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for name in names:
            try:
                answer = fcntl.ioctl(sock.fileno(), _SIOCGIFADDR, _IFREQ.pack(name.encode()))
            except OSError:
                continue  # it has none
            yield name, socket.inet_ntoa(answer[_ADDRESS])


def _of_ipv6(names: list[str], if_inet6: Path) -> Iterator[tuple[str, str]]:
    """By the kernel's list (proc_net(5)): address, number, prefix, scope, flags, name."""
    try:
        rows = [line.split() for line in if_inet6.read_text().splitlines()]
    except OSError:
        return  # a kernel without IPv6
    for row in rows:
        if len(row) == 6 and row[3] == _GLOBAL and row[5] in names:
            yield row[5], str(IPv6Address(bytes.fromhex(row[0])))
