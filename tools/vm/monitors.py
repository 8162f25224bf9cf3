"""EDGE. The monitors at the guest's graphics cards, which QEMU's VNC has be of another size."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

CARDS = ("card0", "card1")
_RAW, _RESIZES = 0, -308
_NO_PASSWORD, _SHARED = b"\x01", b"\x01"


def options(results: Path) -> tuple[str, ...]:
    """Two cards, each with a monitor; and a loudspeaker, of which a file has all that it was sent."""
    sizes = ("xres=640,yres=480", "xres=1280,yres=400")
    cards = zip(CARDS, sizes, strict=True)
    words = [("-device", f"virtio-gpu-pci,id={card},{size}") for card, size in cards]
    words += [("-vnc", f"unix:{results}/vnc-{card},display={card}") for card in CARDS]
    words += [("-audiodev", f"wav,id=speaker,path={results}/heard.wav"), ("-device", "AC97,audiodev=speaker")]
    return tuple(word for pair in words for word in pair)


def plug(results: Path, card: str, size: str) -> None:
    """Have another monitor at the card; `size` is such as 800x600."""
    width, height = map(int, size.split("x"))
    with socket.socket(socket.AF_UNIX) as vnc:
        vnc.connect(str(results / f"vnc-{card}"))
        stream = vnc.makefile("rwb", buffering=0)
        _greet(stream)
        stream.write(struct.pack(">BxHii", 2, 2, _RAW, _RESIZES))
        stream.write(struct.pack(">BxHHBx", 251, width, height, 1))
        stream.write(struct.pack(">IHHHHI", 0, 0, 0, width, height, 0))
        stream.write(struct.pack(">BBHHHH", 3, 0, 0, 0, 1, 1))
        stream.read(1)  # it has read as far as this


def _greet(stream: socket.SocketIO) -> None:
    """RFC 6143, 7.1 and 7.3."""
    stream.write(_exactly(stream, 12))
    _exactly(stream, _exactly(stream, 1)[0])
    stream.write(_NO_PASSWORD)
    _exactly(stream, 4)
    stream.write(_SHARED)
    *_, name_length = struct.unpack(">HH16sI", _exactly(stream, 24))
    _exactly(stream, name_length)


def _exactly(stream: socket.SocketIO, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += stream.read(count - len(data)) or b""
    return data
