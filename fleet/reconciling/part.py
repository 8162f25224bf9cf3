"""EDGE. The part of the fleet that reads Stripe every hour, as long as it is let."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from cloud_relay.errors import RelayError
from cloud_relay.rules.orders import Ownership
from fleet.book.database.engine import reason_of, writing
from fleet.book.running.notes import keep_note
from fleet.book.running.workers import end_trouble, say_trouble
from fleet.reconciling.key import KeyCanWrite, look_at_key
from fleet.reconciling.reader import StripeReader, StripeReading
from fleet.reconciling.reading import Reading
from fleet.rules.alert_state import STRIPE
from fleet.settings import Settings, StripeSettings

log = logging.getLogger(__name__)

EVERY_S, AGAIN_S = 3600.0, 300.0
# What is said of it holds until the next try, and the time that one may take.
_KIND, _HOLDS_S = "stripe_unreadable", 2 * EVERY_S
TROUBLE = "stripe_trouble"
"""The note in the book about why Stripe is not read; empty where it is."""


def stripe_reading(settings: StripeSettings) -> StripeReading:
    """How Stripe is read, by the fleet's settings."""
    tag, *others = settings.relay_tags
    ownership = Ownership(tag, takes_untagged=False, other_tags=tuple(others))
    return StripeReading(settings.read_key, ownership, settings.stand_in_url)


class Reconciler:
    """Reads Stripe at once and then every hour, sooner again after a failure; nothing else waits for it.

    A key that could move money is not used: the log, the money page and an alert say so with the remedy.
    """

    def __init__(self, settings: Settings, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._engine = engine
        self._clock = clock
        self._over = threading.Event()
        self._is_looked_at = False

    def run(self) -> None:
        """Read until stopped."""
        wait_s = AGAIN_S
        while not self._over.is_set():
            trouble = self.turn()
            # A key that is wrong for days must not use the account's reads up.
            wait_s = min(2 * wait_s, EVERY_S) if trouble else AGAIN_S
            self._over.wait(wait_s if trouble else EVERY_S)

    def stop(self) -> None:
        """Have `run` end soon."""
        self._over.set()

    def turn(self) -> str:
        """Read, and say in the book how it went; why it did not work, or nothing."""
        trouble = self.read()
        self._say(trouble)
        return trouble

    def read(self) -> str:
        """Look at the key, if that is still to be done, and read; why that did not work, or nothing."""
        if self._settings.stripe is None:
            return ""
        how = stripe_reading(self._settings.stripe)
        try:
            if not self._is_looked_at:
                found = look_at_key(how)
                if found.problems:
                    return " ".join(found.problems)
                self._is_looked_at = found.is_known
            self._reading(how).run(self._clock())
        except KeyCanWrite as why:
            return f"{why} Until then Stripe is not read."
        except RelayError as why:
            self._is_looked_at = False
            return f"Stripe could not be read: {why}. It is tried again within the hour."
        except SQLAlchemyError as why:
            return f"What Stripe says cannot be written down: {reason_of(why)}. It is tried again soon."
        return ""

    def _reading(self, how: StripeReading) -> Reading:
        return Reading(self._engine, StripeReader(how), self._settings.zone)

    def _say(self, trouble: str) -> None:
        if trouble:
            log.error("%s", trouble)
        try:
            with writing(self._engine) as connection:
                keep_note(connection, TROUBLE, trouble)
                if trouble:
                    say_trouble(connection, STRIPE, _KIND, trouble, self._clock(), _HOLDS_S)
                else:
                    end_trouble(connection, STRIPE, _KIND)
        except SQLAlchemyError as why:
            log.error("How Stripe is read cannot be written down: %s", reason_of(why))
