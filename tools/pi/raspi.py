"""EDGE. One boot of QEMU's Raspberry Pi 3: its header, and a shell in it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from checks import wait_for
from wire import Wire

BOOTS_WITHIN_S, ANSWERS_WITHIN_S = 600.0, 400.0
WORDS = (
    "console=ttyAMA0,115200 quiet maxcpus=2 mitigations=off net.ifnames=0 "
    "systemd.mask=arcade-attract-screen.service"
)
# What starts in systemd's place, where there is nothing to be waited for.
ONLY_A_SHELL = "start=/usr/local/sbin/agent"


@dataclass(frozen=True)
class Place:
    """Where everything is: what board.sh made, the card, and what comes out."""

    board: Path
    card: Path
    results: Path


class Raspi:
    """Running while the context is open; the plug is pulled at its end.

    `keeps_levels` is what the kernel does with a pin whose process is gone: as Raspberry Pi OS has it, or,
    without, as Debian has it and `dtparam=strict_gpiod`.
    """

    def __init__(self, place: Place, name: str, *, keeps_levels: bool, words: str = "") -> None:
        self._sockets = Path(tempfile.mkdtemp(prefix="raspi-"))
        keeps = f"pinctrl_bcm2835.persist_gpio_outputs={'y' if keeps_levels else 'n'}"
        self._command = [
            *("qemu-system-aarch64", "-M", "raspi3b", "-display", "none", "-no-reboot"),
            *("-kernel", place.board / "kernel", "-dtb", place.board / "tree.dtb"),
            *("-initrd", place.board / "initrd"),
            *("-append", f"{WORDS} now={int(time.time())} {keeps} {words}"),
            *("-drive", f"file={place.card},if=sd,format=raw,cache=unsafe"),
            *("-netdev", "user,id=network", "-device", "usb-net,netdev=network"),
            *("-serial", f"file:{place.results}/console-{name}.txt"),
            *("-serial", f"unix:{self._sockets}/shell,server=on,wait=off"),
            *("-qtest", f"unix:{self._sockets}/qtest,server=on,wait=off", "-qtest-log", "/dev/null"),
        ]

    def __enter__(self) -> Raspi:
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for("QEMU's sockets", lambda: len(list(self._sockets.iterdir())) == 2)
            self.wire = Wire(self._sockets / "qtest")
            self._shell = socket.socket(socket.AF_UNIX)
            self._shell.connect(str(self._sockets / "shell"))
            self._lines = self._shell.makefile("rb")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.wire.close()
        self._shell.close()
        self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._sockets)

    def wait_until_up(self) -> None:
        """Wait for the shell, at the end of the boot."""
        self._shell.settimeout(BOOTS_WITHIN_S)
        while not self._lines.readline().endswith(b"@ready\n"):  # the driver tries the line with an X
            pass
        self._shell.settimeout(ANSWERS_WITHIN_S)

    def run(self, command: str) -> tuple[int, str]:
        """A line of shell; its status, and all that it said."""
        self.type(command)
        return self.answer()

    def type(self, command: str) -> None:
        """A line of shell, whose answer is read later."""
        self._shell.sendall(f"{command}\n".encode())

    def answer(self) -> tuple[int, str]:
        """What the oldest line has come to whose answer was not read."""
        said = b""
        while not (line := self._lines.readline()).startswith(b"@end "):
            said += line
        return int(line.split()[1]), said.decode(errors="replace").removesuffix("\n")
