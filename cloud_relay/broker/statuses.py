"""EDGE. What machines said last, for pages that anybody may open, with any machine id in the address."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from cloud_relay.broker.publisher import Publisher
from cloud_relay.errors import Busy
from cloud_relay.memory.recent import Recent
from cloud_relay.rules.messages import NO_STATUS, MachineStatus

# Only the absence of a status takes the whole wait. Whoever asks for machines that there are not shall
# not take all the places of phones (routes/room.py), nor the few subscriptions of a small plan.
MOST_WAITING = 4
# How long a machine that came back may still be called silent.
_SILENT_FOR_S = 3
_MOST_SILENT_KEPT = 1000
# A machine that was heard of needs no place: if it is not heard at once, the likelier reason is a slow
# broker. One wait in vain, and it is like any other.
_KNOWN_FOR_S = 24 * 3600
_MOST_KNOWN_KEPT = 20_000


class Statuses:
    """Asks the publisher for one status after the other; any number of threads may ask at once."""

    def __init__(self, publisher: Publisher, clock: Callable[[], float]) -> None:
        self._publisher = publisher
        self._clock = clock
        self._known = Recent[bool](_MOST_KNOWN_KEPT)
        self._silent = Recent[bool](_MOST_SILENT_KEPT)
        self._waiting = threading.Semaphore(MOST_WAITING)

    def of(self, machine_id: str) -> MachineStatus:
        """What a machine said last; NO_STATUS where the broker holds nothing of it.

        Raises:
            Busy: whether it holds something would take a wait, and enough wait for unknown machines.
            BrokerUnavailable: the broker could not be asked.
            PublishRefused: the access rules forbid it.
        """
        now_s = self._clock()
        if self._silent.get(machine_id, now_s):
            return NO_STATUS
        place = nullcontext if self._known.get(machine_id, now_s) else self._place
        status = self._publisher.retained_status(machine_id, place=place)
        self._note(machine_id, is_silent=status is None)
        return status or NO_STATUS

    def _note(self, machine_id: str, *, is_silent: bool) -> None:
        if is_silent:
            self._known.forget(machine_id)
            self._silent.keep(machine_id, True, self._clock(), _SILENT_FOR_S)
        else:
            self._known.keep(machine_id, True, self._clock(), _KNOWN_FOR_S)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._waiting.acquire(blocking=False):
            raise Busy(f"{MOST_WAITING} others wait for the broker")
        try:
            yield
        finally:
            self._waiting.release()
