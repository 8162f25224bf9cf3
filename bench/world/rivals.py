"""How a coin line is usually made: by `time.sleep`, or by gpiozero's `blink`, in the controller itself.

Each is a process of its own: `python -m bench.world.rivals --help`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from gpiozero import LED

from bench.measure.load import be_a_busy_controller
from bench.world.orders import PIN
from controller.board.pins import open_pins


def main() -> None:
    """One train of pulses on the pin of a recorder."""
    parser = argparse.ArgumentParser(prog="python -m bench.world.rivals", description=__doc__)
    parser.add_argument("how", choices=("sleep", "blink"))
    parser.add_argument("--board", type=Path, required=True, help="the socket of a recorder")
    parser.add_argument("--pulse-ms", type=int, required=True)
    parser.add_argument("--gap-ms", type=int, required=True)
    parser.add_argument("--pulses", type=int, required=True)
    parser.add_argument(
        "--busy", action="store_true", help="with threads that spin, and messages that arrive"
    )
    options = parser.parse_args()
    if options.busy:
        be_a_busy_controller()
    on_s, off_s = options.pulse_ms / 1000, options.gap_ms / 1000
    with open_pins(options.board, listens=False) as factory, LED(PIN, pin_factory=factory) as output:
        if options.how == "blink":
            output.blink(on_s, off_s, n=options.pulses, background=False)
        else:
            _sleep(output, on_s, off_s, options.pulses)


def _sleep(output: LED, on_s: float, off_s: float, pulses: int) -> None:
    for _ in range(pulses):
        output.on()
        time.sleep(on_s)
        output.off()
        time.sleep(off_s)


if __name__ == "__main__":
    main()
