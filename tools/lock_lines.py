"""Prints a lock file for the wheels in a folder, `lock_lines.py FOLDER`: all packages, all hashes."""

import hashlib
import sys
from pathlib import Path


def main() -> None:
    """Print the file; ends with a message if two cabinets would get different versions of a package."""
    hashes: dict[str, tuple[str, list[str]]] = {}
    for wheel in sorted(Path(sys.argv[1]).glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        locked, digests = hashes.setdefault(name.lower().replace("_", "-"), (version, []))
        if locked != version:
            sys.exit(
                f"{name}: {locked} for one cabinet and {version} for another; bound it in pyproject.toml"
            )
        digests.append(hashlib.sha256(wheel.read_bytes()).hexdigest())
    print("# Made by `make lock`; install.sh takes nothing else.")
    for name, (version, digests) in sorted(hashes.items()):
        print(f"{name}=={version}", *(f"--hash=sha256:{each}" for each in sorted(digests)), sep=" \\\n    ")


if __name__ == "__main__":
    main()
