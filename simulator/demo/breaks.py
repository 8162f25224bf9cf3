"""EDGE. The ways to break the running demo by hand, and to mend it again."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from controller.ledger.file import LedgerError
from controller.ledger.reader import read_ledger
from simulator.board.technician import faults_cleared
from simulator.chain.cabinet import reboot
from simulator.chain.chain import Chain
from simulator.chain.part import Part
from simulator.chain.supervisor import Supervisor
from simulator.demo.formats.words import About, Moment, moment, what_you_see
from simulator.demo.wifi import Wifi

POWER_OFF_S = 4.0
BROKER_DOWN_S = 2.0

log = logging.getLogger(__name__)


class Breaks:
    """Breaks and mends, one at a time; `report` gets a line for each. Any thread may call any method.

    What comes back by itself comes back in `look`, as do the parts that the supervisor looks after.
    """

    def __init__(
        self, chain: Chain, wifi: Wifi, screen: Part, picture: Path, report: Callable[[str], None]
    ) -> None:
        self._chain = chain
        self._wifi = wifi
        self._screen = screen
        self._picture = picture
        self._report = report
        self._supervisor = Supervisor([chain.relay, chain.controller, screen], report)
        self._lock = threading.Lock()
        self._power_back_s: float | None = None
        self._broker_back_s: float | None = None
        self._faults_seen_to = False
        self.seen: str | None = None
        """What there is to see of the last break."""
        self._ways: dict[str, Callable[[], bool]] = {
            "plug": self._pull_the_plug,
            "wifi": self._cut_the_wifi,
            "wifi mended": self._mend_the_wifi,
            "broker": self._restart_the_broker,
            "board": lambda: self._make_board_ready(False),
            "board mended": lambda: self._make_board_ready(True),
            "coin_wire": self._cut_the_coin_wire,
            "coin_wire mended": self._mend_the_coin_wire,
            "controller": self._kill_the_controller,
        }

    @property
    def ways(self) -> frozenset[str]:
        """What `do` takes."""
        return frozenset(self._ways)

    def do(self, what: str) -> bool:
        """Break or mend something; False where that is done already, or where there is nothing to break."""
        with self._lock:
            credits_on_board = self._chain.board.view().credits
            done = self._ways[what]()
            if done:
                self.seen = what_you_see(what, self._moment(credits_on_board))
                self._report(self.seen)
            return done

    def look(self, now_s: float) -> None:
        """Bring back what has been away long enough; `now_s` is on the monotonic clock."""
        with self._lock:
            if self._power_back_s is not None and now_s >= self._power_back_s:
                self._power_back_s = None
            if self._broker_back_s is not None and now_s >= self._broker_back_s:
                self._chain.broker.start()
                self._broker_back_s = None
                self._report("broker is back")
            self._supervisor.look(now_s)
            if self._faults_seen_to and faults_cleared(self._chain.control_socket):
                self._faults_seen_to = False

    def whole(self) -> dict[str, bool]:
        """What of all that can be broken is whole just now."""
        return {
            "power": self._power_back_s is None,
            "controller": self._chain.controller.exit_status is None,
            "wifi": self._wifi.is_up,
            "broker": self._broker_back_s is None,
            "board": self._chain.board.view().ready,
            "coin_wire": not self._chain.board.coin_wire_is_broken,
        }

    def _pull_the_plug(self) -> bool:
        """The cabinet loses its power: Pi, coin line and screen at once, and the board with them."""
        if self._power_back_s is not None:
            return False
        back_s = time.monotonic() + POWER_OFF_S
        if self._chain.controller.exit_status is None:
            # With its coin line, which is in its process group.
            os.killpg(self._chain.controller.pid, signal.SIGKILL)
        for part in (self._chain.controller, self._screen):
            self._supervisor.keep_off(part, back_s)
        self._chain.board.lose_power()
        # These are in memory on a Pi.
        for lost in (self._chain.feed_file, self._picture):
            lost.unlink(missing_ok=True)
        reboot(self._chain.config_file)
        self._power_back_s = back_s
        return True

    def _kill_the_controller(self) -> bool:
        """As a crash would: the coin line ends by itself, and the supervisor starts it again."""
        if self._chain.controller.exit_status is not None:
            return False
        self._chain.controller.kill()
        return True

    def _cut_the_wifi(self) -> bool:
        if not self._wifi.is_up:
            return False
        self._wifi.cut()
        return True

    def _mend_the_wifi(self) -> bool:
        if self._wifi.is_up:
            return False
        self._wifi.mend()
        return True

    def _restart_the_broker(self) -> bool:
        if self._broker_back_s is not None:
            return False
        self._chain.broker.stop()
        self._broker_back_s = time.monotonic() + BROKER_DOWN_S
        return True

    def _make_board_ready(self, ready: bool) -> bool:
        if self._chain.board.view().ready == ready:
            return False
        self._chain.board.set_ready(ready)
        return True

    def _cut_the_coin_wire(self) -> bool:
        if self._chain.board.coin_wire_is_broken:
            return False
        self._chain.board.break_coin_wire(True)
        self._faults_seen_to = False
        return True

    def _mend_the_coin_wire(self) -> bool:
        """Whoever mends it clears the fault too, as soon as a controller runs that can be reached."""
        if not self._chain.board.coin_wire_is_broken:
            return False
        self._chain.board.break_coin_wire(False)
        self._faults_seen_to = True
        return True

    def _moment(self, credits_on_board: int) -> Moment:
        ledger = self._chain.folder / "state" / "ledger.sqlite"
        try:
            return moment(read_ledger(ledger).rows, credits_on_board)
        except LedgerError as error:
            log.warning("what was under way is not known: %s", error)
            return Moment(About.NOTHING)
