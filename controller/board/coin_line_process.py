"""EDGE. The process that owns the coin pin and its timing, and does nothing else.

Its orders are lines: first its `Settings`, as JSON; then "fire PAYMENT NUMBER", each answered by
"fired PAYMENT NUMBER ROSE FELL IN_DOUBT": two times since boot, and how much of what lies between is in
doubt, all in seconds. Its own first word is "ready", and how it is scheduled.
Where it has a tally, each pulse is noted there before it rises and after its fall. When its parent dies the
pulse in flight is finished, what else was ordered is left, and the line rests.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

from gpiozero import Factory, OutputDevice

from controller.board.claim_note import ClaimNote, note_path
from controller.board.pins import open_pins
from controller.board.realtime import take_best_scheduling
from controller.board.tally import TallyKeeper
from controller.system.clock import since_boot_s
from controller.system.memory import give_back

# Sleep is only trusted until this long before a deadline; the rest is spent looking at the clock.
SPIN_S = 0.0005
# Switching a pin takes some hundredths of a millisecond. If it took longer, the process was held up in it.
HELD_UP_S = 0.001


class Edges(NamedTuple):
    """A pulse as seen from here: active at most from one to the other, at least `in_doubt_s` less."""

    rose_s: float
    fell_s: float
    in_doubt_s: float


class Settings(NamedTuple):
    """Its first line. The pin by its BCM number, a pulse and the gap behind it, and files by their paths.

    `tally` is a file in memory, for what becomes of each pulse; `mock_board` a demo's board in place of pins.
    """

    pin: int
    pulse_ms: int
    gap_ms: int
    tally: str | None = None
    mock_board: str | None = None


# Ctrl-C, Ctrl-\, a closed terminal, the service manager's stop, its watchdog: each reaches the whole group.
_MEANT_FOR_THE_PARENT = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM, signal.SIGABRT)


@dataclass
class PulseMaker:
    """Pulses on one output, `pulse_s` on and at least `gap_s` off.

    Deadlines are absolute, and each counts from the edge before it as it was: a late pulse is not shortened.
    The gap is kept before the first pulse too: a process before this one may have ended right after a pulse.
    """

    output: OutputDevice
    pulse_s: float
    gap_s: float
    rested_since_s: float

    def fire(self, begins: Callable[[], None]) -> Edges:
        """One pulse; returns when the line rose and when it was back at rest (seconds since boot).

        `begins` is called right before it rises; what it raises is raised, and then there is no pulse.
        """
        _wait_until(self.rested_since_s + self.gap_s)
        begins()
        try:
            set_s = since_boot_s()
            self.output.on()
            # Read after the edge, so that no pulse is shorter than the board needs.
            rose_s = since_boot_s()
            _wait_until(rose_s + self.pulse_s)
        finally:
            reset_s = since_boot_s()
            self.output.off()
            self.rested_since_s = since_boot_s()
        # Held up around an edge, it may have risen at once, or fallen long ago: the pulse is told as wide as
        # it may have been, for a board may have made more of it, and with how much of that is in doubt.
        began_s = set_s if rose_s - set_s > HELD_UP_S else rose_s
        return Edges(began_s, self.rested_since_s, (rose_s - began_s) + (self.rested_since_s - reset_s))

    def rehearse(self) -> None:
        """All that a pulse runs through, without an edge: the first one finds it in memory."""
        self.output.off()
        _wait_until(since_boot_s() + 2 * SPIN_S)


def serve(
    orders: TextIO, replies: TextIO, pulses: PulseMaker, tally: TallyKeeper | None, scheduling: str
) -> None:
    """Fire what is ordered, until the orders end, or whoever gave them has."""
    parent = os.getppid()
    _reply(replies, f"ready {scheduling}")
    # readline, not iteration: a text file's iterator reads ahead.
    while (order := orders.readline()) and os.getppid() == parent:
        match order.split():
            case ["fire", payment_id, number]:
                _fire(replies, pulses, tally, payment_id, int(number))
            case _:
                raise ValueError(f"unknown order {order!r}: expected fire PAYMENT NUMBER")


def _fire(
    replies: TextIO, pulses: PulseMaker, tally: TallyKeeper | None, payment_id: str, number: int
) -> None:
    rose_s, fell_s, in_doubt_s = pulses.fire(lambda: tally.begins(payment_id, number) if tally else None)
    if tally:
        tally.ended(payment_id, number, rose_s, fell_s)
    _reply(replies, f"fired {payment_id} {number} {rose_s:.6f} {fell_s:.6f} {in_doubt_s:.6f}")


def main(orders: TextIO, replies: TextIO) -> int:
    """Hold the pin until the orders end; 1 if that went wrong."""
    # The end of the orders is the only way to end: a signal meant for the parent must not cut a pulse.
    for number in _MEANT_FOR_THE_PARENT:
        signal.signal(number, signal.SIG_IGN)
    if not (first := orders.readline()):
        return 0  # the parent has ended before it needed a coin line
    settings = Settings(**json.loads(first))
    try:
        # Waits for a process before this one, which may have a pulse in hand.
        tally = TallyKeeper(Path(settings.tally)) if settings.tally else None
    except OSError as error:
        logging.error("coin line: %s: %s: no pulse may leave unnoted", settings.tally, error.strerror)
        return 1
    try:
        _hold_pin(settings, tally, orders, replies)
    except BrokenPipeError:
        return 1  # the parent is gone; its last pulse was finished, and the line is at rest
    except Exception:
        logging.exception("coin line: GPIO %d cannot be used", settings.pin)
        return 1
    return 0


def _hold_pin(settings: Settings, tally: TallyKeeper | None, orders: TextIO, replies: TextIO) -> None:
    mock_board = Path(settings.mock_board) if settings.mock_board else None
    with (
        open_pins(mock_board, listens=False) as factory,
        _noted(settings, factory),
        OutputDevice(settings.pin, initial_value=False, pin_factory=factory) as output,
    ):
        # A collection in the middle of a pulse would stretch it.
        gc.collect()
        gc.disable()
        give_back()
        gap_s = settings.gap_ms / 1000
        pulses = PulseMaker(output, settings.pulse_ms / 1000, gap_s, since_boot_s())
        scheduling = take_best_scheduling()
        pulses.rehearse()
        serve(orders, replies, pulses, tally, scheduling)


def _noted(settings: Settings, factory: Factory) -> AbstractContextManager[None]:
    """The note by which the line is put at rest, should this process be killed; a mock pin needs none."""
    path = note_path()
    if path is None or settings.mock_board:
        return nullcontext()
    return ClaimNote(path, f"/dev/gpiochip{factory.chip}", settings.pin)


def _wait_until(deadline_s: float) -> None:
    while (left_s := deadline_s - since_boot_s()) > 0:
        if left_s > SPIN_S:
            time.sleep(left_s - SPIN_S)


def _reply(replies: TextIO, text: str) -> None:
    replies.write(text + "\n")
    replies.flush()


if __name__ == "__main__":
    sys.exit(main(sys.stdin, sys.stdout))
