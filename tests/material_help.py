"""What the tests of the operator's material have in common: files of every kind, good and hostile."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

from PIL import Image, ImageDraw

from attract_screen.material.cache import Cache, Place
from attract_screen.material.librarian import LOOK_EVERY_S, Librarian, Wishes
from attract_screen.material.stock import Stock

ROOM = (80, 60)


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def photo(path: Path, size: tuple[int, int] = (400, 300), colour: str = "red") -> None:
    """One picture of one colour, in the format of its name."""
    Image.new("RGB", size, colour).save(path)


def moving(path: Path, frames: int = 5, lasts_ms: int = 200) -> None:
    """A picture that moves: a square from left to right."""
    pictures = []
    for number in range(frames):
        picture = Image.new("RGB", (60, 40), (10, 10, 40))
        ImageDraw.Draw(picture).rectangle((number * 8, 10, number * 8 + 10, 30), fill=(255, 200, 0))
        pictures.append(picture)
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=lasts_ms, loop=0)


def bomb(path: Path, side: int = 30_000) -> None:
    """A PNG of few bytes and many pixels."""
    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def hostile(folder: Path) -> None:
    """Everything that somebody could put there by mistake or on purpose, and three good pictures."""
    for name in ("a-good.jpg", "b-good.png", "c-good.webp"):
        photo(folder / name)
    bomb(folder / "bomb.png")
    whole = (folder / "a-good.jpg").read_bytes()
    (folder / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("Not a picture.")
    (folder / "wrong-ending.bmp").write_bytes(whole)
    (folder / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    (folder / "film.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(400))
    with (folder / "huge.jpg").open("wb") as file:
        file.write(whole)
        file.truncate(3 * 10**9)  # a file with a hole takes no room
    (folder / "zero.jpg").symlink_to("/dev/zero")
    (folder / "nothing.jpg").symlink_to(folder / "there-is-none")
    (folder / "circle.jpg").symlink_to(folder / "circle.jpg")
    os.mkfifo(folder / "pipe")
    (folder / "pipe.jpg").symlink_to(folder / "pipe")
    (folder / "folder.jpg").mkdir()
    (folder / "two\nlines\x1b[2J.jpg").write_text("Not a picture.")
    Path(os.fsdecode(os.fsencode(folder) + b"/bytes-\xff\xfe.jpg")).write_text("Not a picture.")


HOSTILE: Mapping[str, str] = {
    "bomb.png": "it has 30000x30000 pixels, 900 million: save it with at most 50 million",
    "truncated.jpg": "it is broken: image file is truncated",
    "damaged.png": "it is broken: no picture can be found in it",
    "empty.jpg": "it is empty: copy it anew",
    "text.jpg": "it is none of PNG, JPEG, WebP, BMP, GIF, MP4 or WebM",
    "drawing.svg": "it is a drawing as SVG: save it as PNG",
    "photo.heic": "it is a photo as HEIC or AVIF: save it as JPEG",
    "film.mp4": "it is broken: ",
    "huge.jpg": "it has 3000 MB, and a picture may have 67: save it smaller",
    "zero.jpg": "it is a device",
    "nothing.jpg": "it is a link to nothing",
    "circle.jpg": "it cannot be read: Too many levels of symbolic links",
    "pipe": "it is a pipe",
    "pipe.jpg": "it is a pipe",
    "folder.jpg": "it is a folder, and folders in the folder are not looked into",
    r"'two\nlines\x1b[2J.jpg'": "it is none of PNG, JPEG, WebP, BMP, GIF, MP4 or WebM",
    r"'bytes-\udcff\udcfe.jpg'": "it is none of PNG, JPEG, WebP, BMP, GIF, MP4 or WebM",
}
GOOD = ("a-good.jpg", "b-good.png", "c-good.webp", "wrong-ending.bmp")


class Shelf:
    """A librarian at work on a folder, with a clock that passes between its looks."""

    def __init__(self, folder: Path, kept: Path, most_bytes: int = 10**8) -> None:
        kept.mkdir(exist_ok=True)
        self.clock = Clock()
        self.cache = Cache(Place(kept, most_bytes, least_free_bytes=0))
        self.librarian = Librarian(self.cache, self.clock)
        self.wishes = Wishes(folder, (ROOM,))

    def looked(self) -> Stock:
        """What is ready after enough looks, with nothing under way any more."""
        for _ in range(6):
            self.clock.now_s += LOOK_EVERY_S
            self.librarian.step(self.wishes)
            while self.librarian.busy:
                self.librarian.wait()
                self.librarian.step(self.wishes)
        return self.librarian.step(self.wishes)

    def names(self) -> list[str]:
        """The files that are ready to be shown."""
        return [
            name for name in self.looked().names if (name, ROOM) in self.librarian.step(self.wishes).ready
        ]
