"""EDGE. What the technician's page has to look up, by a thread of its own: a card may take its time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from controller.ledger.file import LedgerError
from controller.ledger.reader import read_latest
from controller.model.ledger_row import LedgerRow
from controller.pages.findings import Finding
from controller.pages.power import alarm_findings, power_findings
from controller.pages.technician_page import MachineFacts
from controller.system.addresses import addresses
from controller.system.clock import is_clock_set
from controller.system.kernel_files import celsius, throttled_bits, voltage_alarm

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
PAYMENTS = 10


class FactsReader:
    """Looks every two seconds while the facts are wanted; whoever wants them never waits.

    `latest` is None until the first look is done, and again once nobody wants them.
    """

    def __init__(self, look: Callable[[], MachineFacts]) -> None:
        self._look = look
        self._unwanted: threading.Event | None = None
        self.latest: MachineFacts | None = None

    def want(self, *, wanted: bool) -> None:
        """Begin to look, or end it; from one thread only."""
        if wanted and self._unwanted is None:
            self._unwanted = threading.Event()
            arguments = (self._unwanted,)
            threading.Thread(target=self._run, args=arguments, name="facts", daemon=True).start()
        elif not wanted and self._unwanted is not None:
            self._unwanted.set()
            self._unwanted, self.latest = None, None

    def _run(self, unwanted: threading.Event) -> None:
        try:
            while not unwanted.is_set():
                facts = self._look()
                if not unwanted.is_set():
                    self.latest = facts
                unwanted.wait(LOOK_EVERY_S)
        except Exception:
            log.exception("the technician's page goes without addresses, power and payments")


def look_up(ledger: Path, clock_ahead_s: float | None) -> MachineFacts:
    """All that has to be looked up, as it is now."""
    return MachineFacts(
        time=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        addresses=addresses(),
        celsius=celsius(),
        power=tuple(_power()),
        clock_set=is_clock_set(),
        clock_ahead_s=clock_ahead_s,
        payments=_payments(ledger),
    )


def _power() -> list[Finding]:
    """By the kernel alone: the service may not ask the firmware, and check does."""
    if (bits := throttled_bits()) is not None:
        return power_findings(bits)
    alarm = voltage_alarm()
    return [] if alarm is None else alarm_findings(alarm=alarm)


def _payments(ledger: Path) -> tuple[LedgerRow, ...] | None:
    try:
        return read_latest(ledger, PAYMENTS)
    except LedgerError:
        return None  # what is wrong with it is a fault of its own
