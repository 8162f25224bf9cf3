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
from phone import Phone
from raspi import ONLY_A_SHELL, Place, Raspi
from tally import END
from userland import PYTHON
from wire import Pulses

from simulator.chain.cabinet import GAME_OVER_PIN, READY_PIN
from simulator.chain.observer import Observer

UNIT_FILE = Path(__file__).parent.parent.parent / "systemd/arcade-controller.service"
UNIT = "arcade-controller"
PULSE_MS, SHORTER_MS, LONGER_MS = 100, 2, 40  # longer by what a busy machine takes to tell of it
# A process that dies with the coin switch closed.
DIES = (
    "import lgpio, os; c = lgpio.gpiochip_open(0); lgpio.gpio_claim_output(c, 17, 1); os.kill(os.getpid(), 9)"
)
SETTLES_WITHIN_S = 300.0


def run_stage(place: Place) -> None:
    """All of it."""
    clouds = place.results / "cloud"
    with cloud.running_cloud(clouds), Raspi(place, "sells", keeps_levels=True) as raspi:
        Cabinet(raspi, clouds).live()
    for keeps_levels, left in ((True, ("output", 1)), (False, ("input", 1))):
        with Raspi(place, f"dies-{keeps_levels}", keeps_levels=keeps_levels, words=ONLY_A_SHELL) as raspi:
            _die(raspi, left)


class Cabinet:
    """The one in the guest, with its player."""

    def __init__(self, raspi: Raspi, clouds: Path) -> None:
        self._raspi, self._wire, self._clouds = raspi, raspi.wire, clouds
        self._phone = Phone(clouds)

    def live(self) -> None:
        """From power-up on."""
        began_s = time.monotonic()
        self._wire.drive(GAME_OVER_PIN, 1)
        self._raspi.wait_until_up()
        print(f"      up after {time.monotonic() - began_s:.0f} s", flush=True)
        self._connect()
        self._sells(600)
        print(f"      sells after {time.monotonic() - began_s:.0f} s", flush=True)
        same("boot, start and connecting made no edge", [], self._wire.edges())
        same("the coin pin is an output at rest", ("output", 0), self._wire.coin_pin())
        with Observer(cloud.broker_in(self._clouds)) as observer:
            self._sale()
            self._board_lines(observer)
        self._killed("in mid-pulse", at=1, charged=166, fates=["ambiguous", "fired", "fired"])
        self._killed("between two pulses", at=2, charged=250, fates=["fired"] * 3)
        self._stopped()
        memory.tell(self._raspi, self._processes())

    # --- what is tried ---

    def _sale(self) -> None:
        line = Pulses(self._wire)
        payment = self._phone.pay(3)
        same("three credits are charged", ("succeeded", 250), self._settled(payment))
        same("they were three pulses, and no more", [1, 0] * 3, line.levels())
        _widths("each pulse has its width", line.widths_ms())
        same("the ledger has them", ["fired"] * 3, self._fates(payment))

    def _board_lines(self, observer: Observer) -> None:
        """The kernel's edges never come in QEMU: it is the look each second that finds a level."""
        self._wire.drive(GAME_OVER_PIN, 0)
        wait_for("game over to be published", lambda: observer.on("gameover"), SETTLES_WITHIN_S)
        same("a game over on the pin is published, once", 1, len(observer.on("gameover")))
        self._wire.drive(GAME_OVER_PIN, 1)
        self._wire.drive(READY_PIN, 1)
        wait_for("the screen's feed to say so", lambda: self._shows("not_ready"), SETTLES_WITHIN_S, 1)
        self._wire.drive(READY_PIN, 0)
        wait_for("the feed to be as before", lambda: not self._shows("not_ready"), SETTLES_WITHIN_S, 1)
        same("a ready line hides the sale while it is away", False, self._shows("not_ready"))

    def _killed(self, when: str, at: int, charged: int, fates: list[str]) -> None:
        """Controller and coin line, as soon as the wire has changed so often."""
        self._sells()
        line, restarts = Pulses(self._wire), int(self._show("NRestarts"))
        self._raspi.type(f"read -r _; kill -9 {' '.join(map(str, self._processes()))}")
        payment = self._phone.pay(3)
        wait_for("the moment", lambda: len(line.levels()) >= at, every_s=0.002)
        self._raspi.type("")
        self._raspi.answer()
        same(f"killed {when}: what is charged", ("succeeded", charged), self._settled(payment))
        same(f"killed {when}: the fate of its pulses", fates, self._fates(payment))
        same(f"killed {when}: three pulses, no further edge", [1, 0] * 3, line.levels())
        same(f"killed {when}: one restart", 1, int(self._show("NRestarts")) - restarts)
        print(f"      pulses in ms: {line.widths_ms()}", flush=True)

    def _stopped(self) -> None:
        self._sells()
        line = Pulses(self._wire)
        self._raspi.run(f"systemctl stop {UNIT}")
        same(
            "systemctl stop ends it well",
            ("inactive", "success"),
            (self._show("ActiveState"), self._show("Result")),
        )
        same("and leaves the pin low", 0, self._wire.coin_pin()[1])
        self._raspi.run(f"systemctl start {UNIT}; systemctl restart {UNIT}")
        self._raspi.run(f"cp -p {CONFIG} /root; echo 'nmae: x' >>{CONFIG}; systemctl restart {UNIT}")
        wait_for("it to fail", lambda: self._show("ActiveState") == "failed", SETTLES_WITHIN_S, 1)
        same("a mistake in config.yaml is status 78", "78", self._show("ExecMainStatus"))
        self._raspi.run(f"cp -p /root/config.yaml {CONFIG}; systemctl restart {UNIT}")
        self._sells()
        same("stop, start, restart and failure make no edge", [], line.levels())

    # --- what it says ---

    def _connect(self) -> None:
        self._raspi.run("ip address add 10.0.2.15/24 dev usb0; ip link set usb0 up")
        ports = (cloud.BROKER_PORT, cloud.RELAY_PORT)
        same(
            "it reaches the cloud",
            0,
            self._raspi.run("; ".join(f"systemctl start cloud@{p}.socket" for p in ports))[0],
        )

    def _sells(self, within_s: float = SETTLES_WITHIN_S) -> None:
        wait_for("the cabinet to sell", self._phone.sells, within_s, 0.5)

    def _settled(self, payment: str) -> tuple[str, int]:
        wait_for("the payment to be settled", lambda: not self._phone.is_open(payment), SETTLES_WITHIN_S, 0.5)
        return self._phone.settled(payment)

    def _shows(self, state: str) -> bool:
        return self._raspi.run(f"""grep -q '"state": *"{state}"' /run/arcade-cabinet/screen.json""")[0] == 0

    def _show(self, name: str) -> str:
        return self._raspi.run(f"systemctl show -P {name} {UNIT}")[1].strip()

    def _processes(self) -> tuple[int, int]:
        """The controller and its coin line."""
        pid = int(self._show("MainPID"))
        return pid, int(self._raspi.run(f"cat /proc/{pid}/task/{pid}/children")[1])

    def _fates(self, payment: str) -> list[str]:
        """The states of a payment's pulses, in order; there is no tool for it but Python."""
        sql = f"SELECT state FROM pulses WHERE payment_id = '{payment}' ORDER BY number"
        query = (
            "import sqlite3; "
            "db = sqlite3.connect('file:/var/lib/arcade-cabinet/ledger.sqlite?mode=ro', uri=True); "
            f'print(*[row[0] for row in db.execute(\\"{sql}\\")])'
        )
        return self._raspi.run(f'python3 -I -c "{query}"')[1].split()


def _die(raspi: Raspi, left: tuple[str, int]) -> None:
    """No service manager: a process dies with the switch closed, and `release-lines` is run behind it."""
    raspi.wait_until_up()
    raspi.run("mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs run /run")
    raspi.run("mkdir -p /run/arcade-cabinet/lgpio; cd /run/arcade-cabinet; export LG_WD=$PWD/lgpio")
    keeps = raspi.run("cat /sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs")[1].strip()
    line = Pulses(raspi.wire)
    raspi.run(f'{PYTHON} -I -c "{DIES}"')
    same(f"persist_gpio_outputs={keeps}: a killed process leaves the coin pin", left, raspi.wire.coin_pin())
    release = re.findall("^ExecStopPost=(.*)", UNIT_FILE.read_text(), re.MULTILINE)[0]
    began_s = time.monotonic()
    status, said = raspi.run(release)
    print(f"      release-lines took {time.monotonic() - began_s:.1f} s: {said.strip()}")
    same("release-lines ends well, and the pin is low", (0, 0), (status, raspi.wire.coin_pin()[1]))
    same("it was one pulse for the board", [1, 0], line.levels())
    status, said = raspi.run(release)
    same("on a line at rest it makes no edge", (0, [1, 0]), (status, line.levels()))


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
