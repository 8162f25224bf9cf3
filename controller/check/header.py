"""EDGE. Who else has a pin of the header: a driver of the kernel, which an overlay brought, or a program."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from controller.pages.pin_holders import owner_in, remedy_of

# linux/gpio.h: _IOR(0xB4, 1, struct gpiochip_info) and _IOWR(0xB4, 2, struct gpioline_info).
CHIP_INFO, LINE_INFO = 0x8044B401, 0xC048B402
CHIP, LINE = struct.Struct("=32s32sI"), struct.Struct("=II32s32s")
_USED = 1
_LABELS = (b"pinctrl-bcm2", b"pinctrl-rp1")

Ask = Callable[[int, int, bytes], bytes]


@dataclass(frozen=True)
class Header:
    """Where the system tells of its pins: devices, the kernel's own list (root's), and the boot files."""

    dev: Path = Path("/dev")
    pinctrl: Path = Path("/sys/kernel/debug/pinctrl")
    boot_files: tuple[Path, ...] = (Path("/boot/firmware/config.txt"), Path("/boot/config.txt"))
    ask: Ask = fcntl.ioctl

    def driver_of(self, pin: int) -> str | None:
        """The device that drives a pin by a function of its own, whoever has claimed it; None if unknown."""
        for text in self._lists():
            if owner := owner_in(text, pin):
                return owner
        return None

    def holder_of(self, pin: int) -> str | None:
        """Who has the pin, in the kernel's words; None if unknown, or nobody."""
        return self.driver_of(pin) or self._consumer(pin)

    def remedy(self, holder: str | None) -> str:
        """What to do about a pin that `holder` has."""
        there = next((file for file in self.boot_files if file.exists()), self.boot_files[0])
        text = there.read_text("utf-8", "replace") if there.exists() else ""
        return remedy_of(holder, str(there), text)

    def _lists(self) -> Iterator[str]:
        try:
            for path in sorted(self.pinctrl.glob("*.gpio*/pinmux-pins")):
                yield path.read_text("utf-8", "replace")
        except OSError:
            return  # root's alone

    def _consumer(self, pin: int) -> str | None:
        for chip in sorted(self.dev.glob("gpiochip*")):
            try:
                file = os.open(chip, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                return self._asked(file, pin)
            except (OSError, LookupError):
                continue
            finally:
                os.close(file)
        return None

    def _asked(self, file: int, pin: int) -> str | None:
        _, label, lines = CHIP.unpack(self.ask(file, CHIP_INFO, bytes(CHIP.size)))
        if not label.startswith(_LABELS) or pin >= lines:
            raise LookupError("not the header's")
        answer = self.ask(file, LINE_INFO, LINE.pack(pin, 0, b"", b""))
        _, flags, _, consumer = LINE.unpack(answer)
        named = consumer.partition(b"\0")[0].decode("utf-8", "replace")
        return (named or "somebody") if flags & _USED else None


HEADER = Header()
