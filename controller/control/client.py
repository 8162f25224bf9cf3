"""EDGE. A technician's tool at its end of the control socket."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from controller.formats.control_lines import Line, as_bytes
from controller.system.as_user import as_user

CONNECT_WITHIN_S = 10.0


class ControlClient:
    """A connection to the running controller."""

    def __init__(self, path: Path, connection: socket.socket) -> None:
        self._path = path
        self._socket = connection
        self._received = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    def request(self, request: Line) -> None:
        """Ask for something; the answer is one of the next lines."""
        try:
            self._socket.send(as_bytes(request))
        except (BrokenPipeError, ConnectionResetError):
            return  # why it hung up stands in its last line

    def next(self, within_s: float) -> Line | None:
        """The next line; None if none comes within that time.

        Raises:
            ConnectionError: the controller hung up.
        """
        deadline_s = time.monotonic() + within_s
        while b"\n" not in self._received:
            self._socket.settimeout(max(0.001, deadline_s - time.monotonic()))
            try:
                received = self._socket.recv(65536)
            except TimeoutError:
                return None
            except ConnectionResetError:
                received = b""
            if not received:
                raise ConnectionError(
                    f"{self._path}: the controller has hung up: it was stopped, or restarted"
                )
            self._received += received
        line, _, self._received = self._received.partition(b"\n")
        fields: Line = json.loads(line)
        return fields


def connect(path: Path) -> ControlClient | None:
    """A connection to the controller that listens at `path`; None if none does.

    Raises:
        PermissionError: this user may not; the message has the remedy.
        OSError: it does not answer.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(CONNECT_WITHIN_S)
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except PermissionError as error:
        connection.close()
        raise PermissionError(
            f"{path}: only root and the controller's user may: {as_user('root')}"
        ) from error
    except OSError as error:
        connection.close()
        raise OSError(f"{path}: the controller does not answer: {error}: restart it") from error
    return ControlClient(path, connection)
