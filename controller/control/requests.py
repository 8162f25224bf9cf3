"""EDGE. What a technician asks is done in the loop, between two events; watchers are told what they see."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Protocol

from attract_screen.model.leaf_times import SHOWN_S
from controller import __version__
from controller.config.applied import input_lines
from controller.config.keys import Config
from controller.formats.control_lines import (
    TECHNICIAN,
    ClearRequest,
    Line,
    PulseRequest,
    ScreenRequest,
    ToolRequest,
    accepted,
    cleared,
    hello,
    refused,
    seen_in,
    shown,
    standing,
)
from controller.model.cabinet import Cabinet
from controller.model.events import CreditTestRequested, Event, FaultsCleared, TechnicianPageRequested
from controller.rules.decide import Decision
from controller.rules.technician import to_be_cleared, why_not
from controller.system.clock import since_boot_s

# Whoever waits longer has gone, and a credit that comes then would be a riddle.
SERVED_WITHIN_S = 5.0


class ToolChannel(Protocol):
    """Where lines go: to the tools at the control socket, or to a command that runs alone."""

    def answer(self, client: int, line: Line) -> None:
        """Tell one."""

    def show(self, line: Line) -> None:
        """Tell all that watch."""

    def refuse(self, trouble: str | None) -> None:
        """Refuse what is wanted from now on, with the reason, for the loop is held up; None ends that."""


class NoToolChannel:
    """Where no control socket can be had: the daemon sells all the same."""

    def answer(self, client: int, line: Line) -> None:
        """No tool is there."""

    def show(self, line: Line) -> None:
        """No tool watches."""

    def refuse(self, trouble: str | None) -> None:
        """No tool is there to be refused."""


class Control:
    """The loop's side. `attempt` lets an event happen, or says why that is not possible just now."""

    def __init__(self, config: Config, tools: ToolChannel, attempt: Callable[[Event], str | None]) -> None:
        self._config = config
        self._tools = tools
        self._attempt = attempt

    def serve(self, request: ToolRequest, cabinet: Cabinet) -> None:
        """Do what a tool wants, and answer it."""
        if since_boot_s() > request.at_s + SERVED_WITHIN_S:
            line = refused(f"the controller was held up for more than {SERVED_WITHIN_S:g} s: ask again")
        elif isinstance(request.wanted, PulseRequest):
            line = self._pulse(request.wanted.credits, cabinet)
        elif isinstance(request.wanted, ClearRequest):
            line = self._clear(cabinet)
        elif isinstance(request.wanted, ScreenRequest):
            line = self._screen(request.wanted.page)
        else:
            line = self._hello(cabinet)
        self._tools.answer(request.client, line)

    def saw(self, event: Event, decision: Decision) -> None:
        """Tell what there was to see."""
        for line in seen_in(event, decision.records):
            self._tools.show(line)

    def _pulse(self, credits: int, cabinet: Cabinet) -> Line:
        if reason := why_not(cabinet, credits, since_boot_s()):
            return refused(reason)
        trial = CreditTestRequested(f"test-{secrets.token_hex(6)}", credits)
        if trouble := self._attempt(trial):
            return refused(f"the ledger cannot be written: {trouble}")
        return accepted(trial.payment_id, credits * cabinet.rules.pulses_per_credit)

    def _clear(self, cabinet: Cabinet) -> Line:
        if trouble := self._attempt(FaultsCleared()):
            return refused(f"the ledger cannot be written: {trouble}")
        return cleared(to_be_cleared(cabinet))

    def _screen(self, page: str) -> Line:
        is_technicians = page == TECHNICIAN
        if trouble := self._attempt(TechnicianPageRequested(is_technicians)):
            return refused(f"the ledger cannot be written: {trouble}")
        return shown(page, SHOWN_S if is_technicians else None)

    def _hello(self, cabinet: Cabinet) -> Line:
        wired = [(name, wiring) for name, wiring in input_lines(self._config).items() if wiring]
        inputs = [standing(name, wiring.pin, active=getattr(cabinet, name).seen) for name, wiring in wired]
        return hello(__version__, self._config.coin_line.pin, inputs)
