"""EDGE. Test credits where no controller runs: the daemon in small, without a network, for this one thing."""

from __future__ import annotations

import logging
import queue
import threading

from gpiozero import GPIOZeroError

from controller.app import App
from controller.commands.pulse_followed import follow
from controller.config.keys import Config
from controller.edges import OneShot
from controller.formats.control_lines import Line, PulseRequest, error
from controller.ledger.file import LEDGER_NAME, LedgerError
from controller.ledger.owner import check_owner
from controller.pages.pulse_report import PulseReport


class _OneShotChannel:
    """Hears what the rules say, in this very process."""

    def __init__(self) -> None:
        self.lines: queue.SimpleQueue[Line] = queue.SimpleQueue()

    def answer(self, _client: int, line: Line) -> None:
        self.lines.put(line)

    def show(self, line: Line) -> None:
        self.lines.put(line)

    def refuse(self, trouble: str | None) -> None:
        if trouble is not None:
            self.lines.put(error(trouble))

    def next(self, within_s: float) -> Line | None:
        try:
            return self.lines.get(timeout=within_s)
        except queue.Empty:
            return None


def pulse_in_place(config: Config, credits: int) -> int:
    """Do it by the daemon's own loop and rules, with the ledger, the coin line and the inputs; its status.

    Raises:
        LedgerError: the ledger is somebody else's.
    """
    check_owner(config.state_dir / LEDGER_NAME)
    print(f"{config.control_socket}: no controller answers: this is done in its place", flush=True)
    logging.getLogger().setLevel(logging.WARNING)
    tools = _OneShotChannel()
    app = App(config, OneShot(PulseRequest(credits), tools))
    statuses = [1]

    def listen() -> None:
        try:
            statuses.append(follow(tools.next, PulseReport(credits)))
        finally:
            app.request_stop()

    listener = threading.Thread(target=listen, name="report")
    listener.start()
    ended = "stopped; what is left of it follows when the controller starts"
    try:
        app.run()
    except (LedgerError, OSError, GPIOZeroError) as failure:
        ended = str(failure)
    finally:
        tools.lines.put(error(ended))  # heard only if it ended before its time
        listener.join()
    return statuses[-1]
