"""EDGE. A process that is killed again and again, at random moments, as often as something starts it anew."""

from __future__ import annotations

import random
import threading

from simulator.chain.part import Part

# From while it still begins, over its first connection, to the middle of its work.
AGAIN_AFTER_S = (0.2, 3.0)


class KillLoop:
    """Kills a part at once and then whenever it has run for a while, until `end`."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"kills {part.name}", daemon=True)

    def begin(self) -> None:
        """Kill it for the first time."""
        self._thread.start()

    def end(self) -> None:
        """Let it live."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            if self._part.exit_status is None:
                self._part.kill()
            self._over.wait(random.uniform(*AGAIN_AFTER_S))  # noqa: S311 - nothing secret
