"""The card's boot partition: a real FAT, as a technician's computer and this cabinet find it."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from cabinet import run

DEVICE, FOLDER = Path("/dev/vdb"), Path("/boot/firmware")
CONFIG_TXT = "# arcade-cabinet: begin (x)\r\ngpio=17=op,dl\r\n# arcade-cabinet: end\r\n"
# Where FAT32 keeps the mark that it was not unmounted.
_DIRTY_AT, _DIRTY = 0x41, 1


def format_card() -> None:
    """As an image has it: clusters of 4 KB, and what the firmware reads."""
    _well(run("mkfs.vfat", "-F", "32", "-s", "8", "-n", "bootfs", str(DEVICE)))
    FOLDER.mkdir(parents=True, exist_ok=True)
    mount()
    put("config.txt", CONFIG_TXT)


def mount(options: str = "defaults") -> None:
    """As fstab does."""
    _well(run("mount", "-t", "vfat", "-o", options, str(DEVICE), str(FOLDER)))


def unmount() -> None:
    """As at power-off."""
    _well(run("umount", str(FOLDER)))


def remount(options: str) -> None:
    """`ro`, as the kernel does by itself over a damaged FAT; `rw`."""
    _well(run("mount", "-o", f"remount,{options}", str(FOLDER)))


def soil() -> None:
    """Leave it as a computer does that was switched off: marked as not unmounted."""
    unmount()
    with DEVICE.open("r+b", buffering=0) as device:
        sector = bytearray(device.read(512))
        sector[_DIRTY_AT] |= _DIRTY
        device.seek(0)
        device.write(sector)
    mount()


def put(name: str, text: str, encoding: str = "utf-8") -> Path:
    """A technician's file, written through; one that is there is written over in its place."""
    path = FOLDER / name
    path.touch()
    with path.open("r+b") as file:
        file.write(text.encode(encoding))
        file.truncate()
    os.sync()
    return path


def put_behind(file_text: str, text: str) -> None:
    """What Windows leaves of a longer text, behind a shorter file's end: its last cluster is not cleared."""
    unmount()
    with DEVICE.open("r+b", buffering=0) as device, mmap.mmap(device.fileno(), device.seek(0, 2)) as raw:
        at = raw.find(file_text.encode()) + len(file_text)
        raw[at : at + len(text)] = text.encode()
    mount()


def names() -> list[str]:
    """What is on the card."""
    return sorted(path.name for path in FOLDER.iterdir())


def fill() -> None:
    """Leave not one free cluster."""
    with (FOLDER / "pictures.zip").open("wb") as file:
        try:
            while True:
                file.write(bytes(1 << 20))
                file.flush()
        except OSError:
            os.truncate(file.fileno(), file.tell())
    os.sync()
    with (FOLDER / "rest").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(512))
        except OSError:
            os.sync()


def found_on_device(texts: list[str]) -> list[str]:
    """Which of the texts anybody finds who reads the card's bytes, past every file system and memory."""
    fd = os.open(DEVICE, os.O_RDONLY | os.O_DIRECT)
    try:
        size = os.lseek(fd, 0, os.SEEK_END)
        with mmap.mmap(-1, size) as raw:
            at = 0
            while at < size:
                os.lseek(fd, at, os.SEEK_SET)
                at += os.readv(fd, [memoryview(raw)[at : min(size, at + (1 << 24))]])
            return [text for text in texts if _is_in(raw, text)]
    finally:
        os.close(fd)


def _is_in(raw: mmap.mmap, text: str) -> bool:
    return any(raw.find(text.encode(encoding)) >= 0 for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


def _well(done: tuple[int, str]) -> None:
    if done[0]:
        raise RuntimeError(done[1])
