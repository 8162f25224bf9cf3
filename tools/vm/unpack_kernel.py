"""Unpacks Debian's kernel, `unpack_kernel.py VMLINUZ VMLINUX`: the packed part begins with XZ's own mark."""

import lzma
import sys
from pathlib import Path


def main() -> None:
    """Write the unpacked kernel; what follows it in the file is left out."""
    packed = Path(sys.argv[1]).read_bytes()
    start = packed.index(b"\xfd7zXZ\0")
    Path(sys.argv[2]).write_bytes(lzma.LZMADecompressor().decompress(packed[start:]))


if __name__ == "__main__":
    main()
