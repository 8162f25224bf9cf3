"""The ports that a chain's parts are told to listen on."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from simulator.chain.ports import free_pair, free_port

ROOT = Path(__file__).parent.parent
TELLS_ITS_PORTS = """
from simulator.chain.ports import free_port
print(*(free_port() for _ in range(200)), flush=True)
input()
"""


@contextmanager
def ports_of_another() -> Iterator[set[int]]:
    """What a process was told of that still lives."""
    with subprocess.Popen(
        [sys.executable, "-c", TELLS_ITS_PORTS],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield {int(word) for word in process.stdout.readline().split()}
        process.communicate("\n")


def test_no_two_processes_are_told_of_one_port() -> None:
    """Each is told long before it listens."""
    with ports_of_another() as first, ports_of_another() as second:
        mine = {free_port() for _ in range(200)}
        assert not first & second
        assert not mine & (first | second)


def test_no_port_is_taken_by_who_connects() -> None:
    """Linux gives those from its own range, and a connection that began first keeps a server out."""
    lowest, _ = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    assert all(free_port() < int(lowest) for _ in range(200))


def test_a_port_that_is_in_use_is_passed_over() -> None:
    """Whoever has it, and however often somebody asks."""
    with ExitStack() as stack:
        taken = {free_port() for _ in range(10)}
        for port in taken:
            stack.enter_context(socket.create_server(("127.0.0.1", port)))
        assert not taken & {free_port() for _ in range(300)}


def test_the_ports_of_a_pair_are_both_free() -> None:
    """One behind the other, for a page and its door."""
    with ExitStack() as stack:
        for _ in range(20):
            port = free_pair()
            stack.enter_context(socket.create_server(("127.0.0.1", port)))
            stack.enter_context(socket.create_server(("127.0.0.1", port + 1)))
