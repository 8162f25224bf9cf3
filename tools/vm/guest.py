"""EDGE. One boot of the guest: its QEMU, what its stage says, its monitor, and its end by the plug."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# no_timer_check: where this machine is busy, the kernel would take the emulated timer for a broken one.
KERNEL_WORDS = "console=ttyS0 quiet systemd.show_status=0 mitigations=off no_timer_check"


@dataclass(frozen=True)
class Clock:
    """What the guest's time is: options of QEMU, and what the guest is told of it."""

    options: tuple[str, ...]
    word: str = ""


# Its clock counts instructions, and where it would only wait it goes on at once: neither a pulse's width nor
# a timeout depends on how busy this machine is.
COUNTED = Clock(("-accel", "tcg,thread=single", "-icount", "shift=2,sleep=off"), "counted=1")
# Its clock is ours: half the time to boot, and it can talk to what runs here.
REAL_TIME = Clock(("-accel", "tcg,thread=multi", "-smp", "2"))


@dataclass(frozen=True)
class Place:
    """Where everything is: what build.sh made, the disk of this cabinet, and what goes in and comes out."""

    cache: Path
    disk: Path
    payload: Path
    results: Path


class Guest:
    """Running while the context is open; the plug is pulled at its end, if it still runs."""

    def __init__(self, place: Place, stage: str, clock: Clock, *options: str, words: str = "") -> None:
        self._monitor = place.results / f"monitor-{stage}"
        self.edges = place.results / f"edges-{stage}.txt"
        self._command = [
            *("qemu-system-x86_64", *clock.options, "-cpu", "Nehalem", "-m", "1G"),
            *("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
            *("-device", "virtio-rng-pci", *options),
            *("-kernel", str(place.cache / "vmlinux"), "-initrd", str(place.cache / "initrd")),
            *("-append", f"{KERNEL_WORDS} {clock.word} cabinet.stage={stage} {words}"),
            # Written through: what the guest was told is on the disk is in this file when QEMU is killed.
            *("-drive", f"file={place.disk},format=raw,if=virtio,cache=writethrough"),
            *("-virtfs", f"local,path={place.payload},mount_tag=payload,security_model=none,readonly=on"),
            *("-virtfs", f"local,path={place.results},mount_tag=results,security_model=none"),
            *("-serial", f"file:{place.results}/console-{stage}.txt"),
            *("-serial", "stdio"),  # ttyS1: the stage
            *("-serial", f"file:{self.edges}"),  # ttyS2: the board
            *("-qmp", f"unix:{self._monitor},server=on,wait=off"),
        ]

    def __enter__(self) -> Guest:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.pull_the_plug()

    def lines(self) -> Iterator[str]:
        """What the stage says, until the guest ends."""
        output = self._process.stdout
        assert output is not None  # noqa: S101
        for line in output:
            yield line.rstrip()

    def pull_the_plug(self) -> None:
        """Power is gone, this moment."""
        self._process.kill()
        self._process.wait()

    def rises(self) -> int:
        """How many pulses the board saw begin."""
        return [line[:1] for line in self.edges.read_text().splitlines()].count("1")

    def ask(self, order: str, **arguments: Any) -> None:
        """Have the monitor do something, such as `screendump`.

        Raises:
            RuntimeError: it will not.
        """
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(str(self._monitor))
            talk = monitor.makefile("rw")
            for words in ({"execute": "qmp_capabilities"}, {"execute": order, "arguments": arguments}):
                talk.write(json.dumps(words) + "\n")
                talk.flush()
                while "return" not in (answer := json.loads(talk.readline())):
                    if "error" in answer:
                        raise RuntimeError(f"QEMU refused {order}: {answer['error']['desc']}")
