"""EDGE. The coin line's tally: the last pulses that began and ended, in a file that no process takes along.

It lies in memory (the runtime directory), where a note costs some microseconds and no write to the card: it
outlives every process, and not the power, with which the board forgets its credits too. The coin line's
process notes a pulse before it rises and after its fall. Whoever comes next reads there what became of the
pulses that had been ordered; what is not noted has never begun.

Slots of fixed size, one for each of the last pulses, and a head that makes them believable: it names the
ledger whose pulses they are. Whoever starts and finds no tally writes the head once the ledger has it that
nothing was known, and before any further order: a tally that was lost and begun anew is never taken for one
in which nothing had begun.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from controller.model.events import PulseBegun, PulseFired, Tally

SLOTS = 16
# A payment's id may have 255 characters. No slot lies across two pages: a kill cannot leave half of one.
SLOT_BYTES = 512
_BYTES = SLOT_BYTES * (1 + SLOTS)


def read_tally(path: Path, ledger: str) -> Tally | None:
    """What is noted at `path` for a ledger; None if there is nothing, or nothing that can be believed."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    head, slots = content[:SLOT_BYTES], content[SLOT_BYTES:]
    if head != _head(ledger):
        return None
    try:
        return tuple(_read(words) for at in range(0, len(slots), SLOT_BYTES) if (words := _words(slots, at)))
    except ValueError:
        return None


def begin_tally(path: Path, ledger: str) -> None:
    """Make the tally at `path` one that can be believed for a ledger, with nothing noted yet.

    Raises:
        OSError: it cannot be written.
    """
    with path.open("r+b") as file:
        file.write(b" " * _BYTES)
        file.seek(0)
        file.write(_head(ledger))


class TallyKeeper:
    """The pen of the process that owns the pin: it waits for the one before it, and holds the tally.

    Raises:
        OSError: the tally cannot be written; then no pulse may leave, for it could be fired again.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        # All the room is taken now, so that no note finds the memory full.
        os.posix_fallocate(self._file, 0, _BYTES)
        self._slot = 0

    def begins(self, payment_id: str, number: int) -> None:
        """Note that a pulse is about to rise."""
        self._slot = self._slot % SLOTS + 1
        self._note(f"begun {payment_id} {number}")

    def ended(self, payment_id: str, number: int, rose_s: float, fell_s: float) -> None:
        """Note, in its place, that it has fallen (seconds since boot)."""
        self._note(f"fired {payment_id} {number} {rose_s:.6f} {fell_s:.6f}")

    def _note(self, words: str) -> None:
        os.pwrite(self._file, words.encode().ljust(SLOT_BYTES), self._slot * SLOT_BYTES)


def _head(ledger: str) -> bytes:
    return f"tally 1 {ledger}".encode().ljust(SLOT_BYTES)


def _words(slots: bytes, at: int) -> list[str]:
    return slots[at : at + SLOT_BYTES].decode(errors="replace").split()


def _read(words: list[str]) -> PulseBegun | PulseFired:
    match words:
        case ["begun", payment_id, number]:
            return PulseBegun(payment_id, int(number))
        case ["fired", payment_id, number, rose_s, fell_s]:
            return PulseFired(payment_id, int(number), float(rose_s), float(fell_s))
    raise ValueError(f"not a note: {' '.join(words)!r}")
