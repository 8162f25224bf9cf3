"""EDGE. The journal on its way to the fleet: what the ledger holds and no fleet has said that it has."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress

from controller.cloud.broker import Broker
from controller.formats.journal_lines import Seen, batch_payload, read_seen
from controller.formats.wire import journal_topic
from controller.ledger.ledger import Ledger
from controller.model.cabinet import Cabinet
from controller.rules import sending
from controller.rules.sending import Sending
from controller.system.clock import since_boot_s


class JournalPost:
    """Sends from the loop's thread, one batch at a time. `clock` gives seconds since boot."""

    def __init__(
        self, machine_id: str, boot_id: str, ledger: Ledger, clock: Callable[[], float] = since_boot_s
    ) -> None:
        self._machine_id = machine_id
        self._boot_id = boot_id
        self._ledger = ledger
        self._clock = clock
        self._state = Sending()
        self._connected = False
        self._message_id: int | None = None

    @property
    def seen(self) -> int:
        """The number of the entry up to which a fleet has all."""
        return self._state.done

    def comes_due(self, cabinet: Cabinet) -> bool:
        """Look at clock and link: whether a batch is to be sent now; never beside a train that moves."""
        now_s = self._clock()
        self._mind_connection(cabinet.broker_up, now_s)
        self._state = sending.mind_who_is_behind(self._state, now_s)
        rests = self._message_id is None and not any(train.intended for train in cabinet.trains)
        return self._connected and rests and self._state.is_due(self._ledger.newest_entry, now_s)

    def send(self, broker: Broker) -> None:
        """Send the next batch, or the last one again. It reads the card, which may take its time."""
        excerpt = self._ledger.journal.read(self._state.done)
        now_s = self._clock()
        payload, last = batch_payload(self._machine_id, self._boot_id, now_s, excerpt)
        self._message_id = broker.publish_once(journal_topic(self._machine_id), payload)
        self._state = sending.sent(self._state, last, now_s)

    def published(self, message_id: int) -> bool:
        """The broker has answered for a message, whatever it said: whether that was a batch of ours."""
        if message_id != self._message_id:
            return False
        self._message_id = None
        return True

    def hear(self, payload: bytes) -> None:
        """A fleet says what it has."""
        said = read_seen(payload)
        if said is None:
            return
        now_s, own = self._clock(), said.ledger == self._ledger.journal.identity
        if own and self._is_of_a_later_file(said):
            self._rename(now_s)
        else:
            self._state = sending.heard(self._state, said.seq if own else 0, now_s)

    def _mind_connection(self, up: bool, now_s: float) -> None:
        if up and not self._connected:
            self._state = sending.connected(self._state, now_s)
        elif self._connected and not up and self._message_id is not None:
            self._message_id = None
            self._state = sending.cut(self._state, now_s)
        self._connected = up

    def _is_of_a_later_file(self, said: Seen) -> bool:
        """Whether the fleet has what this file has not: then it is an old image of it that was put back."""
        if said.seq > self._ledger.newest_entry:
            return True
        return self._ledger.journal.sum_at(said.seq) not in (None, said.sum)

    def _rename(self, now_s: float) -> None:
        # On a full disk the next word of the fleet's is soon enough.
        with suppress(sqlite3.OperationalError):
            if sending.may_rename(self._state, now_s):
                self._ledger.take_new_identity()
                self._state = sending.renamed(self._state, now_s)
