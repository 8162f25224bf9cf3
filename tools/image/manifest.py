"""EDGE. Describes an image for Raspberry Pi Imager, whose version 2 offers no settings for one without this.

`manifest.py IMAGE ADDRESS SECONDS`: where the image is to be had, and of which day it is (since 1970, UTC).
"""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def manifest(image: Path, address: str, made_at_s: int) -> dict[str, Any]:
    """As Imager's own list has it, of one system; its settings are written as cloud-init reads them."""
    with image.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = image.stat().st_size
    system = {
        "name": "Arcade cabinet",
        "description": "For Raspberry Pi 3, 4 and Zero 2 W: installed, and ready for its cabinet.yaml",
        "icon": "",
        "url": address,
        "extract_size": size,
        "extract_sha256": digest,
        "image_download_size": size,
        "release_date": datetime.fromtimestamp(made_at_s, UTC).date().isoformat(),
        "init_format": "cloudinit",
    }
    return {"os_list": [system]}


if __name__ == "__main__":
    print(json.dumps(manifest(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])), indent=2))
