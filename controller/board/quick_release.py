"""EDGE. `python -m controller.board.quick_release`: rests the coin line right behind the end of the daemon.

The unit's ExecStopPost: until it has run, the coin switch may be closed. So it imports next to nothing, and
asks the kernel itself for the line that the process which died had noted as its own. Where nothing was noted
it becomes `python -m controller release-lines`, which takes the pin from config.yaml and ten times as long.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys

from controller.board.claim_note import AT_REST, note_path, read_note, write_note

# The kernel's linux/gpio.h: GPIO_V2_GET_LINE_IOCTL, and struct gpio_v2_line_request for one line: its offset,
# who asks, flags, how many lines; the kernel answers with a file that holds the line.
GET_LINE = 0xC250B407
REQUEST = struct.Struct("=I252x32sQ264xI24xi")
OUTPUT = 1 << 3
CONSUMER = b"arcade-cabinet"


def main() -> int:
    """Rest the line that was held; 0 if none was, 1 if it could not be had."""
    note = note_path()
    claim = read_note(note)
    if claim is None or note is None:
        # Nothing of this process is to be kept: what comes in its place does it all.
        wholly = [sys.executable, "-P", "-m", "controller", "release-lines", *sys.argv[1:]]
        os.execv(sys.executable, wholly)  # noqa: S606 - what it starts is this program
    if isinstance(claim, str):
        return 0
    try:
        put_low(*claim)
        write_note(note, AT_REST)
    except OSError as error:
        print(not_released(claim[1], error), file=sys.stderr)
        return 1
    print(f"INFO coin line at rest: GPIO {claim[1]}", file=sys.stderr)
    return 0


def put_low(device: str, line: int) -> None:
    """Claim a line of a GPIO device as an output at its rest level, and leave it; it never rises.

    Raises:
        OSError: it cannot be had, because another process holds it, say.
    """
    chip = os.open(device, os.O_RDWR | os.O_CLOEXEC)
    try:
        # An output for which no level is asked begins low.
        answer = fcntl.ioctl(chip, GET_LINE, REQUEST.pack(line, CONSUMER, OUTPUT, 1, 0))
        os.close(REQUEST.unpack(answer)[-1])
    finally:
        os.close(chip)


def not_released(pin: int, error: object) -> str:
    """The line may still be active: why, and what to do."""
    return (
        f"GPIO {pin} was not put at rest: {error}. If it is busy, a controller holds it, "
        "and rests it when it ends: sudo systemctl stop arcade-controller"
    )


if __name__ == "__main__":
    sys.exit(main())
