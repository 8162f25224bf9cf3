"""A board that does nothing but write down each edge, with the time that the mock pin took at its write."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from simulator.board.model.edge import Edge


class Recorder:
    """Listens at `path` for mock pins (controller/board/mock_pins.py) and keeps the edges of outputs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._edges: list[Edge] = []
        self._levels: dict[int, int] = {}
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def __enter__(self) -> Self:
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._listener.close()
        self.path.unlink()

    def all_edges(self) -> list[Edge]:
        """Every edge of the process that connected, once it has hung up."""
        self._thread.join()
        return self._edges

    def _run(self) -> None:
        wires, _ = self._listener.accept()
        with wires:
            while packet := wires.recv(4096):
                self._take(json.loads(packet))

    def _take(self, report: dict[str, float]) -> None:
        pin, level = int(report["pin"]), int(report["level"])
        if level != self._levels.get(pin, 0):
            self._levels[pin] = level
            self._edges.append(Edge(pin, level, report["at_s"]))
