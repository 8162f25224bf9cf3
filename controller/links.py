"""CORE. The rules for the two links: the broker, and the relay's offer."""

from __future__ import annotations

import logging

from controller.effects import FetchOffer, SaveOffer
from controller.events import BrokerConnected, BrokerLost, OfferFailed, OfferReceived
from controller.turn import Turn

OFFER_REFRESH_S = 3600.0
OFFER_RETRY_MAX_S = 30.0


def broker_connected(turn: Turn, event: BrokerConnected) -> None:
    """Payments can reach us."""
    turn.change(broker_up=True, broker_trouble=None)
    turn.note(f"broker connected, with {'the old' if event.session_present else 'a new'} session")


def broker_lost(turn: Turn, event: BrokerLost) -> None:
    """No payment can reach us; the same trouble is noted once."""
    trouble = f"broker: {event.reason}"
    if turn.cabinet.broker_up or trouble != turn.cabinet.broker_trouble:
        turn.note(f"broker lost: {event.reason}", logging.WARNING)
    turn.change(broker_up=False, broker_trouble=trouble)


def offer_received(turn: Turn, event: OfferReceived) -> None:
    """Show it, and keep it for a start without network."""
    if event.offer != turn.cabinet.offer:
        turn.record(SaveOffer(event.offer))
        turn.note(f"offer received: {event.offer.address}, {len(event.offer.prices)} prices")
    due_s = turn.now_s + OFFER_REFRESH_S
    turn.change(offer=event.offer, offer_trouble=None, offer_tries=0, offer_due_s=due_s)


def offer_failed(turn: Turn, event: OfferFailed) -> None:
    """Ask again after 1, 2, 4 ... seconds; the offer of before stays on the screen."""
    trouble = f"relay: {event.reason}"
    if trouble != turn.cabinet.offer_trouble:
        turn.note(f"offer not received: {event.reason}", logging.WARNING)
    tries = turn.cabinet.offer_tries
    wait_s = min(OFFER_RETRY_MAX_S, 2.0 ** min(tries, 6))
    turn.change(offer_trouble=trouble, offer_tries=tries + 1, offer_due_s=turn.now_s + wait_s)


def fetch_offer_if_due(turn: Turn) -> None:
    """Ask the relay for the offer at start, and then once an hour: prices change."""
    cabinet = turn.cabinet
    if cabinet.started and cabinet.rules.fetches_offer and turn.now_s >= cabinet.offer_due_s:
        turn.act(FetchOffer())
        turn.change(offer_due_s=turn.now_s + OFFER_REFRESH_S)
