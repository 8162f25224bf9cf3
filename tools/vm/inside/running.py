"""The second boot: the service that came up by itself sells, and is killed in every way."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from typing import Any

import cabinet
import cloud
import neighbour
import technician
from cabinet import Pulses, feed, order, processes, pulses_of, show
from checks import same, wait_for
from phone import DOOR, Phone

from simulator.chain.observer import Observer

END = ["poweroff", "--force"]
PULSE_MS, GAP_MS = 100, 150
# What a look every millisecond may be off, at both ends.
TOLERANCE_MS = 2.0
phone = Phone(cabinet.CLOUD)


def run_stage() -> None:
    """All of it."""
    wait_for("the controller to come up by itself", cabinet.is_up)
    same(
        "after the reboot the service runs by itself",
        ("active", "0"),
        (show("ActiveState"), show("NRestarts")),
    )
    wait_for("the attract screen's feed", lambda: feed().get("state") not in (None, "starting"))
    same("without broker and network the screen is told so, and shows no QR", ("offline", None), _shown())
    with cloud.running_cloud(cabinet.CLOUD):
        wait_for("the cabinet to sell", phone.sells, 120)
        same("when they come it sells", ("attract", DOOR), _shown())
        same("boot, start and connecting made no edge", [], cabinet.edges())
        with Observer(cloud.broker_in(cabinet.CLOUD)) as observer:
            _sale(observer)
            neighbour.reach()
            _game_over(observer)
            _kills()
            _watchdog()
            technician.work_on(phone)
            _stop()


def _shown() -> tuple[Any, Any]:
    return feed()["state"], feed()["qr"]


def _sale(observer: Observer) -> None:
    line, coins = Pulses(), cabinet.coins()
    payment = phone.pay(3)
    same("three credits are charged", ("succeeded", 250), phone.settled(payment))
    same("they were three pulses, and no more", [1, 0] * 3, line.levels())
    same("the board counted three coins", 3, cabinet.coins() - coins)
    _widths("each pulse has its width", PULSE_MS, line.widths_ms())
    gaps = line.gaps_ms()
    same(
        f"no gap is shorter than {GAP_MS} ms: {gaps}", True, all(gap >= GAP_MS - TOLERANCE_MS for gap in gaps)
    )
    same("the ledger has them", ["fired"] * 3, pulses_of(payment))
    same("one coin pulse message passed the broker", 1, len(observer.on("coinpulse")))


def _widths(sentence: str, expected_ms: float, widths_ms: list[float]) -> None:
    right = all(abs(width - expected_ms) <= TOLERANCE_MS for width in widths_ms)
    same(f"{sentence}, {expected_ms} ms within {TOLERANCE_MS:g}: {widths_ms}", True, right)


def _game_over(observer: Observer) -> None:
    order("press_start")
    order("end_game")
    wait_for("game over to be published", lambda: observer.on("gameover"))
    topics = [message.topic for message in observer.on("gameover")]
    same("a game over on the pin is published", [f"arcade/machine/{cabinet.MACHINE_ID}/gameover"], topics)
    order("not_ready")
    wait_for("the feed to say so", lambda: feed()["state"] == "not_ready")
    same("a board that is not ready hides the QR", ("not_ready", None), _shown())
    order("ready")
    wait_for("the cabinet to sell", phone.sells)


def _kills() -> None:
    """With no ready line pulses are ordered ahead; the coin line's tally tells which of them had begun."""
    cabinet.configure(ready={"pin": None})
    cabinet.restart()
    wait_for("the cabinet to sell", phone.sells)
    for name, victims, fate, charged in (
        ("controller", [0], "fired", 250),
        ("coin line", [1], "ambiguous", 166),
        ("both", [0, 1], "ambiguous", 166),
    ):
        before = int(show("NRestarts"))
        line, pids = Pulses(), processes()
        payment = _pay_and_strike(line, [pids[victim] for victim in victims], signal.SIGKILL)
        settled = phone.settled(payment)
        same(f"{name} killed in mid-pulse: what is charged", ("succeeded", charged), settled)
        same(f"{name}: the fate of its pulses", [fate, "fired", "fired"], pulses_of(payment))
        same(f"{name}: three pulses, no further edge", [1, 0] * 3, line.levels())
        same(f"{name}: one restart", 1, int(show("NRestarts")) - before)
        # Who kills the coin line leaves the switch closed, until the unit's ExecStopPost has run.
        print(f"      pulses in ms: {line.widths_ms()}")
        _widths(f"{name}: the pulses after it have their width", PULSE_MS, line.widths_ms()[1:])
        order("power_cycle")  # a switch that was closed for long is a coin error
        wait_for("the cabinet to sell", phone.sells)


def _pay_and_strike(line: Pulses, pids: list[int], number: int) -> str:
    """Pay for three credits, and send a signal in the middle of the first pulse."""
    paid: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=lambda: paid.put(phone.pay(3))).start()
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(30))  # a pulse is not long
    wait_for("the first pulse", line.levels, every_s=0.01)
    for pid in pids:
        os.kill(pid, number)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return paid.get()


def _watchdog() -> None:
    before = int(show("NRestarts"))
    line = Pulses()
    payment = _pay_and_strike(line, [processes()[0]], signal.SIGSTOP)
    wait_for("the end of what was ordered", lambda: time.monotonic() > line.edges()[-1][1] + 1)
    order("doze")
    wait_for("the watchdog", lambda: int(show("NRestarts")) == before + 1, 120, 0.5)
    order("watch")
    wait_for("the controller", cabinet.is_up)
    same(
        "a stopped controller is restarted by the watchdog, and its sale goes on",
        [1, 0] * 3,
        _after(payment, line),
    )
    _widths("the pulse in hand was finished on time", PULSE_MS, line.widths_ms())
    wait_for("the cabinet to sell", phone.sells)


def _after(payment: str, line: Pulses) -> list[int]:
    phone.settled(payment)
    return line.levels()


def _stop() -> None:
    line = Pulses()
    cabinet.run("systemctl", "stop", "arcade-controller")
    same("systemctl stop ends it well", ("inactive", "success"), (show("ActiveState"), show("Result")))
    cabinet.run("systemctl", "start", "arcade-controller")
    cabinet.restart()
    same("stop, start and restart make no edge", [], line.levels())
