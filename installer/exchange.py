"""Exchanges two paths, `exchange.py A B`, so that at no moment one is missing; 1 where a file system cannot.

Run with `python3 -I`, which imports nothing from the folder where root happens to stand.
"""

import ctypes
import os
import sys

AT_FDCWD, RENAME_EXCHANGE = -100, 2  # fcntl.h and stdio.h: renameat2


def main() -> int:
    """Rename each to the other, in one step of the kernel's."""
    first, second = map(os.fsencode, sys.argv[1:])
    renameat2 = ctypes.CDLL(None).renameat2
    return int(renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE) != 0)


if __name__ == "__main__":
    sys.exit(main())
