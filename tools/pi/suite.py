"""A Debian for arm64 is installed, draws, sells and is tested: `suite.py MADE FOLDER PAYLOAD`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import traceback
from pathlib import Path

from checks import same
from PIL import Image, ImageChops
from tally import END
from userland import PROJECT, PYTHON, Userland

from tools.screens import FEED, PICTURES

DRAWN = ("attract", "playing", "out-of-order")
# Not those that do one thing hundreds of times over.
UNHURRIED = "not killed_at_any_line and not no_bytes_can"
SIZE = "640x480"
# Of 255: the two do not round alike where an edge is smoothed. It is some pixels in ten thousand.
SHADES = 2
NO_LGPIO = "install.sh: this Debian has no package of lgpio, which drives the pins"
TESTS = (
    "ledger",
    "ledger_file",
    "wal_check",
    "attract_screen_feed",
    "attract_screen_view",
    "attract_screen_picture",
)


def run_stage(userland: Userland, results: Path) -> None:
    """All of it."""
    _install(userland)
    _draw(userland, results)
    _sell(userland)
    _test(userland)


def _install(userland: Userland) -> None:
    """Trixie as Raspberry Pi OS makes it: Debian's own has no lgpio, which install.sh wants."""
    if "trixie" in (userland.root / "etc/os-release").read_text():
        status, said = userland.install()
        same("Debian's own is told that it has no lgpio", (1, True), (status, NO_LGPIO in said))
        userland.run("sh", f"{PROJECT}/tools/container/raspberry_pi_os.sh")
    began_s = time.monotonic()
    status, said = userland.install()
    same("install.sh installs for an image", 0, status)
    _tell(said, began_s)
    began_s = time.monotonic()
    status, said = userland.install()
    same(
        "a second run says that there is nothing to change",
        (0, "Nothing to change."),
        (status, said.split("\n")[0]),
    )
    _tell(said, began_s)
    status, said = userland.run(PYTHON, "-c", "import platform as p; print(p.machine(), p.python_version())")
    same("its Python is one of arm64", (0, "aarch64"), (status, said.split(" ")[0]))
    print(f"      {said.strip()}")


def _draw(userland: Userland, results: Path) -> None:
    """Each picture as this machine draws it too, with the pygame of its tests."""
    for name in DRAWN:
        feed = json.dumps(FEED | PICTURES[name])
        (userland.root / "root/feed.json").write_text(feed)
        (results / "feed.json").write_text(feed)
        words = ["-m", "attract_screen", "--size", SIZE, "--elapsed", "0.6"]
        status, said = userland.run(
            PYTHON, *words, "--feed", "/root/feed.json", "--render", f"/root/{name}.png"
        )
        here = [sys.executable, *words, "--feed", results / "feed.json", "--render", results / f"{name}.png"]
        subprocess.run(here, check=True)
        if status:
            raise RuntimeError(said)
        off = _difference(userland.root / f"root/{name}.png", results / f"{name}.png")
        same(
            f"the picture {name} is the one that x86 draws, within {SHADES} shades of 255: {off}",
            True,
            off <= SHADES,
        )


def _difference(one: Path, other: Path) -> int:
    """By how many shades, of 255, two pictures differ at most."""
    with Image.open(one) as drawn, Image.open(other) as wanted:
        if drawn.size != wanted.size:
            return 255
        extrema = ImageChops.difference(drawn.convert("RGB"), wanted.convert("RGB")).getextrema()
    return max(most for _, most in extrema)


def _sell(userland: Userland) -> None:
    began_s = time.monotonic()
    status, said = userland.run(PYTHON, "-P", "-m", "simulator", "demo-once")
    same("a sale goes through the whole chain", 0, status)
    _tell(said, began_s)


def _test(userland: Userland) -> None:
    began_s = time.monotonic()
    files = [f"tests/test_{name}.py" for name in TESTS]
    words = ["-q", "-p", "no:cacheprovider", "--timeout", "600", "-k", UNHURRIED, *files]
    status, said = userland.run(PYTHON, "-m", "pytest", *words, folder=PROJECT)
    same("the tests of ledger and screen pass", 0, status)
    _tell("\n".join(said.splitlines()[-20 if status else -1 :]), began_s)


def _tell(said: str, began_s: float) -> None:
    print(f"      {time.monotonic() - began_s:.0f} s; it said:")
    print(*(f"      | {line}" for line in said.rstrip().splitlines()), sep="\n", flush=True)


def main(made: str, folder: str, payload: str) -> None:
    """Run it, and say so at the end."""
    try:
        with Userland(Path(made), Path(folder), Path(payload)) as userland:
            run_stage(userland, Path(folder))
    except Exception:
        print(f"FAIL  the suite went to its end\n{traceback.format_exc()}", flush=True)
    print(END, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
