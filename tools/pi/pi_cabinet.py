"""EDGE. The cabinet in QEMU's Raspberry Pi, as a technician, a player and the board find it."""

from __future__ import annotations

import json
from pathlib import Path

import cloud
from checks import wait_for
from phone import Phone
from raspi import Raspi

UNIT = "arcade-controller"
SETTLES_WITHIN_S = 300.0
USB = "/sys/bus/platform/drivers/dwc2"
USB_ANEW = f"for verb in unbind bind; do echo 3f980000.usb >{USB}/$verb; sleep 2; done"


class PiCabinet:
    """The one in a running guest; the cloud runs here, and has its secrets in `clouds`."""

    def __init__(self, raspi: Raspi, clouds: Path) -> None:
        self.raspi, self.wire = raspi, raspi.wire
        self.phone = Phone(clouds)

    def connect(self) -> None:
        """Give it its network, and the ports of the cloud."""
        wait_for("the network card", self._has_card, SETTLES_WITHIN_S, 1)
        self.raspi.run("ip address add 10.0.2.15/24 dev usb0; ip link set usb0 up")
        for port in (cloud.BROKER_PORT, cloud.RELAY_PORT):
            self.raspi.run(f"systemctl start cloud@{port}.socket")

    def _has_card(self) -> bool:
        """QEMU's USB loses its device now and then where this machine is busy: then it is started anew."""
        status, _ = self.raspi.run(f"test -e /sys/class/net/usb0 || {{ {USB_ANEW}; false; }}")
        return status == 0

    def wait_until_it_sells(self, within_s: float = SETTLES_WITHIN_S) -> None:
        """Wait for the buttons at its door."""
        wait_for("the cabinet to sell", self.phone.sells, within_s, 0.5)

    def end_of(self, payment: str) -> tuple[list[str], str, int]:
        """The states of a payment's pulses in the ledger, and how Stripe has it once it is settled."""
        wait_for("it to be settled", lambda: not self.phone.is_open(payment), SETTLES_WITHIN_S, 0.5)
        return self._fates(payment), *self.phone.settled(payment)

    def shown(self) -> tuple[str, str | None]:
        """What the attract screen is told: the state, and the address of the QR."""
        feed = json.loads(self.raspi.run("cat /run/arcade-cabinet/screen.json")[1])
        return feed["state"], feed["qr"]

    def wait_until_shown(self, state: str, qr: str | None) -> None:
        """Wait until the attract screen is told so."""
        wait_for(f"the feed to say {state}", lambda: self.shown() == (state, qr), SETTLES_WITHIN_S, 1)

    def show(self, name: str) -> str:
        """A property of the controller's unit."""
        return self.raspi.run(f"systemctl show -P {name} {UNIT}")[1].strip()

    def processes(self) -> tuple[int, int]:
        """The controller and its coin line."""
        pid = int(self.show("MainPID"))
        return pid, int(self.raspi.run(f"cat /proc/{pid}/task/{pid}/children")[1])

    def _fates(self, payment: str) -> list[str]:
        sql = f"SELECT state FROM pulses WHERE payment_id = '{payment}' ORDER BY number"
        query = (
            "import sqlite3; "
            "db = sqlite3.connect('file:/var/lib/arcade-cabinet/ledger.sqlite?mode=ro', uri=True); "
            f'print(*[row[0] for row in db.execute(\\"{sql}\\")])'
        )
        return self.raspi.run(f'python3 -I -c "{query}"')[1].split()
