"""The composition root: one queue, the edges that fill it, and the loop that empties it."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from attract_screen.systemd_notify import more_time
from controller.board.coin_line_start import Process, start_anew
from controller.config.keys import Config
from controller.config.reload import ReloadRequested
from controller.edges import OneShot, open_edges
from controller.formats.control_lines import ToolRequest
from controller.loop import CARD_STALLS_S, Loop, QueueItem
from controller.model.events import StopRequested
from controller.system.clock import boot_id, since_boot_s


class App:
    """The daemon, or what does one thing in its place. It reads `config_file` again when told to."""

    def __init__(
        self,
        config: Config,
        one_shot: OneShot | None = None,
        *,
        config_file: Path | None = None,
        start_coin_line: Callable[[], Process] = start_anew,
    ) -> None:
        self._config = config
        self._config_file = config_file
        self._start_coin_line = start_coin_line
        self._one_shot = one_shot
        self._items: queue.SimpleQueue[QueueItem] = queue.SimpleQueue()
        self._stop_requested = threading.Event()

    def run(self) -> int:
        """Run until asked to stop (0), or until the coin line fails (1: the service manager begins anew)."""
        self._handle_signals()
        boot = self._config.demo_boot_id or boot_id()
        more_time(CARD_STALLS_S)  # for the ledger
        stop_requested = self._stop_requested.is_set
        with open_edges(
            self._config, boot, self._one_shot, self._items.put, stop_requested, self._start_coin_line
        ) as edges:
            if self._one_shot:  # after the levels of the inputs
                self._items.put(ToolRequest(0, self._one_shot.request, since_boot_s()))
            loop = Loop(self._config, self._config_file, boot, edges, self._items, self._stop_requested)
            return loop.run()

    def request_stop(self) -> None:
        """Have `run` end, once the pulse on the line has; may be called from any thread."""
        self._stop_requested.set()
        self._items.put(StopRequested())

    def _handle_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.request_stop())
        # At a terminal it says that the terminal was closed.
        if self._config_file is not None and not os.isatty(0):
            signal.signal(signal.SIGHUP, lambda *_: self._items.put(ReloadRequested()))
