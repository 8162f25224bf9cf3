"""EDGE. What install.sh wrote into the Pi's config.txt: the firmware rests the configured coin line."""

from __future__ import annotations

import re
from pathlib import Path

from controller.setup.files import sync_folder, write

_OURS = re.compile(rb"# arcade-cabinet: begin.*?# arcade-cabinet: end", re.DOTALL)
_PIN = re.compile(rb"^gpio=\d+=op,dl", re.MULTILINE)


def rest_pin(boot_file: Path, pin: int) -> bool:
    """Name the pin in our lines, where there are any; whether that changed the file."""
    if not boot_file.is_file():
        return False
    before = boot_file.read_bytes()
    after = _OURS.sub(lambda ours: _PIN.sub(b"gpio=%d=op,dl" % pin, ours[0]), before)
    if after == before:
        return False
    fresh = boot_file.with_name(f"{boot_file.name}.new")
    write(fresh, after)
    fresh.replace(boot_file)
    sync_folder(boot_file.parent)
    return True
