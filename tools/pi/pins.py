"""A Raspberry Pi 3 sells, and is stopped and killed, on its real pins: `pins.py MADE FOLDER PAYLOAD`.

The cloud runs on this machine, and so do the player and the board; the guest has only what a cabinet has.
"""

from __future__ import annotations

import re
import shutil
import sys
import time
import traceback
from pathlib import Path

import cloud
import memory
from card import CONFIG, make_card
from checks import same, wait_for
from phone import DOOR
from pi_cabinet import SETTLES_WITHIN_S, UNIT, PiCabinet
from raspi import ONLY_A_SHELL, Place, Raspi
from tally import END
from userland import PYTHON
from wire import Pulses

from simulator.chain.cabinet import GAME_OVER_PIN, READY_PIN
from simulator.chain.observer import Observer

PROJECT = Path(__file__).parent.parent.parent
UNIT_FILE = PROJECT / "systemd/arcade-controller.service"
PULSE_MS, SHORTER_MS, LONGER_MS = 100, 2, 40  # longer by what a busy machine takes to tell of it
# A process that dies with the coin switch closed; not before the wire was looked at.
DIES = (
    "import lgpio, os, time; lgpio.gpio_claim_output(lgpio.gpiochip_open(0), 17, 1); "
    "time.sleep(0.5); os.kill(os.getpid(), 9)"
)
# What the coin line's process notes of its pin, and where.
NOTE, RUNTIME = "held /dev/gpiochip0 17", "/run/arcade-cabinet"
BOOTS_WITHIN_S = 600.0
KILLS = 5
# What becomes of three pulses, whichever of them, and of their money.
End = tuple[list[str], str, int]
KNOWN: End = (["fired", "fired", "fired"], "succeeded", 250)
IN_DOUBT: End = (["ambiguous", "fired", "fired"], "succeeded", 166)


def run_stage(place: Place) -> None:
    """All of it."""
    clouds = place.results / "cloud"
    with cloud.running_cloud(clouds), Raspi(place, "sells", keeps_levels=True) as raspi:
        cabinet = PiCabinet(raspi, clouds)
        _start(cabinet)
        with Observer(cloud.broker_in(clouds)) as observer:
            _sale(cabinet)
            _board_lines(cabinet, observer)
        _kill_in_mid_pulse(cabinet)
        _kill(cabinet, "between two pulses", 2)
        _stop(cabinet)
        memory.tell(raspi, cabinet.processes())
    for keeps_levels, left in ((True, ("output", 1)), (False, ("input", 1))):
        with Raspi(place, f"dies-{keeps_levels}", keeps_levels=keeps_levels, words=ONLY_A_SHELL) as raspi:
            _die(raspi, left)


def _start(cabinet: PiCabinet) -> None:
    began_s = time.monotonic()
    cabinet.wire.drive(GAME_OVER_PIN, 1)
    cabinet.raspi.wait_until_up()
    print(f"      up after {time.monotonic() - began_s:.0f} s", flush=True)
    cabinet.connect()
    cabinet.wait_until_it_sells(BOOTS_WITHIN_S)
    print(f"      sells after {time.monotonic() - began_s:.0f} s", flush=True)
    same("boot, start and connecting made no edge", [], cabinet.wire.edges())
    same("the coin pin is an output at rest", ("output", 0), cabinet.wire.coin_pin())


def _sale(cabinet: PiCabinet) -> None:
    line = Pulses(cabinet.wire)
    payment = cabinet.phone.pay(3)
    same("three credits are fired, and charged", KNOWN, cabinet.end_of(payment))
    same("they were three pulses, and no more", [1, 0] * 3, line.levels())
    _widths("each pulse has its width", line.widths_ms())


def _board_lines(cabinet: PiCabinet, observer: Observer) -> None:
    """The kernel's edges never come in QEMU: it is the look each second that finds a level."""
    cabinet.wire.drive(GAME_OVER_PIN, 0)
    wait_for("game over to be published", lambda: observer.on("gameover"), SETTLES_WITHIN_S)
    same("a game over on the pin is published, once", 1, len(observer.on("gameover")))
    cabinet.wire.drive(GAME_OVER_PIN, 1)
    for level, expected in ((1, ("not_ready", None)), (0, ("attract", DOOR))):
        cabinet.wire.drive(READY_PIN, level)
        cabinet.wait_until_shown(*expected)
        same(f"with the ready line at {level} the screen shows", expected, cabinet.shown())


def _kill_in_mid_pulse(cabinet: PiCabinet) -> None:
    """Once more, where this machine was so busy that the kill came behind the pulse."""
    for _ in range(KILLS):
        if (end := _kill(cabinet, "in mid-pulse", 1)) == IN_DOUBT:
            break
    same("a kill has met a pulse", IN_DOUBT, end)


def _kill(cabinet: PiCabinet, when: str, changes: int) -> End:
    """Controller and coin line, once the wire has changed so often; it may take effect a pulse later."""
    cabinet.wait_until_it_sells()
    line, restarts = Pulses(cabinet.wire), int(cabinet.show("NRestarts"))
    cabinet.raspi.type(f"read -r _; kill -9 {' '.join(map(str, cabinet.processes()))}")
    payment = cabinet.phone.pay(3)
    wait_for("the moment", lambda: len(line.levels()) >= changes, every_s=0.002)
    cabinet.raspi.type("")
    cabinet.raspi.answer()
    states, status, charged = cabinet.end_of(payment)
    end = sorted(states), status, charged
    same(f"killed {when}: no pulse in doubt is charged, {end}", True, end in (KNOWN, IN_DOUBT))
    same(f"killed {when}: three pulses, no further edge", [1, 0] * 3, line.levels())
    same(f"killed {when}: one restart", 1, int(cabinet.show("NRestarts")) - restarts)
    print(f"      pulses in ms: {line.widths_ms()}", flush=True)
    return end


def _stop(cabinet: PiCabinet) -> None:
    cabinet.wait_until_it_sells()
    line, run = Pulses(cabinet.wire), cabinet.raspi.run
    run(f"systemctl stop {UNIT}")
    ended = (cabinet.show("ActiveState"), cabinet.show("Result"))
    same("systemctl stop ends it well", ("inactive", "success"), ended)
    same("and leaves the pin low", 0, cabinet.wire.coin_pin()[1])
    run(f"systemctl start {UNIT}")
    run(f"cp -p {CONFIG} /root; echo 'nmae: x' >>{CONFIG}; systemctl restart {UNIT}")
    wait_for("it to fail", lambda: cabinet.show("ActiveState") == "failed", SETTLES_WITHIN_S, 1)
    same("a mistake in config.yaml is status 78", "78", cabinet.show("ExecMainStatus"))
    run(f"cp -p /root/config.yaml {CONFIG}; systemctl restart {UNIT}")
    cabinet.wait_until_it_sells()
    same("stop, start, restart and failure make no edge", [], line.levels())


def _die(raspi: Raspi, left: tuple[str, int]) -> None:
    """No service manager: a process dies with the switch closed, and what the unit has for that is run."""
    raspi.wait_until_up()
    raspi.run("mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs run /run")
    raspi.run(f"mkdir -p -m 700 {RUNTIME}/lgpio; cd {RUNTIME}")
    raspi.run("export LG_WD=$PWD/lgpio RUNTIME_DIRECTORY=$PWD")
    keeps = raspi.run("cat /sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs")[1].strip()
    for note in (NOTE, ""):
        raspi.run(f"echo '{note}' >coin-line")
        _release(raspi, left, f"persist_gpio_outputs={keeps}, {'noted' if note else 'not noted'}")


def _release(raspi: Raspi, left: tuple[str, int], when: str) -> None:
    line = Pulses(raspi.wire)
    raspi.run(f'{PYTHON} -I -c "{DIES}"')
    same(f"{when}: a killed process leaves the coin pin", left, raspi.wire.coin_pin())
    release = re.findall("^ExecStopPost=(.*)", UNIT_FILE.read_text(), re.MULTILINE)[0]
    began_s = time.monotonic()
    status, said = raspi.run(release)
    print(f"      the release took {time.monotonic() - began_s:.1f} s: {said.strip()}")
    same(f"{when}: it ends well, and the pin is low", (0, 0), (status, raspi.wire.coin_pin()[1]))
    same(f"{when}: it was one pulse for the board", [1, 0], line.levels())
    status, _ = raspi.run(release)
    same(f"{when}: on a line at rest it makes no edge", (0, [1, 0]), (status, line.levels()))


def _widths(sentence: str, widths_ms: list[float]) -> None:
    right = all(PULSE_MS - SHORTER_MS <= width <= PULSE_MS + LONGER_MS for width in widths_ms)
    same(f"{sentence}, {PULSE_MS} ms, {SHORTER_MS} less to {LONGER_MS} more: {widths_ms}", True, right)


def main(made: str, folder: str, payload: str) -> None:
    """Run it, and say so at the end."""
    results = Path(folder) / "pins"
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    try:
        card = make_card(Path(made), Path(folder), Path(payload), results / "cloud")
        run_stage(Place(Path(made) / "board", card, results))
    except Exception:
        print(f"FAIL  the pins went to their end\n{traceback.format_exc()}", flush=True)
    print(END, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
