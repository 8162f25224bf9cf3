"""EDGE. The process that owns the coin pin and its timing, and does nothing else.

It reads orders ("fire PAYMENT NUMBER") from its standard input and answers each on its standard output.
When its parent dies the input ends: the pulse in flight is finished, and the line rests.
"""

from __future__ import annotations

import argparse
import gc
import logging
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from gpiozero import OutputDevice

from controller.clock import since_boot_s
from controller.pins import open_pins

# Sleep is only trusted until this long before a deadline; the rest is spent looking at the clock.
SPIN_S = 0.0005


@dataclass
class PulseMaker:
    """Pulses on one output, `pulse_s` on and at least `gap_s` off.

    Deadlines are absolute. The gap is kept before the first pulse too: a process before this one may have
    ended right behind a pulse.
    """

    output: OutputDevice
    pulse_s: float
    gap_s: float
    rested_since_s: float

    def fire(self) -> tuple[float, float]:
        """One pulse; returns when the line rose and when it was back at rest (seconds since boot)."""
        _wait_until(self.rested_since_s + self.gap_s)
        try:
            self.output.on()
            # Read behind the edge, so that no pulse is shorter than the board needs.
            rose_s = since_boot_s()
            _wait_until(rose_s + self.pulse_s)
        finally:
            self.output.off()
            self.rested_since_s = since_boot_s()
        return rose_s, self.rested_since_s


def serve(orders: TextIO, replies: TextIO, pulses: PulseMaker) -> None:
    """Fire what is ordered, until the orders end or nobody listens any more."""
    _say(replies, "ready")
    # readline, not iteration: a text file's iterator reads ahead.
    while order := orders.readline():
        match order.split():
            case ["fire", payment_id, number]:
                rose_s, fell_s = pulses.fire()
                _say(replies, f"fired {payment_id} {number} {rose_s:.6f} {fell_s:.6f}")
            case _:
                raise ValueError(f"unknown order {order!r}: expected fire PAYMENT NUMBER")


def main() -> int:
    """Hold the pin until the parent goes; 1 if that went wrong."""
    options = _options()
    # The end of the orders is the only way to end: a signal meant for the parent must not cut a pulse.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        return _hold_pin(options)
    except BrokenPipeError:
        return 1  # the parent is gone; its last pulse was finished, and the line is at rest
    except Exception:
        logging.exception("coin line: GPIO %d cannot be used", options.pin)
        return 1


def _hold_pin(options: argparse.Namespace) -> int:
    with (
        open_pins(options.mock_board, listens=False) as factory,
        OutputDevice(options.pin, initial_value=False, pin_factory=factory) as output,
    ):
        # A collection in the middle of a pulse would stretch it.
        gc.collect()
        gc.disable()
        gap_s = options.gap_ms / 1000
        pulses = PulseMaker(output, options.pulse_ms / 1000, gap_s, since_boot_s())
        serve(sys.stdin, sys.stdout, pulses)
    return 0


def _wait_until(deadline_s: float) -> None:
    while (left_s := deadline_s - since_boot_s()) > 0:
        if left_s > SPIN_S:
            time.sleep(left_s - SPIN_S)


def _say(replies: TextIO, text: str) -> None:
    replies.write(text + "\n")
    replies.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="controller.coin_line_process", description=__doc__)
    parser.add_argument("--pin", type=int, required=True, help="BCM number of the coin pin")
    parser.add_argument("--pulse-ms", type=int, required=True)
    parser.add_argument("--gap-ms", type=int, required=True)
    parser.add_argument("--mock-board", type=Path, help="a demo's board, instead of real pins")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
