"""EDGE. What decides and tells, every few seconds, whatever happens in a round."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from fleet.alerting.channel_urls import Send, send
from fleet.alerting.outage import Outage
from fleet.alerting.round import LOOK_AT_MOST_S, Decider
from fleet.alerting.telling import Teller
from fleet.book.computed.dating import date_due
from fleet.book.database.engine import reading, reason_of
from fleet.settings import Settings

log = logging.getLogger(__name__)

EVERY_S = 15.0


class Alerter:
    """Decides and tells until it is stopped; any number of them may run on one database."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        *,
        send: Send = send,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._engine, self._zone, self._clock = engine, settings.zone, clock
        self._worker = secrets.token_hex(8)
        self._decider: Decider | None = None
        self._teller = Teller(engine, send, self._worker, clock, f"{settings.web.url}/alerts")
        self._outage = Outage(send)
        self._ends = threading.Event()

    def run(self) -> None:
        """Go round until `stop`."""
        while not self._ends.is_set():
            self.go_round()
            self._ends.wait(EVERY_S)

    def stop(self) -> None:
        """Have `run` end after the round that is going on; from any thread."""
        self._ends.set()

    def go_round(self) -> None:
        """Decide, tell and learn, and date machines anew that a page had no time for.

        What fails is logged, and tried again in the next round.
        """
        try:
            if self._decider is None:
                self._decider = Decider(self._engine, self._worker, self._clock)
            decides = self._decider.decide()
            self._teller.tell_due()
            if decides:
                self._decider.look_closer()
                date_due(self._engine, self._zone, LOOK_AT_MOST_S)
            with reading(self._engine) as connection:
                self._outage.worked(connection)
        except SQLAlchemyError as error:
            why = reason_of(error)
            log.warning("alerts could not be decided: %s", why)
            self._outage.failed(why, self._clock())
        except Exception:
            log.exception("a round of alerts failed")
