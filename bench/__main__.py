"""`python -m bench`: measures, and prints each figure beside its target; a missed one is no failure."""

from __future__ import annotations

import argparse
import signal
import sys
from io import TextIOWrapper
from types import ModuleType

from bench import (
    candidates,
    catch_up,
    coin_line,
    commands,
    first_edge,
    fleet,
    fleet_scale,
    idle,
    noise,
    relay,
    screen,
    siege,
)

BENCHMARKS: dict[str, ModuleType] = {
    "coin_line": coin_line,
    "commands": commands,
    "first_edge": first_edge,
    "idle": idle,
    "noise": noise,
    "screen": screen,
    "relay": relay,
    "catch_up": catch_up,
    "fleet_scale": fleet_scale,
    "fleet": fleet,
}
# What a decision rests on, or takes long, and need not be measured again each time.
ON_REQUEST: dict[str, ModuleType] = {"candidates": candidates, "siege": siege}


def main() -> None:
    """Run the benchmark that the command line names, or all that have a target."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=[*BENCHMARKS, *ON_REQUEST], help="one of them")
    parser.add_argument("--quick", action="store_true", help="fewer samples, no picture")
    options = parser.parse_args()
    # A kill ends what was started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # each line as it is measured, in a pipe too
    chosen = BENCHMARKS if options.only is None else {options.only: (BENCHMARKS | ON_REQUEST)[options.only]}
    for benchmark in chosen.values():
        print(f"\n{benchmark.TITLE}\n{'=' * len(benchmark.TITLE)}")
        benchmark.run(quick=options.quick)


if __name__ == "__main__":
    main()
