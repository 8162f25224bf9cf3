"""Prints a lock file for the wheels in a folder: all packages, all hashes.

`lock_lines.py FOLDER` prints one anew. `lock_lines.py FOLDER PINS` prints the file PINS, its versions and
remarks as they are, with the hashes of their wheels.
"""

import hashlib
import re
import sys
from pathlib import Path

Hashes = dict[str, tuple[str, list[str]]]


def main() -> None:
    """Print the file; ends with a message for a pin without a wheel, or wheels of two versions."""
    folder, *pins = map(Path, sys.argv[1:])
    hashes = hashes_of(folder)
    if not pins:
        print("# Made by `make lock`; install.sh takes nothing else.")
        print(*(entry(name, hashes) for name in sorted(hashes)), sep="\n")
        return
    for line in pins[0].read_text().splitlines():
        pin = re.match(r"([\w.-]+)==([^\s\\]+)", line)
        if pin is None and not line.startswith("    --hash="):
            print(line)
        elif pin and hashes.get(pin[1], ("",))[0] != pin[2]:
            sys.exit(f"{pin[0]}: {folder} has no wheel of it")
        elif pin:
            print(entry(pin[1], hashes))


def hashes_of(folder: Path) -> Hashes:
    """By package, its version and the hashes of all wheels of it."""
    hashes: Hashes = {}
    for wheel in sorted(folder.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        locked, digests = hashes.setdefault(name.lower().replace("_", "-"), (version, []))
        if locked != version:
            sys.exit(
                f"{name}: {locked} for one cabinet and {version} for another; bound it in pyproject.toml"
            )
        digests.append(hashlib.sha256(wheel.read_bytes()).hexdigest())
    return hashes


def entry(name: str, hashes: Hashes) -> str:
    """The lines of one package."""
    version, digests = hashes[name]
    return " \\\n    ".join([f"{name}=={version}", *(f"--hash=sha256:{each}" for each in sorted(digests))])


if __name__ == "__main__":
    main()
