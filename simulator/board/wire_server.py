"""EDGE. The virtual board's wires, run by a clock and a thread, and joined to processes by a socket."""

from __future__ import annotations

import logging
import selectors
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from controller.system.clock import since_boot_s
from simulator.board.cabinet_link import CabinetLink, edge_in
from simulator.board.model.wires import OutputWire, Wires

BEHIND_S = 0.03
"""How far the board runs behind the clock, so that an edge arrives before its frame is taken."""
TICK_S = 1 / 60
SHAKE_S = 0.002

logger = logging.getLogger(__name__)


class WireServer:
    """Joins wires to the processes of a cabinet, until it is stopped. Any thread may call any method."""

    def __init__(self, socket_path: Path, wires: Wires) -> None:
        self._path = socket_path
        self._wires = wires
        self._links: list[CabinetLink] = []
        self.lock = threading.Lock()
        """Held while the wires change; whoever looks at them holds it."""
        self._stopping = threading.Event()
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen on the socket and run the board; raises OSError if the socket is in use."""
        self._listener = _listening(self._path)
        self._stopping.clear()
        self._thread = threading.Thread(
            target=self._run, args=(self._listener,), name="arcade board", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Hang up on every process and remove the socket."""
        if self._thread is None or self._listener is None:
            return
        self._stopping.set()
        self._thread.join()
        with self.lock:
            self._catch_up()  # what was sent before this was called is still an edge
        self._listener.close()
        self._path.unlink(missing_ok=True)
        for link in self._links:
            link.socket.close()
        self._links.clear()
        self._thread = self._listener = None

    @contextmanager
    def board_time(self) -> Iterator[float]:
        """The board's own time, with all that came before it done; what follows is sent at its end."""
        with self.lock:
            yield self._catch_up()
            self._catch_up()

    def drive(self, levels: Mapping[int, int]) -> None:
        """Have wires take these levels now, whatever the board does."""
        with self.lock:
            for link in self._links:
                link.queue_levels(levels, since_boot_s())
                link.flush()

    def shake(self, wire: OutputWire, edges_a_second: int, seconds: float, *, from_active: bool) -> None:
        """Have a wire move as fast as that, whatever the board does, and end as it began."""
        began_s, done = since_boot_s(), 0
        most = int(edges_a_second * seconds) // 2 * 2
        while done < most:
            time.sleep(SHAKE_S)
            due = min(most, int((since_boot_s() - began_s) * edges_a_second))
            with self.lock:
                for number in range(done, due):
                    levels = {wire.pin: wire.level((number % 2 == 1) == from_active)}
                    for link in self._links:
                        link.queue_levels(levels, began_s + (number + 1) / edges_a_second)
                for link in self._links:
                    link.flush()
            done = due

    def _run(self, listener: socket.socket) -> None:
        next_tick_s = since_boot_s()
        with selectors.DefaultSelector() as waiting:
            waiting.register(listener, selectors.EVENT_READ)
            while not self._stopping.is_set():
                self._let_go(waiting)
                ready = waiting.select(max(0.0, next_tick_s - since_boot_s()))
                with self.lock:
                    if any(key.fileobj is listener for key, _ in ready):
                        waiting.register(self._greet(listener), selectors.EVENT_READ)
                    self._catch_up()
                if since_boot_s() >= next_tick_s:
                    next_tick_s = since_boot_s() + TICK_S

    def _let_go(self, waiting: selectors.BaseSelector) -> None:
        """Forget who hung up. Only the waiting thread closes a socket, and here it does not wait."""
        with self.lock:
            for link in self._links:
                if link.has_hung_up:
                    waiting.unregister(link.socket)
                    link.socket.close()
            self._links = [link for link in self._links if not link.has_hung_up]

    def _catch_up(self) -> float:
        """Read every packet, run the board and send its outputs; the board's time afterwards."""
        board_s = since_boot_s() - BEHIND_S  # read first: later edges must not be overtaken
        for link in self._links:
            for packet in link.packets():
                self._take(packet)
        for edge in self._wires.run_until(board_s):
            for link in self._links:
                # The cabinet lives in the present, and the board a little behind it.
                link.queue_levels({edge.pin: edge.level}, edge.at_s + BEHIND_S)
        for link in self._links:
            link.flush()
        return board_s

    def _greet(self, listener: socket.socket) -> socket.socket:
        link = CabinetLink(listener.accept()[0])
        link.queue_levels(self._wires.output_levels(), since_boot_s())
        self._links.append(link)
        return link.socket

    def _take(self, packet: bytes) -> None:
        try:
            self._wires.take(edge_in(packet, since_boot_s()))
        except (ValueError, RecursionError) as error:
            logger.warning("packet of a cabinet refused: %s", error)


def _listening(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        if path.is_socket():
            _remove_if_left_over(path)
        listener.bind(str(path))
        listener.listen()
    except OSError as error:
        listener.close()
        raise OSError(f"the virtual board cannot listen at {path}: {error}") from error
    return listener


def _remove_if_left_over(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise FileExistsError("another virtual board runs there; stop it first")
    path.unlink()
