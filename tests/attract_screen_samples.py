"""What the attract screen's tests are shown on: a feed, sizes, and a decoder that is not ours."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pygame
import zxingcpp
from PIL import Image, ImageFilter

from attract_screen.model.feed_format import Feed, Offer, State, parse_feed
from attract_screen.model.monitor import Size
from attract_screen.model.view import View, view_of
from attract_screen.picture.draw import render

ADDRESS = "https://pay.example.com/p/galaga-01"
SIZES = (
    (320, 240),
    (640, 480),
    (800, 600),
    (1024, 768),
    (1280, 720),
    (1920, 1080),
    (480, 640),
    (480, 800),
    (1080, 1920),
)
# A tube of 4:3, in the pixels of whoever photographs it.
GLASS = (880, 660)
LONG_NAME = "The Extraordinarily Long Name Of A Machine Nobody Could Love ..."
LONG_LINE = "relay https://pay.example.com answered 503 eleven times in a row; " * 3

FEED = Feed(
    written_at_s=1000.0,
    state=State.ATTRACT,
    machine_id="galaga-01",
    machine_name="Galaga",
    qr=ADDRESS,
    offers=(Offer(1, 100, "usd"), Offer(3, 250, "usd")),
    credits=3,
    since_s=990.0,
    rotate=0,
    technician_line=None,
)
FIELDS: Mapping[str, Any] = {
    "format": 1,
    "written_at_s": 1000.0,
    "state": "attract",
    "machine_id": "galaga-01",
    "machine_name": "Galaga",
    "qr": ADDRESS,
    "offers": [
        {"credits": 1, "amount": 100, "currency": "usd"},
        {"credits": 3, "amount": 250, "currency": "usd"},
    ],
    "credits": 3,
    "since_s": 990.0,
    "rotate": 0,
    "technician_line": None,
}


def a_view(state: State = State.ATTRACT, **changes: Any) -> View:
    """The view of the sample feed with some of its fields changed."""
    return view_of(replace(FEED, state=state, **changes), 0.0)


def frame_of(size: Size, elapsed_s: float = 0.7, **changes: Any) -> pygame.Surface:
    """What the display shows of the sample feed with some of its fields changed, themes and all."""
    feed = parse_feed(json.dumps({**FIELDS, **changes}).encode())
    return render(view_of(feed, 0.0), size, feed.monitor, elapsed_s)


def picture_of(frame: pygame.Surface) -> Image.Image:
    """A frame as a picture that every library takes."""
    return Image.frombytes("RGB", frame.get_size(), pygame.image.tostring(frame, "RGB"))


def write_feed(path: Path, **changes: Any) -> None:
    """Replace the feed file as the controller does, stamped now."""
    now_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    half = path.with_suffix(".half")
    half.write_text(json.dumps({**FIELDS, "written_at_s": now_s, "since_s": now_s, **changes}))
    half.replace(path)


def decoded(picture: pygame.Surface | Image.Image | Path) -> list[str]:
    """Every QR code that an independent decoder finds in a picture."""
    if isinstance(picture, Image.Image):
        image = picture.convert("L")
    elif isinstance(picture, Path):
        with Image.open(picture) as file:
            image = file.convert("L")
    else:
        pixels = pygame.image.tostring(picture, "RGB")
        image = Image.frombytes("RGB", picture.get_size(), pixels).convert("L")
    return [code.text for code in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)]


def on_the_glass(
    frame: pygame.Surface, hidden_percent: int = 0, glass: tuple[int, int] = GLASS
) -> Image.Image:
    """What a tube of 4:3 makes of a frame: stretched, a little out of focus, its edges behind the mask."""
    width, height = frame.get_size()
    picture = Image.frombytes("RGB", (width, height), pygame.image.tostring(frame, "RGB"))
    x, y = (-(-side * hidden_percent // 100) for side in (width, height))
    shown = picture.crop((x, y, width - x, height - y)).resize(glass, Image.Resampling.BICUBIC)
    return shown.filter(ImageFilter.GaussianBlur(1.2))
