"""EDGE. The card's image in QEMU: a machine of no particular make, that calls itself a Raspberry Pi 3."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from guest import Guest

SERIAL = "10000000f00dcafe"
REVISION = "a02082"
SIZE = "640x480"
# The kernel's console is the serial line as well, and its log is kept there.
WORDS = "console=ttyAMA0 systemd.show_status=1"
MACHINE = ("-M", "virt", "-cpu", "cortex-a53", "-smp", "2", "-m", "1G")
# The machine's own chip of pins has eight, and a coin line's number is higher than that. Here is one of
# 32 whose registers are two words of memory, at the end of what the machine has.
PINS, PINS_AT, PINS_BYTES = "/pins", 0x7FFFF000, 0x1000


@dataclass(frozen=True)
class Card:
    """An image, and where its two partitions begin, in bytes."""

    image: Path
    boot_at: int
    root_at: int

    def boot_file(self, name: str) -> bytes:
        """A file on the boot partition."""
        return _said(["mtype", "-i", self._boot, f"::{name}"])

    def boot_names(self) -> list[str]:
        """What is on the boot partition."""
        return [
            name.removeprefix("::/")
            for name in _said(["mdir", "-b", "-i", self._boot, "::"]).decode().split("\n")
        ]

    def put(self, name: str, data: bytes) -> None:
        """A file of a technician's computer."""
        subprocess.run(["mcopy", "-o", "-i", self._boot, "-", f"::{name}"], input=data, check=True)

    def boot_bytes(self) -> bytes:
        """All bytes of the boot partition."""
        with self.image.open("rb") as file:
            file.seek(self.boot_at)
            return file.read(self.root_at - self.boot_at)

    def root_file(self, name: str) -> str:
        """A file of the root file system."""
        return self._debugfs(f"cat {name}").decode()

    def compiled_for(self, source: str, compiled: str) -> tuple[int, int]:
        """When a Python source was changed, and when it was by what is compiled of it."""
        told = self._debugfs(f"stat {source}").decode()
        header = self._debugfs(f"cat {compiled}")[:16]
        return int(told.partition("mtime: 0x")[2][:8], 16), int.from_bytes(header[8:12], "little")

    def root_mb(self) -> int:
        """How large the root file system is."""
        told = _said(["dumpe2fs", "-h", f"{self.image}?offset={self.root_at}"]).decode()
        return int(told.partition("Block count:")[2].split()[0]) * 4096 >> 20

    def _debugfs(self, order: str) -> bytes:
        return _said(["debugfs", "-R", order, f"{self.image}?offset={self.root_at}"])

    @property
    def _boot(self) -> str:
        return f"{self.image}@@{self.boot_at}"


def card_in(image: Path) -> Card:
    """The card that an image is."""
    table = json.loads(_said(["sfdisk", "--json", str(image)]))["partitiontable"]
    boot, root = (each["start"] * 512 for each in table["partitions"])
    return Card(image, boot, root)


class Virtual(Guest):
    """One boot of the card, by its own kernel and initrd, in place of the Pi's firmware."""

    def __init__(self, card: Card, results: Path, name: str) -> None:
        self._monitor = results / f"monitor-{name}"
        kernel = next(line.split("=")[1] for line in _lines(card, "config.txt") if line.startswith("kernel="))
        initrd = next(line.split()[1] for line in _lines(card, "config.txt") if line.startswith("initramfs "))
        (results / "kernel").write_bytes(card.boot_file(kernel))
        (results / "initrd").write_bytes(card.boot_file(initrd))
        self._command = [
            *("qemu-system-aarch64", *MACHINE, "-dtb", str(_device_tree(results))),
            *("-nodefaults", "-display", "none", "-no-reboot"),
            *("-kernel", str(results / "kernel"), "-initrd", str(results / "initrd")),
            *("-append", f"{_lines(card, 'cmdline.txt')[0]} {WORDS}"),
            *("-drive", f"file={card.image},format=raw,if=virtio,cache=writeback"),
            *("-device", f"virtio-gpu-pci,xres={SIZE[:3]},yres={SIZE[4:]}", "-device", "virtio-rng-pci"),
            *("-nic", "user,model=virtio-net-pci"),
            *("-serial", f"file:{results}/console-{name}.txt"),
            *("-qmp", f"unix:{self._monitor},server=on,wait=off"),
        ]

    def switch_off(self, within_s: float) -> bool:
        """As by its button; whether the system ended by itself. Else the plug is pulled."""
        self.ask("system_powerdown")
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            return False
        return True


def _device_tree(results: Path) -> Path:
    """QEMU's own, with what a Pi's firmware would add: gpiozero knows no pin without the revision."""
    tree = results / "tree.dtb"
    subprocess.run(
        ["qemu-system-aarch64", *MACHINE, "-machine", f"dumpdtb={tree}"], check=True, capture_output=True
    )
    subprocess.run(["fdtput", "-t", "s", tree, "/", "serial-number", SERIAL], check=True)
    subprocess.run(["fdtput", "-c", tree, "/system"], check=True)
    subprocess.run(["fdtput", "-t", "x", tree, "/system", "linux,revision", REVISION], check=True)
    _add_pins(tree)
    return tree


def _add_pins(tree: Path) -> None:
    """A chip of pins in memory that nobody else takes: what is written to a pin is what it reads."""
    at, more = f"{PINS_AT:x}", f"{PINS_AT + 4:x}"
    kept = f"/reserved-memory/pins@{at}"
    for order in (
        ["-c", "/reserved-memory"],
        ["-t", "x", "/reserved-memory", "#address-cells", "2"],
        ["-t", "x", "/reserved-memory", "#size-cells", "2"],
        ["-t", "bx", "/reserved-memory", "ranges"],
        ["-c", kept],
        ["-t", "x", kept, "reg", "0", at, "0", f"{PINS_BYTES:x}"],
        ["-t", "bx", kept, "no-map"],
        ["-c", PINS],
        ["-t", "s", PINS, "compatible", "brcm,bcm6345-gpio"],
        ["-t", "s", PINS, "reg-names", "dirout", "dat"],
        ["-t", "x", PINS, "reg", "0", at, "0", "4", "0", more, "0", "4"],
        ["-t", "bx", PINS, "gpio-controller"],
        ["-t", "x", PINS, "#gpio-cells", "2"],
    ):
        path = next(i for i, word in enumerate(order) if word.startswith("/"))
        subprocess.run(["fdtput", *order[:path], tree, *order[path:]], check=True)


def _lines(card: Card, name: str) -> list[str]:
    return card.boot_file(name).decode().splitlines()


def _said(command: list[str]) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout
