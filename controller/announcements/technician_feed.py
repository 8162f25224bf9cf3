"""EDGE. The technician's page for the feed: what the loop knows, and what was looked up beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attract_screen.model.feed_format import FORMAT
from controller import __version__
from controller.announcements.machine_facts import FactsReader, look_up
from controller.config.keys import Config
from controller.ledger.file import LEDGER_NAME, MIGRATIONS
from controller.model.cabinet import Cabinet
from controller.pages.technician_page import Site, technician_page


class TechnicianFeed:
    """Called by the loop whenever the feed may be written; it never waits for what has to be looked up."""

    def __init__(self, config: Config, clock_ahead_s: Callable[[], float | None]) -> None:
        ledger = config.state_dir / LEDGER_NAME
        self._site = Site(
            versions={"controller": __version__, "feed": FORMAT, "ledger": len(MIGRATIONS)},
            coin_pin=config.coin_line.pin,
            broker=f"{config.broker.host}:{config.broker.port}",
            relay=config.relay.url if config.relay else None,
        )
        self._facts = FactsReader(lambda: look_up(ledger, clock_ahead_s()))

    def __call__(self, cabinet: Cabinet, now_s: float) -> dict[str, Any] | None:
        """The page; None while nobody wants it."""
        self._facts.want(wanted=cabinet.technician_page is not None)
        return technician_page(cabinet, self._site, self._facts.latest, now_s)
