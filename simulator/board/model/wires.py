"""CORE. The wires between a cabinet and its board: their levels, every change of them, and a cut coin wire.

Wires have two levels and no memory of who drove them: when a process of the cabinet dies, they stay as
they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.board.model.arcade_board import ArcadeBoard, Line, Output
from simulator.board.model.edge import Edge


@dataclass(frozen=True)
class OutputWire:
    """The wire that one of the board's output lines drives, and the level that means active."""

    pin: int
    active_level: int

    def level(self, active: bool) -> int:
        """The level of the wire."""
        return self.active_level if active else 1 - self.active_level


class Wires:
    """The coin wire into a board, and its output lines that are wired."""

    def __init__(self, board: ArcadeBoard, coin_pin: int, outputs: Mapping[Line, OutputWire]) -> None:
        self.board = board
        self.edges: list[Edge] = []
        """Every change of a wire so far, the cabinet's and the board's, as they became known."""
        self.reached_board: list[Edge] = []
        """Every change of the coin line that reached the board: all of them while its wire is whole."""
        self.coin_wire_is_broken = False
        self._coin_pin = coin_pin
        self._outputs = outputs
        self._levels: dict[int, int] = {coin_pin: board.profile.idle_level}

    def take(self, edge: Edge) -> None:
        """A process of the cabinet drives a wire."""
        if edge.level == self._levels.get(edge.pin, 0):
            return  # a process that claims its pin at the level of the wire changes nothing
        self._note(edge)
        # One that rests reaches it all the same: a broken wire is an open switch.
        if edge.pin == self._coin_pin and not (self.coin_wire_is_broken and edge.level):
            self._reach_board(edge)

    def rest_coin_line(self, at_s: float) -> None:
        """Nobody drives the coin line any more: its resistor does."""
        self.take(Edge(self._coin_pin, self.board.profile.idle_level, at_s))

    def run_until(self, board_s: float) -> list[Edge]:
        """Run the board; gives what it did to its wires."""
        self.board.run_until(board_s)
        edges = [edge for output in self.board.take_outputs() if (edge := self._edge_of(output))]
        for edge in edges:
            self._note(edge)
        return edges

    def output_levels(self) -> dict[int, int]:
        """What the board drives each of its wires to, by pin."""
        return {wire.pin: wire.level(self.board.is_active(line)) for line, wire in self._outputs.items()}

    def _edge_of(self, output: Output) -> Edge | None:
        wire = self._outputs.get(output.line)
        return Edge(wire.pin, wire.level(output.active), output.at_s) if wire else None

    def _reach_board(self, edge: Edge) -> None:
        if not self.reached_board or self.reached_board[-1].level != edge.level:
            self.reached_board.append(edge)
            self.board.edge(edge.level, edge.at_s)

    def _note(self, edge: Edge) -> None:
        self._levels[edge.pin] = edge.level
        self.edges.append(edge)
