"""EDGE. The connection of one process of a cabinet: packets of edges, none of which may be lost.

The packets are those of the cabinet's mock pins, `controller/board/mock_pins.py`.
"""

from __future__ import annotations

import json
import socket
from collections import deque
from collections.abc import Iterator, Mapping

from simulator.board.model.edge import Edge

PACKET_BYTES = 4096


class CabinetLink:
    """What a process of the cabinet sends, and what is sent to it, without ever waiting for it."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.has_hung_up = False
        self._listens = True
        # What a process that is stopped just now will read later.
        self._unsent: deque[bytes] = deque()

    def queue_levels(self, levels: Mapping[int, int], at_s: float) -> None:
        """Have the levels of wires sent that the board drives, since `at_s`."""
        if self._listens:
            packet = [{"pin": pin, "level": level, "at_s": at_s} for pin, level in levels.items()]
            self._unsent.append(json.dumps(packet).encode())

    def flush(self) -> None:
        """Send what the connection takes without waiting."""
        while self._unsent:
            try:
                self.socket.send(self._unsent[0])
            except BlockingIOError:
                return
            except (BrokenPipeError, ConnectionResetError):
                self._listens = False  # it may still drive its outputs
                self._unsent.clear()
            else:
                self._unsent.popleft()

    def packets(self) -> Iterator[bytes]:
        """Every packet that has arrived."""
        while not self.has_hung_up:
            try:
                packet = self.socket.recv(PACKET_BYTES)
            except BlockingIOError:
                return
            except ConnectionResetError:
                continue  # said once, ahead of what the process had sent before it died
            if packet:
                yield packet
            else:
                self.has_hung_up = True


def edge_in(packet: bytes, now_s: float) -> Edge:
    """The edge in a packet.

    Raises:
        ValueError: it is none, or lies in the future.
        RecursionError: it is JSON of a thousand levels.
    """
    match json.loads(packet):
        case {"pin": int(pin), "level": 0 | 1 as level, "at_s": float(at_s)} if 0 <= at_s <= now_s:
            return Edge(pin, level, at_s)
        case other:
            raise ValueError(f"expected pin, level 0 or 1, and at_s until now, not {other!r:.80}")
