"""EDGE. A cabinet with a config.yaml of `new-machine`, on a virtual board, and a player before it."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
import yaml

from controller.system.clock import since_boot_s
from simulator.board.board_server import BoardServer
from simulator.board.model.arcade_board import ArcadeBoard
from simulator.board.model.board_profiles import JAMMA
from simulator.chain.cabinet import COIN_PIN
from simulator.chain.part import Part
from simulator.stripe.server import StandInStripe

SELLS_WITHIN_S = 60.0


@dataclass(frozen=True)
class NewCabinet:
    """Its controller and its board."""

    controller: Part
    board: BoardServer

    def sell(self, door: str, stripe: StandInStripe, credits: int) -> str:
        """What a player does, until the cabinet's receipt is answered; gives the payment's id.

        Raises:
            PartFailedError: the door does not sell, or no receipt was answered.
        """
        button = _button(door, credits)
        if button is None:
            raise self.controller.failure(f"the door has no button for {credits} credits: {door}")
        sold = requests.post(door, {"offer": button}, allow_redirects=False, timeout=10)
        sold.raise_for_status()
        payment = stripe.pay(sold.headers["Location"])
        self.controller.wait_for_line(f"{payment}: receipt answered")
        return payment


@contextmanager
def new_cabinet(
    written: Path, ca_file: Path, folder: Path, relay_ca_file: Path | None = None
) -> Iterator[NewCabinet]:
    """Have it run with what `new-machine` wrote, wired in `folder`; the broker's authority is `ca_file`.

    Where the relay's authority is no public one, it is `relay_ca_file`.
    """
    config = yaml.safe_load(written.read_text())
    config["broker"]["ca_file"] = str(ca_file)
    if relay_ca_file:
        config["relay"]["ca_file"] = str(relay_ca_file)
    config |= {
        "board_boot_s": 0,
        "state_dir": str(folder / "state"),
        "screen_feed": str(folder / "screen.json"),
        "mock_pins_for_demo_only": str(folder / "board"),
    }
    config_file = folder / "cabinet.yaml"
    config_file.touch(mode=0o600)
    config_file.write_text(yaml.safe_dump(config, sort_keys=False))
    board = ArcadeBoard(JAMMA, powered_at_s=since_boot_s())
    command = [sys.executable, "-m", "controller", "run", "--config", str(config_file)]
    controller = Part("controller", command, folder / "controller.log")
    with BoardServer(folder / "board", board, coin_pin=COIN_PIN) as server:
        controller.start()
        try:
            yield NewCabinet(controller, server)
        finally:
            controller.stop()


def _button(door: str, credits: int) -> str | None:
    """The value of the door's button for so many credits, once there is one; None if there is none."""
    deadline_s = time.monotonic() + SELLS_WITHIN_S
    while time.monotonic() < deadline_s:
        button = re.search(rf'value="({credits}-[^"]+)"', requests.get(door, timeout=10).text)
        if button is not None:
            return button[1]
        time.sleep(0.2)
    return None
