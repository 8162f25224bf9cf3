"""EDGE. A virtual arcade board as people have it before them: its wires, what they see, and what they do."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from controller.system.clock import since_boot_s
from simulator.board.model.arcade_board import ArcadeBoard, BoardView, Line
from simulator.board.model.edge import Edge
from simulator.board.model.wires import OutputWire, Wires
from simulator.board.wire_server import WireServer


class BoardServer:
    """A board that the processes of a cabinet are wired to, until it is stopped.

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
        wiring: dict[Line, tuple[int | None, int]] = {
            "game_over": (game_over_pin, game_over_active_level),
            "ready": (ready_pin, ready_active_level),
            "coin_meter": (coin_meter_pin, coin_meter_active_level),
        }
        outputs = {line: OutputWire(pin, active) for line, (pin, active) in wiring.items() if pin is not None}
        self._board = board
        self._outputs = outputs
        self._wires = Wires(board, coin_pin, outputs)
        self._server = WireServer(socket_path, self._wires)

    def start(self) -> Self:
        """Listen on the socket and run the board; raises OSError if the socket is in use."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Hang up on every cabinet and remove the socket."""
        self._server.stop()

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
        with self._server.lock:
            return self._wires.edges[index:]

    def edges_of(self, pin: int) -> list[Edge]:
        """Every change of one wire so far."""
        return [edge for edge in self.edges if edge.pin == pin]

    def view(self) -> BoardView:
        """What can be seen of the board now."""
        with self._server.lock:
            return self._board.view()

    @property
    def coin_edges_at_board(self) -> list[Edge]:
        """Every change of the coin line that reached the board: all of them while its wire is whole."""
        with self._server.lock:
            return list(self._wires.reached_board)

    @property
    def coin_wire_is_broken(self) -> bool:
        """Whether the board gets no pulses just now, whatever the cabinet does."""
        with self._server.lock:
            return self._wires.coin_wire_is_broken

    # What people do

    def press_start(self) -> bool:
        """Start a game for a credit; False if there is none."""
        with self._server.board_time() as now_s:
            return self._board.press_start(now_s)

    def end_game(self) -> bool:
        """End the game; False if nobody played."""
        with self._server.board_time() as now_s:
            return self._board.end_game(now_s)

    def set_ready(self, ready: bool) -> None:
        """Have the board accept coins, or not."""
        with self._server.board_time() as now_s:
            self._board.set_ready(ready, now_s)

    def break_coin_wire(self, broken: bool) -> None:
        """Have the pulses of the cabinet reach the board no more, or again; the cabinet cannot tell."""
        with self._server.board_time():
            self._wires.coin_wire_is_broken = broken

    def insert_cash_coin(self) -> None:
        """Insert a coin of metal."""
        with self._server.board_time() as now_s:
            self._board.insert_cash_coin(now_s)

    def push_button(self, pin: int, *, down: bool) -> None:
        """Press, or let go of, a button to ground at a pin of the cabinet, which is no wire of the board."""
        self._server.drive({pin: int(not down)})

    def shake_button(self, pin: int, edges_a_second: int, seconds: float) -> None:
        """Let something hum on that button's wire; returns when it is over."""
        self._server.shake(OutputWire(pin, 0), edges_a_second, seconds, from_active=False)

    def power_cycle(self) -> None:
        """Switch the board off and on."""
        with self._server.board_time() as now_s:
            self._board.power_cycle(now_s)

    def lose_power(self) -> None:
        """Pull the plug of the whole cabinet: with the Pi dead the coin line rests, and the board forgets."""
        with self._server.board_time() as now_s:
            self._wires.rest_coin_line(since_boot_s())
            self._board.power_cycle(now_s)

    def shake(self, line: Line, edges_a_second: int, seconds: float) -> None:
        """Let something hum on a wire, as fast as that; returns when it is over."""
        with self._server.lock:
            active = self._board.is_active(line)
        self._server.shake(self._outputs[line], edges_a_second, seconds, from_active=active)
