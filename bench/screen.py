"""What the attract screen takes of a processor and of memory, and whether its frames come in time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from PIL import Image

from attract_screen.model.themes import THEME_NAMES
from bench.idle import children, cpu_s, memory_mb
from bench.measure.machine import machine
from bench.world.bare_loop import BareLoop
from controller.system.clock import since_boot_s

TITLE = "Attract screen: processor, memory, frames in time; drawn by software into memory, 30 frames a second"
SIZES = {"640x480": 10.0, "1920x1080": 35.0}
STILL_TARGET_PERCENT = 1.0
MEMORY_TARGET_MB = 80
FRAME_S = 1 / 30
SETTLING_S = 0.3
PICTURES, PICTURE_SIZE = 20, (4000, 3000)
CHANGES = 10_000
ROOT = Path(__file__).parent.parent
# The screen before it had designs, pages, languages and an operator's own pictures.
BEFORE = os.environ.get("BEFORE", "02b78c4")
FEED: dict[str, Any] = {
    "format": 1,
    "since_s": 0,
    "state": "attract",
    "machine_id": "star-raider-01",
    "machine_name": "Star Raider",
    "qr": "https://pay.example.com/p/star-raider-01",
    "offers": [
        {"credits": 1, "amount": 100, "currency": "usd"},
        {"credits": 3, "amount": 250, "currency": "usd"},
    ],
    "credits": 0,
    "rotate": 0,
    "technician_line": None,
    "today": {"games": 37},
    "next": {"name": "Happy hour", "from": "17:00"},
}


# Its name, where its code is, and the design that its feed asks for.
Versions = list[tuple[str, Path, str]]


class Screen:
    """A running screen, and the feed that it follows."""

    def __init__(
        self, folder: Path, code: Path, size: str, fields: Mapping[str, Any], hurry: int = 0
    ) -> None:
        self.feed, self._log, self._fields = folder / "screen.json", folder / "log.json", FEED | dict(fields)
        self.tell()
        watched = [sys.executable, "-m", "bench.world.watched_screen", str(self._log)]
        watched += ["--hurry", str(hurry)] if hurry else []
        arguments = ["--feed", str(self.feed), "--display", "headless", "--size", size]
        if (code / "attract_screen" / "material").exists():
            arguments += ["--keep", str(folder / "kept")]
        self.process = subprocess.Popen(
            [*watched, "--", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": f"{code}:{ROOT}", "PYGAME_HIDE_SUPPORT_PROMPT": "1"},
            stderr=subprocess.DEVNULL,
        )

    def tell(self, **changes: Any) -> float:
        """Renew the feed as the controller does, and say when that was."""
        self._fields |= changes
        fresh = self.feed.with_suffix(".new")
        fresh.write_text(json.dumps({**self._fields, "written_at_s": since_boot_s()}))
        fresh.rename(self.feed)
        return since_boot_s()

    def for_s(self, seconds: float) -> None:
        """Keep it going: the feed is renewed each second, as the controller does."""
        ends_s = time.monotonic() + seconds
        while (left_s := ends_s - time.monotonic()) > 0:
            self.tell()
            time.sleep(min(1.0, left_s))

    def used(self, seconds: float) -> float:
        """Percent of a core that it and its children take in so many seconds."""
        began_s = cpu_s(self.pids)
        self.for_s(seconds)
        return (cpu_s(self.pids) - began_s) / seconds * 100

    @property
    def pids(self) -> list[int]:
        """Its process, and those that it started."""
        return [self.process.pid, *children(self.process.pid)]

    def seen(self) -> dict[str, Any]:
        """End it, and read what was seen within."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        seen: dict[str, Any] = json.loads(self._log.read_text())
        return seen


@contextmanager
def screen(size: str, code: Path = ROOT, hurry: int = 0, **fields: Any) -> Iterator[Screen]:
    """One that has started."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        running = Screen(Path(folder), code, size, fields, hurry)
        try:
            while not hurry and not (Path(folder) / "log.begun").exists():
                running.for_s(0.1)
            running.for_s(0.0 if hurry else SETTLING_S)
            yield running
        finally:
            running.process.kill()
            running.process.wait()


@contextmanager
def earlier() -> Iterator[Path | None]:
    """The earlier screen's code, as git knows it; None where it does not."""
    with tempfile.TemporaryDirectory(prefix="before-") as folder:
        archive = Path(folder) / "before.tar"
        command = ["git", "-C", str(ROOT), "archive", "-o", str(archive), BEFORE, "attract_screen"]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            yield None
            return
        subprocess.run(["tar", "-xf", str(archive), "-C", folder], check=True)
        yield Path(folder)


def run(*, quick: bool) -> None:
    """Each design, beside the screen as it was before there were any."""
    print(f"On {machine()}.")
    with earlier() as before:
        versions: Versions = [(name, ROOT, name) for name in THEME_NAMES]
        versions += [("before", before, "")] if before else []
        _processor(versions, watched_s=0.7 if quick else 20.0)
        some = [versions[0], versions[-1]] if quick else versions
        _still(some, watched_s=1.0 if quick else 20.0)
        _in_time(some, watched_s=1.0 if quick else 60.0, changes=4 if quick else 100)
    _memory(pictures=1 if quick else PICTURES)
    _soak(CHANGES // 200 if quick else CHANGES)


def _processor(versions: Versions, watched_s: float) -> None:
    for size, target in SIZES.items():
        figures = []
        for name, code, theme in versions:
            with screen(size, code, theme=theme) as running:
                figures.append(f"{name} {running.used(watched_s):.1f}")
        print(f"processor, moving, {size}: {', '.join(figures)} % of one core (target: under {target:g} %)")


def _still(versions: Versions, watched_s: float) -> None:
    figures = []
    for name, code, theme in versions:
        with screen("640x480", code, state="offline", theme=theme) as running:
            figures.append(f"{name} {running.used(watched_s):.2f}")
    print(
        f"processor, a still page, 640x480: {', '.join(figures)} % of one core "
        f"(target: under {STILL_TARGET_PERCENT:g} %)"
    )


def _in_time(versions: Versions, watched_s: float, changes: int) -> None:
    late, waits = [], []
    for name, code, theme in versions:
        with screen("640x480", code, theme=theme) as running:
            began_s = since_boot_s()
            with BareLoop(FRAME_S) as bare:
                running.for_s(watched_s)
            rests = [at_s for kind, at_s in running.seen()["log"] if kind == "rest" and at_s > began_s]
        count = sum(there - here > 2 * FRAME_S for here, there in pairwise(rests))
        late.append(f"{name} {count} (a loop that only rests, meanwhile: {bare.late})")
        waits.append(f"{name} {_wait_ms(code, theme, changes)}")
    print(f"frames later than a frame's time, in {watched_s:g} s: {', '.join(late)} (target: none)")
    print(f"feed's change to frame, median / worst: {', '.join(waits)} ms (target: two frames, 67 ms)")


def _wait_ms(code: Path, theme: str, changes: int) -> str:
    """From the feed's rename to the display, of a still page whose credits change."""
    told_s = []
    with screen("640x480", code, state="playing", theme=theme) as running:
        for number in range(1, changes + 1):  # the feed begins with none: that would change nothing
            told_s.append(running.tell(credits=number))
            time.sleep(0.25 + 0.007 * (number % 10))
        updates = [at_s for kind, at_s in running.seen()["log"] if kind == "update"]
    waits = sorted(1000 * (next(at_s for at_s in updates if at_s > told) - told) for told in told_s)
    return f"{waits[len(waits) // 2]:.0f} / {waits[-1]:.0f}"


def _memory(pictures: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-own-") as folder:
        for number in range(pictures):
            picture = Image.linear_gradient("L").resize(PICTURE_SIZE).rotate(number * 17)
            picture.convert("RGB").save(Path(folder) / f"{number:02}.jpg", quality=90)
        with screen("640x480", folder=folder) as running:
            most_mb = 0.0
            for _ in range(3 if pictures < PICTURES else 90):
                running.for_s(1.0)
                most_mb = max(most_mb, sum(memory_mb(pid, "Pss") for pid in running.pids))
            rest_mb = memory_mb(running.process.pid, "Pss")
            kept = sum(1 for path in running.feed.parent.rglob("kept/**/*") if path.is_file())
    print(
        f"memory with {pictures} pictures of 12 megapixels ({kept} kept ready): {rest_mb:.1f} MB, at most "
        f"{most_mb:.1f} MB with the process that makes them ready (target: under {MEMORY_TARGET_MB} MB)"
    )


def _soak(changes: int) -> None:
    began_s = time.monotonic()
    with screen("320x240", hurry=changes) as running:
        running.process.wait()
        memory_mb = [
            kb / 1000 for kb in json.loads((running.feed.parent / "log.json").read_text())["memory_kb"]
        ]
    minutes, took_s = changes * 60 / CHANGES, time.monotonic() - began_s
    print(
        f"soak: {changes} changes of the feed in {minutes:g} minutes, which took {took_s:.0f} s; "
        f"memory after each tenth: {' '.join(f'{mb:.1f}' for mb in memory_mb)} MB (target: flat)"
    )
