"""EDGE. The loop's handle on the coin line, whose pulses are fired by a process that does nothing else."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from attract_screen.systemd_notify import more_time
from controller.board.coin_line_start import Process, start_anew
from controller.board.tally import begin_tally, read_tally
from controller.config.keys import CoinLineConfig
from controller.model.events import CoinLineFailed, PulseFired, Tally
from controller.system.clock import since_boot_s

log = logging.getLogger(__name__)

# While its process gets ready this one looks round so often, and asks for so much more time for its start.
LOOK_EVERY_S, MORE_TIME_S = 1.0, 60.0
# So long it may take without a word.
READY_WITHIN_S = 10.0
# Beyond the gap and the pulse itself: a process that takes longer hangs.
ANSWER_WITHIN_S = 3.0
# A pulse that is further off than this is logged: boards differ in what they make of it.
TOLERANCE_MS = 5.0
# From one pulse to the next the daemon hears, commits and orders, and takes the interpreter some ten times.
# With Python's 5 ms for each, one busy thread made a gap of 150 ms half a second long.
SWITCH_INTERVAL_S = 0.0005
_WITHOUT_TALLY = "if this controller is killed, the pulses that it had ordered are not charged"


class CoinLine:
    """Starts the coin line's process, passes it orders, and tells of each pulse that left the pin.

    Everything that the process says becomes an event: `PulseFired`, or `CoinLineFailed` when it ends unasked.
    It notes its pulses in the file `tally`, in memory, as those of a `ledger`. Once it `holds_pin`, `tally`
    is what the process before it had noted there.
    """

    def __init__(
        self,
        config: CoinLineConfig,
        mock_board: Path | None,
        tally: Path,
        ledger: str,
        on_event: Callable[[PulseFired | CoinLineFailed], None],
        start_process: Callable[[], Process] = start_anew,
    ) -> None:
        self._period_s = (config.gap_ms + config.pulse_ms) / 1000
        self._ordered = self._answered = 0
        self._last_reply_s = 0.0
        self._overdue: int | None = None
        self._pulse_ms = config.pulse_ms
        self._tally_file = tally if _has_folder(tally) else None
        self._ledger = ledger
        self._settings = _settings(config, mock_board, self._tally_file)
        self._start_process = start_process
        self._on_event = on_event
        self._closing = False
        self._ready = threading.Event()
        self._begun = False
        self.holds_pin = False
        self.tally: Tally | None = None

    def start(self, stop_requested: Callable[[], bool] = lambda: False) -> None:
        """Start the process, and return once it holds the pin at rest, has ended, or a stop is asked for.

        How long that takes is the machine's matter: with a cold card, behind a power cut, it is minutes, and
        who gives up begins them anew. From then on all threads of this process hand the interpreter over
        faster than is Python's habit.
        """
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._process = self._start_process()
        self._say(self._settings)
        self._listener = threading.Thread(target=self._listen, name="coin line", daemon=True)
        self._listener.start()
        self._wait_until_ready(stop_requested)
        if self.holds_pin and self._tally_file:  # the process before it has ended, and notes no more
            self.tally = read_tally(self._tally_file, self._ledger)

    def _wait_until_ready(self, stop_requested: Callable[[], bool]) -> None:
        """As long as the process lives: its end is heard too."""
        began_s, warned = since_boot_s(), False
        while not self._ready.wait(LOOK_EVERY_S) and not stop_requested():
            more_time(MORE_TIME_S)
            if not warned and since_boot_s() >= began_s + READY_WITHIN_S:
                warned = True
                log.warning("coin line not ready after %g s: waiting while its process lives", READY_WITHIN_S)

    @property
    def alive(self) -> bool:
        """Whether the process runs and is listened to."""
        return self._process.poll() is None and self._listener.is_alive()

    def fail_if_overdue(self, now_s: float) -> None:
        """Tell `CoinLineFailed` if an order has not been answered in time; `now_s` in seconds since boot.

        Only the second look counts: where this process was stopped, the answers may be there and not read.
        """
        answered = self._answered
        if self._ordered == answered or now_s <= self._last_reply_s + self._period_s + ANSWER_WITHIN_S:
            self._overdue = None
        elif self._overdue != answered:
            self._overdue = answered
        else:
            self._last_reply_s = now_s
            self._on_event(CoinLineFailed("its process does not answer"))

    @property
    def pid(self) -> int:
        """The process that owns the pin."""
        return self._process.pid

    def begin_tally(self) -> None:
        """Begin the tally anew if none could be read; call it once what was read of it is on disk.

        From then on what is not noted there counts as never begun.
        """
        if self._tally_file and self.tally is None and not self._begun:
            self._begun = True
            try:
                begin_tally(self._tally_file, self._ledger)
            except OSError as error:
                self._on_event(CoinLineFailed(f"its tally cannot be begun: {error}"))

    def fire(self, payment_id: str, number: int) -> None:
        """Order one pulse behind those that were ordered before, without waiting for it."""
        self.begin_tally()
        if self._ordered == self._answered:
            self._last_reply_s = since_boot_s()
        self._ordered += 1
        self._say(f"fire {payment_id} {number}")

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            log.error("coin line took no order: its process has ended")

    def stop(self) -> None:
        """Let the pulses that were ordered end and be told, then the process; the line is at rest.

        A process that hangs is killed: the next one rests the line when it takes the pin.
        """
        self._closing = True
        assert self._process.stdin is not None  # noqa: S101
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            log.error("coin line had ended before it was stopped")
        try:
            # The pulse on the line, and what stands in line behind it.
            self._process.wait(2 * self._period_s + ANSWER_WITHIN_S)
        except subprocess.TimeoutExpired:
            log.error("coin line killed: its process does not end")
            self._process.kill()
            self._process.wait()
        self._listener.join()

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101
        for line in self._process.stdout:
            self._read_reply(line.split())
        status = self._process.wait()
        if not self._closing:
            self._on_event(CoinLineFailed(f"its process ended with status {status}"))
        self._ready.set()  # whoever waits for it finds the event there

    def _read_reply(self, words: list[str]) -> None:
        match words:
            case ["ready", *scheduling]:
                log.info("coin line ready: %s", " ".join(scheduling))
                self.holds_pin = True
                self._ready.set()
            case ["fired", payment_id, number, *times_s]:
                self._answered += 1
                self._last_reply_s = since_boot_s()
                self._pulse_fell(PulseFired(payment_id, int(number), *map(float, times_s)))
            case _:
                log.error("coin line said something unknown: %s", " ".join(words))

    def _pulse_fell(self, pulse: PulseFired) -> None:
        # Never too narrow: its end is waited for from the moment at which it is known to have risen.
        if pulse.at_least_ms > self._pulse_ms + TOLERANCE_MS:
            log.warning(
                "payment %s: pulse %d was %s, not %d ms: the board may not take it for a coin",
                pulse.payment_id,
                pulse.number,
                pulse.width_text,
                self._pulse_ms,
            )
        self._on_event(pulse)


def _has_folder(tally: Path) -> bool:
    """Whether there is a folder for it; only what runs in the daemon's place may lack it."""
    try:
        tally.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.warning("coin line has no tally: %s: %s", error, _WITHOUT_TALLY)
        return False
    return True


def _settings(config: CoinLineConfig, mock_board: Path | None, tally: Path | None) -> str:
    """The process's own Settings, in JSON."""
    files = {name: str(path) for name, path in (("tally", tally), ("mock_board", mock_board)) if path}
    return json.dumps({"pin": config.pin, "pulse_ms": config.pulse_ms, "gap_ms": config.gap_ms, **files})
