"""EDGE. gpiozero's mock pins, wired by a socket to a virtual arcade board in another process.

Each packet of the socket (AF_UNIX, SOCK_SEQPACKET) is JSON. The cabinet tells each level of its
outputs, `{"pin": 17, "level": 1, "at_s": 5.25}`, with seconds since boot, which every process of
the machine counts alike. The board tells the levels of the cabinet's inputs,
`[{"pin": 27, "level": 0, "at_s": 5.3}]`: all of them as a greeting, and then each that changes.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin

from controller.system.clock import since_boot_s

GREETING_WITHIN_S = 5.0
PACKET_BYTES = 4096

logger = logging.getLogger(__name__)


class BoardUnreachableError(OSError):
    """The virtual arcade board cannot be reached over its socket."""


class BoardWiredPin(MockPin):  # type: ignore[misc]  # gpiozero ships no types
    """A mock pin at the end of a wire: as an output it drives the wire, as an input it follows.

    Like a pin of a real Pi it becomes an output at the level it had, and only then takes the one
    asked for: what shows as an edge here would be an edge in the cabinet.
    """

    def _set_function(self, value: str) -> None:
        super()._set_function(value)
        if value == "output":
            self._factory.report(self._number, int(self._state))
        else:
            self.follow_wire()

    def _change_state(self, value: bool) -> bool:
        with self._factory.wire_lock:
            if self._function == "input":  # a wire is stronger than a pull
                value = bool(self._factory.wire_levels.get(self._number, value))
            changed: bool = super()._change_state(value)
        del self.states[:-1]  # gpiozero keeps every state for its own tests: for a daemon, a leak
        if changed and self._function == "output":
            self._factory.report(self._number, int(value))
        return changed

    def follow_wire(self) -> None:
        """Take the level that the board gives this pin, if it is an input that the board drives."""
        level = self._factory.wire_levels.get(self._number)
        if self._function != "input" or level is None:
            return
        if level:
            self.drive_high()
        else:
            self.drive_low()

    def _call_when_changed(self) -> None:
        # As from a kernel, the time is that of the edge, however late this process hears of it.
        changed_s = self._factory.wire_times_s.get(self._number)
        if self._function == "input" and changed_s is not None:
            self._last_change = self._factory.ticks() - (since_boot_s() - changed_s)
        super()._call_when_changed()


class BoardWiredFactory(MockFactory):  # type: ignore[misc]  # gpiozero ships no types
    """A factory of mock pins that are wired to a virtual arcade board.

    With `listens` a thread drives the input pins as the board tells. Without, nothing is read and
    no thread is started. Should the board go away, outputs carry on and inputs keep their level.

    Raises BoardUnreachableError if no board answers at `board_socket`.
    """

    def __init__(self, board_socket: Path, *, listens: bool) -> None:
        super().__init__(pin_class=BoardWiredPin)
        self.wire_lock = threading.Lock()
        self.wire_levels: dict[int, int] = {}
        self.wire_times_s: dict[int, float] = {}
        self._board_gone = False
        self._listener: threading.Thread | None = None
        self._socket = _connected(board_socket)
        if listens:
            self._start_listening(board_socket)
        else:
            # The board then stops sending, and cannot fill a buffer that nobody reads.
            self._socket.shutdown(socket.SHUT_RD)

    def report(self, pin: int, level: int) -> None:
        """Tell the board the level of an output pin."""
        at_s = since_boot_s()
        if self._board_gone:
            return
        try:
            self._socket.send(json.dumps({"pin": pin, "level": level, "at_s": at_s}).encode())
        except OSError as error:
            self._lose_board(f"pin {pin} not sent: {error}")

    def close(self) -> None:
        """Put every pin back to an input and hang up; the wires keep their last level."""
        self._board_gone = True
        if self._listener is not None:
            self._hang_up()
            self._listener.join()
            self._listener = None
        super().close()
        self._socket.close()

    def _start_listening(self, board_socket: Path) -> None:
        """Know every input's level before the first pin is made: a real wire has it at once."""
        self._socket.settimeout(GREETING_WITHIN_S)
        try:
            self._take_levels(self._socket.recv(PACKET_BYTES))
        except (OSError, ValueError) as error:
            self._socket.close()
            raise BoardUnreachableError(
                f"the virtual board at {board_socket} gave no levels: {error}; restart the simulator"
            ) from error
        self._socket.settimeout(None)
        self._listener = threading.Thread(target=self._listen, name="board wires", daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        try:
            while packet := self._socket.recv(PACKET_BYTES):
                self._take_levels(packet)
            self._lose_board("it hung up")
        except OSError as error:
            self._lose_board(str(error))
        except Exception:
            logger.exception("board wires no longer heard")

    def _take_levels(self, packet: bytes) -> None:
        for wire in json.loads(packet):
            pin, level = wire["pin"], wire["level"]
            with self.wire_lock:
                self.wire_levels[pin], self.wire_times_s[pin] = level, wire["at_s"]
            if wired := self._pin_in_use(pin):
                wired.follow_wire()

    def _pin_in_use(self, number: int) -> Any:  # gpiozero ships no types
        for _header, info in self.board_info.find_pin(number):
            return self.pins.get(info)
        return None

    def _hang_up(self) -> None:
        with suppress(OSError):  # the board may have hung up first
            self._socket.shutdown(socket.SHUT_RDWR)

    def _lose_board(self, reason: str) -> None:
        if not self._board_gone:
            self._board_gone = True
            logger.warning("virtual board lost, its wires keep their levels: %s", reason)


def _connected(board_socket: Path) -> socket.socket:
    wire = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        wire.connect(str(board_socket))
    except OSError as error:
        wire.close()
        raise BoardUnreachableError(
            f"no virtual board at {board_socket}: {error}; start the simulator first, or name its socket"
        ) from error
    return wire
