"""Prints what files pin, NAME==VERSION a line, without hashes and remarks: `pins.py FILE...`.

For where pip would ask for hashes of everything as soon as it sees one.
"""

import re
import sys
from pathlib import Path

PIN = re.compile(r"^([\w.-]+)==([\w.!+]+)", re.MULTILINE)


def pins(file: Path) -> dict[str, str]:
    """The pinned versions of a file, by package."""
    return dict(PIN.findall(file.read_text()))


def main() -> None:
    """Print those of all files that are named."""
    for name in sys.argv[1:]:
        print(*(f"{package}=={version}" for package, version in pins(Path(name)).items()), sep="\n")


if __name__ == "__main__":
    main()
