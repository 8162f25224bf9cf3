"""EDGE. What machines said last, for pages that anybody may open, with any machine id in the address."""

from __future__ import annotations

import threading
from collections.abc import Callable

from cloud_relay.broker.publisher import Publisher
from cloud_relay.errors import Busy
from cloud_relay.memory.recent import Recent
from cloud_relay.rules.messages import NO_STATUS, MachineStatus

# A broker sends a retained status right after it accepted the subscription; only its absence takes the
# whole wait, in a thread that a webhook may need. So few wait at once, and machines that are heard of
# answer all the same.
SOON_S = 0.1
MOST_WAITING = 2
# How long a machine that came back may still be called silent.
_SILENT_FOR_S = 3
_MOST_KEPT = 1000


class Statuses:
    """Asks the publisher for one status after the other; any number of threads may ask at once."""

    def __init__(self, publisher: Publisher, clock: Callable[[], float]) -> None:
        self._publisher = publisher
        self._clock = clock
        self._silent = Recent[bool](_MOST_KEPT)
        self._waiting = threading.Semaphore(MOST_WAITING)

    def of(self, machine_id: str) -> MachineStatus:
        """What a machine said last; NO_STATUS where the broker holds nothing of it.

        Raises:
            Busy: whether it holds something would take a wait, and enough are waiting.
            BrokerUnavailable: the broker could not be asked.
            PublishRefused: the access rules forbid it.
        """
        if self._silent.get(machine_id, self._clock()):
            return NO_STATUS
        return self._publisher.retained_status(machine_id, SOON_S) or self._after_a_wait(machine_id)

    def _after_a_wait(self, machine_id: str) -> MachineStatus:
        if not self._waiting.acquire(blocking=False):
            raise Busy(f"{MOST_WAITING} others wait for the broker")
        try:
            status = self._publisher.retained_status(machine_id)
        finally:
            self._waiting.release()
        if status is None:
            self._silent.keep(machine_id, True, self._clock(), _SILENT_FOR_S)
        return status or NO_STATUS
