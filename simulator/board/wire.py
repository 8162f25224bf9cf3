"""EDGE. The virtual arcade board's side of the wires: a socket, a clock and a thread.

The packets are those of the cabinet's mock pins, `controller/board/mock_pins.py`. Wires have two
levels and no memory of who drove them: when a cabinet's process dies its wires stay as they were.
"""

from __future__ import annotations

import json
import logging
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from controller.system.clock import since_boot_s
from simulator.board.model.arcade_board import ArcadeBoard, BoardView, Line, Output
from simulator.board.model.edge import Edge

BEHIND_S = 0.03
"""How far the board runs behind the clock, so that an edge arrives before its frame is taken."""
TICK_S = 1 / 60
SHAKE_S = 0.002
PACKET_BYTES = 4096

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _BoardLine:
    """The wire that one of the board's output lines drives."""

    pin: int
    active_level: int

    def level(self, active: bool) -> int:
        return self.active_level if active else 1 - self.active_level


@dataclass(eq=False)
class _Cabinet:
    """The connection of one process of a cabinet."""

    socket: socket.socket
    unsent: deque[bytes] = field(default_factory=deque)
    """What a process that is stopped just now will read later: none of it may be lost."""
    listens: bool = True
    hung_up: bool = False

    def tell(self, levels: dict[int, int], at_s: float) -> None:
        """Queue the levels of wires that the board drives, since `at_s`."""
        if self.listens:
            packet = [{"pin": pin, "level": level, "at_s": at_s} for pin, level in levels.items()]
            self.unsent.append(json.dumps(packet).encode())

    def flush(self) -> None:
        """Send what the connection takes without waiting."""
        while self.unsent:
            try:
                self.socket.send(self.unsent[0])
            except BlockingIOError:
                return
            except (BrokenPipeError, ConnectionResetError):
                self.listens = False  # it may still drive its outputs
                self.unsent.clear()
            else:
                self.unsent.popleft()

    def packets(self) -> Iterator[bytes]:
        """Every packet that has arrived."""
        while not self.hung_up:
            try:
                packet = self.socket.recv(PACKET_BYTES)
            except BlockingIOError:
                return
            except ConnectionResetError:
                continue  # told once, ahead of what the process had sent before it died
            if packet:
                yield packet
            else:
                self.hung_up = True


class BoardServer:
    """Joins a virtual arcade board to the processes of a cabinet, until it is stopped.

    By default an active output is a contact to ground: level 0. A line without a pin is not
    wired. The board is to be powered about now, `powered_at_s=since_boot_s()`: it takes every
    frame since then. Every method may be called from any thread.
    """

    def __init__(
        self,
        socket_path: Path,
        board: ArcadeBoard,
        *,
        coin_pin: int,
        game_over_pin: int | None = None,
        ready_pin: int | None = None,
        coin_meter_pin: int | None = None,
        game_over_active_level: int = 0,
        ready_active_level: int = 0,
        coin_meter_active_level: int = 0,
    ) -> None:
        self._path = socket_path
        self._board = board
        self._coin_pin = coin_pin
        wiring: dict[Line, tuple[int | None, int]] = {
            "game_over": (game_over_pin, game_over_active_level),
            "ready": (ready_pin, ready_active_level),
            "coin_meter": (coin_meter_pin, coin_meter_active_level),
        }
        self._lines = {
            line: _BoardLine(pin, active) for line, (pin, active) in wiring.items() if pin is not None
        }
        self._coin_wire_broken = False
        self._reached: list[Edge] = []
        self._lock = threading.Lock()
        self._levels: dict[int, int] = {coin_pin: board.profile.idle_level}
        self._edges: list[Edge] = []
        self._cabinets: list[_Cabinet] = []
        self._stopping = threading.Event()
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Listen on the socket and run the board; raises OSError if the socket is in use."""
        self._listener = _listening(self._path)
        self._stopping.clear()
        self._thread = threading.Thread(
            target=self._run, args=(self._listener,), name="arcade board", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Hang up on every cabinet and remove the socket."""
        if self._thread is None or self._listener is None:
            return
        self._stopping.set()
        self._thread.join()
        with self._lock:
            self._catch_up()  # what was sent before this was called is still an edge
        self._listener.close()
        self._path.unlink(missing_ok=True)
        for cabinet in self._cabinets:
            cabinet.socket.close()
        self._cabinets.clear()
        self._thread = self._listener = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # What can be seen

    @property
    def edges(self) -> list[Edge]:
        """Every change of a wire so far, the cabinet's and the board's, as they became known."""
        return self.edges_since(0)

    def edges_since(self, index: int) -> list[Edge]:
        """The changes after the first `index` of them."""
        with self._lock:
            return self._edges[index:]

    def edges_of(self, pin: int) -> list[Edge]:
        """Every change of one wire so far."""
        return [edge for edge in self.edges if edge.pin == pin]

    def view(self) -> BoardView:
        """What can be seen of the board now."""
        with self._lock:
            return self._board.view()

    @property
    def coin_edges_at_board(self) -> list[Edge]:
        """Every change of the coin line that reached the board: all of them while its wire is whole."""
        with self._lock:
            return list(self._reached)

    # What people do

    def press_start(self) -> bool:
        """Start a game for a credit; False if there is none."""
        with self._board_time() as now_s:
            return self._board.press_start(now_s)

    def end_game(self) -> bool:
        """End the game; False if nobody played."""
        with self._board_time() as now_s:
            return self._board.end_game(now_s)

    def set_ready(self, ready: bool) -> None:
        """Have the board accept coins, or not."""
        with self._board_time() as now_s:
            self._board.set_ready(ready, now_s)

    def break_coin_wire(self, broken: bool) -> None:
        """Have the pulses of the cabinet reach the board no more, or again; the cabinet cannot tell."""
        with self._board_time():
            self._coin_wire_broken = broken

    @property
    def coin_wire_is_broken(self) -> bool:
        """Whether the board gets no pulses just now, whatever the cabinet does."""
        with self._lock:
            return self._coin_wire_broken

    def insert_cash_coin(self) -> None:
        """Insert a coin of metal."""
        with self._board_time() as now_s:
            self._board.insert_cash_coin(now_s)

    def power_cycle(self) -> None:
        """Switch the board off and on."""
        with self._board_time() as now_s:
            self._board.power_cycle(now_s)

    def lose_power(self) -> None:
        """Pull the plug of the whole cabinet: with the Pi dead the coin line rests, and the board forgets."""
        with self._board_time() as now_s:
            self._take_edge(Edge(self._coin_pin, self._board.profile.idle_level, since_boot_s()))
            self._board.power_cycle(now_s)

    def shake(self, line: Line, edges_a_second: int, seconds: float) -> None:
        """Have a line move as fast as that, whatever the board does: hum on its wire. It ends as it began."""
        wire = self._lines[line]
        began_s = since_boot_s()
        told, most = 0, int(edges_a_second * seconds) // 2 * 2
        while told < most:
            time.sleep(SHAKE_S)
            due = min(most, int((since_boot_s() - began_s) * edges_a_second))
            with self._lock:
                active = self._board.is_active(line)
                for number in range(told, due):
                    level = wire.level(active if number % 2 else not active)
                    at_s = began_s + (number + 1) / edges_a_second
                    for cabinet in self._cabinets:
                        cabinet.tell({wire.pin: level}, at_s)
                for cabinet in self._cabinets:
                    cabinet.flush()
            told = due

    @contextmanager
    def _board_time(self) -> Iterator[float]:
        """The board's own time, with all that came before it done; tells at once what follows."""
        with self._lock:
            yield self._catch_up()
            self._catch_up()

    # The thread

    def _run(self, listener: socket.socket) -> None:
        next_tick_s = since_boot_s()
        while not self._stopping.is_set():
            wait_s = max(0.0, next_tick_s - since_boot_s())
            readable, _, _ = select.select(self._wires(listener), [], [], wait_s)
            with self._lock:
                if listener in readable:
                    self._greet(listener)
                self._catch_up()
            if since_boot_s() >= next_tick_s:
                next_tick_s = since_boot_s() + TICK_S

    def _wires(self, listener: socket.socket) -> list[socket.socket]:
        """What to wait on. Only the waiting thread closes a socket, and here it does not wait."""
        with self._lock:
            for cabinet in self._cabinets:
                if cabinet.hung_up:
                    cabinet.socket.close()
            self._cabinets = [cabinet for cabinet in self._cabinets if not cabinet.hung_up]
            return [listener, *(cabinet.socket for cabinet in self._cabinets)]

    def _catch_up(self) -> float:
        """Read every packet, run the board and tell its outputs; the board's time afterwards."""
        board_s = since_boot_s() - BEHIND_S  # read first: later edges must not be overtaken
        for cabinet in self._cabinets:
            for packet in cabinet.packets():
                self._take_packet(packet)
        self._board.run_until(board_s)
        for output in self._board.take_outputs():
            self._tell(output)
        for cabinet in self._cabinets:
            cabinet.flush()
        return board_s

    def _greet(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.setblocking(False)
        levels = {wire.pin: wire.level(self._board.is_active(line)) for line, wire in self._lines.items()}
        cabinet = _Cabinet(connection)
        cabinet.tell(levels, since_boot_s())
        self._cabinets.append(cabinet)

    def _take_packet(self, packet: bytes) -> None:
        try:
            edge = _edge(packet, since_boot_s())
        except (ValueError, RecursionError) as error:
            logger.warning("packet of a cabinet refused: %s", error)
        else:
            self._take_edge(edge)

    def _take_edge(self, edge: Edge) -> None:
        if edge.level == self._levels.get(edge.pin, 0):
            return  # a process that claims its pin at the level of the wire changes nothing
        self._note(edge)
        # One that rests reaches it all the same: a broken wire is an open switch.
        if edge.pin == self._coin_pin and not (self._coin_wire_broken and edge.level):
            self._reach_board(edge)

    def _reach_board(self, edge: Edge) -> None:
        if not self._reached or self._reached[-1].level != edge.level:
            self._reached.append(edge)
            self._board.edge(edge.level, edge.at_s)

    def _tell(self, output: Output) -> None:
        wire = self._lines.get(output.line)
        if wire is None:
            return
        level = wire.level(output.active)
        self._note(Edge(wire.pin, level, output.at_s))
        for cabinet in self._cabinets:
            # The cabinet lives in the present, and the board a little behind it.
            cabinet.tell({wire.pin: level}, output.at_s + BEHIND_S)

    def _note(self, edge: Edge) -> None:
        self._levels[edge.pin] = edge.level
        self._edges.append(edge)


def _edge(packet: bytes, now_s: float) -> Edge:
    match json.loads(packet):
        case {"pin": int(pin), "level": 0 | 1 as level, "at_s": float(at_s)} if 0 <= at_s <= now_s:
            return Edge(pin, level, at_s)
        case other:
            raise ValueError(f"expected pin, level 0 or 1, and at_s until now, not {other!r:.80}")


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
