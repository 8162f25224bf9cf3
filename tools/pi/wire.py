"""EDGE. The header of QEMU's Raspberry Pi from outside, through the socket of its qtest."""

from __future__ import annotations

import select
import socket
import threading
import time
from pathlib import Path

COIN_PIN = 17
CHIP = "/machine/soc/peripherals/gpio"
# Registers of the BCM2837: functions of pins 10 to 19, levels, and what makes an input high or low.
FUNCTIONS, LEVELS, HIGH, LOW = 0x3F200004, 0x3F200034, 0x3F20001C, 0x3F200028
OUTPUT = 1
LOOK_EVERY_S = 0.02


class Wire:
    """The coin line as the board has it, and the board's own lines; watched from now on, until it is closed.

    A pull-down resistor belongs there: a pin that is an input is low. QEMU tells each change of an output,
    but not that a pin becomes an input, or an output that is high at once. So this also looks now and then,
    and may not see what lasts less than LOOK_EVERY_S of that.
    """

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._received = b""
        self._lock = threading.Lock()
        self._level, self._told = 0, 0
        self._edges: list[tuple[int, float]] = []
        self._closed = threading.Event()
        self._ask(f"irq_intercept_out {CHIP}")
        self._watching = threading.Thread(target=self._watch)
        self._watching.start()

    def close(self) -> None:
        """Watch no longer."""
        self._closed.set()
        self._watching.join()
        self._socket.close()

    def edges(self) -> list[tuple[int, float]]:
        """All changes of the coin line: the level, and when (seconds of this machine's clock)."""
        return list(self._edges)

    def coin_pin(self) -> tuple[str, int]:
        """What the pin is just now, and its level, whatever resistor there is."""
        with self._lock:
            level, function = self._read()
        return ("output" if function == OUTPUT else "input"), level

    def drive(self, pin: int, level: int) -> None:
        """What the board makes of one of the Pi's inputs."""
        with self._lock:
            self._ask(f"writel {HIGH if level else LOW} {1 << pin}")

    def _watch(self) -> None:
        while not self._closed.is_set():
            with self._lock:
                told = self._told
                level, function = self._read()
                if told == self._told:  # else it changed in between
                    self._see(level if function == OUTPUT else 0)
            if not self._received:  # else something was told meanwhile
                select.select([self._socket], [], [], LOOK_EVERY_S)

    def _read(self) -> tuple[int, int]:
        """Level and function of the coin pin."""
        level = self._register(LEVELS) >> COIN_PIN & 1
        return level, self._register(FUNCTIONS) >> 3 * (COIN_PIN % 10) & 7

    def _register(self, address: int) -> int:
        return int(self._ask(f"readl {address}"), 16)

    def _ask(self, order: str) -> str:
        """The answer to an order; what is told before it is taken in."""
        self._socket.sendall(f"{order}\n".encode())
        while (words := self._line().split())[:1] != ["OK"]:
            if words[:1] != ["IRQ"]:
                raise RuntimeError(f"QEMU answered {order} with {words}")
            if words[2] == str(COIN_PIN):
                self._told += 1
                self._see(int(words[1] == "raise"))
        return words[-1]

    def _line(self) -> str:
        while b"\n" not in self._received:
            if not (more := self._socket.recv(4096)):
                raise RuntimeError("QEMU is gone")
            self._received += more
        line, _, self._received = self._received.partition(b"\n")
        return line.decode()

    def _see(self, level: int) -> None:
        if level != self._level:
            self._level = level
            self._edges.append((level, time.monotonic()))


class Pulses:
    """The coin line from now on."""

    def __init__(self, wire: Wire) -> None:
        self._wire, self._before = wire, len(wire.edges())

    def levels(self) -> list[int]:
        """Its changes."""
        return [level for level, _ in self._changes()]

    def widths_ms(self) -> list[float]:
        """How long it was high each time, in milliseconds."""
        times = [at_s for _, at_s in self._changes()]
        return [round((fall - rise) * 1000, 1) for rise, fall in zip(times[::2], times[1::2], strict=False)]

    def _changes(self) -> list[tuple[int, float]]:
        return self._wire.edges()[self._before :]
