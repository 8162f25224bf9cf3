"""Writes the broker's files that follow from the access rules: `make docs`."""

from __future__ import annotations

from pathlib import Path

from cloud_relay.formats.broker_files import written_files

SHIPPED = Path(__file__).parent.parent / "cloud_relay" / "broker" / "shipped"


def main() -> None:
    """Write each of them anew."""
    for name, text in written_files().items():
        (SHIPPED / name).write_text(text)
    print(f"Wrote {', '.join(written_files())}.")


if __name__ == "__main__":
    main()
