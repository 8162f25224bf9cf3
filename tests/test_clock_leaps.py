"""The time of day decides nothing: it may leap by years while somebody pays."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from conftest import wait_until

from simulator.chain.chain import Chain, running_chain
from simulator.chain.part import Part

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
CLOCKS = "import time; print(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME), sep='\\n')"
# The library fails in every sleep until a monotonic time. The coin line's process keeps its widths by such
# sleeps, and looks at no time of day: it is left alone, in a Python of its own and not a fork of the daemon.
CONTROLLER = """
import logging, os, sys
from pathlib import Path
logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
del os.environ["LD_PRELOAD"]
from controller.app import App
from controller.config.keys import load_config
config_file = Path(sys.argv[-1])
sys.exit(App(load_config(config_file), config_file=config_file).run())
"""
YEAR_S = 365 * 24 * 3600

needs_faketime = pytest.mark.skipif(
    not LIBRARIES, reason="libfaketime is not installed: apt install libfaketime"
)


class TimeOfDay:
    """A clock in a file, which a process that was started with `environment` reads at each look."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "time-of-day"
        self.leap("+0")
        self.environment = {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def leap(self, by: str) -> None:
        """Be so far from the real time from now on: `+10y`."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{by}\n")
        new.replace(self._file)


@needs_faketime
def test_the_clock_that_decides_does_not_leap_with_the_time_of_day(tmp_path: Path) -> None:
    """Or the test below would prove nothing."""
    time_of_day = TimeOfDay(tmp_path)
    time_of_day.leap("+10y")
    real, faked = (
        [float(line) for line in subprocess.check_output([sys.executable, "-c", CLOCKS], env=env).split()]
        for env in (dict(os.environ), {**os.environ, **time_of_day.environment})
    )

    assert (faked[0] - real[0]) // YEAR_S == 10
    assert 0 <= faked[1] - real[1] < YEAR_S


@contextmanager
def with_leaping_controller(chain: Chain, time_of_day: TimeOfDay) -> Iterator[Part]:
    """The chain's controller, started again with a time of day that leaps."""
    chain.controller.stop()
    command = [sys.executable, "-c", CONTROLLER, "run", "--config", str(chain.config_file)]
    controller = Part("controller", command, chain.folder / "leaping.log", time_of_day.environment)
    controller.start()
    try:
        yield controller
    finally:
        controller.stop()


def buy(chain: Chain) -> str:
    """Press the button for three credits, and pay."""
    door = requests.get(chain.door, timeout=60).text
    button = re.search(r'value="(3-[^"]+)"', door)
    assert button is not None, door
    answer = requests.post(chain.door, {"offer": button[1]}, allow_redirects=False, timeout=60)
    return chain.stripe.pay(answer.headers["Location"])


@needs_faketime
def test_a_sale_completes_while_the_time_of_day_leaps_by_years(tmp_path: Path) -> None:
    """Ten years ahead as the payment is on its way, and back to the year 2001 between its pulses."""
    time_of_day = TimeOfDay(tmp_path)
    with (
        running_chain(tmp_path / "chain") as chain,
        with_leaping_controller(chain, time_of_day) as controller,
    ):
        controller.wait_for_line("broker connected")
        wait_until(lambda: "3 credits" in requests.get(chain.door, timeout=60).text, "the door to sell")
        time_of_day.leap("+10y")
        payment_id = buy(chain)
        controller.wait_for_line(f"{payment_id}: received")
        time_of_day.leap("-25y")
        controller.wait_for_line(f"{payment_id}: receipt answered: settled")

        wait_until(lambda: chain.board.view().coins == 3, "three coins")
        assert chain.stripe.money() == {"charged": 250, "refunded": 0, "released": 0, "reserved": 0}
