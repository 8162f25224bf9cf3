"""EDGE. A broker that crashes again and again, each time a moment after it has come up."""

from __future__ import annotations

import threading

from simulator.chain.broker import Broker

# More than the five short connections that a cabinet takes for a second one with its name.
CRASHES = 6
DOWN_S, UP_S = 0.3, 2.0


class CrashLoop:
    """Kills the broker so many times in a row, beside whatever else goes on; `end` waits for the last."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._pause = threading.Event()
        self._thread = threading.Thread(target=self._run, name="crash loop", daemon=True)

    def begin(self) -> None:
        """Let it crash for the first time."""
        self._thread.start()

    def end(self) -> None:
        """Return once it has crashed often enough, and is there to stay."""
        self._thread.join()

    def _run(self) -> None:
        for _ in range(CRASHES):
            self._broker.kill()
            self._pause.wait(DOWN_S)
            self._broker.start()
            self._pause.wait(UP_S)
