"""CORE. The rules for what we hang on: the broker, the relay's offer, and our own disk."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from controller.model.cabinet import Cabinet
from controller.model.effects import ConnectBroker, DisconnectBroker, FetchOffer, SaveOffer
from controller.model.events import (
    BrokerConnected,
    BrokerLost,
    LedgerFailed,
    LedgerHealed,
    OfferFailed,
    OfferReceived,
)
from controller.rules import catch_up
from controller.rules.turn import Turn

OFFER_REFRESH_S = 3600.0
OFFER_RETRY_MAX_S = 30.0
# Two clients with one id throw each other out for ever, each getting the other's messages.
TAKE_OVERS, TAKE_OVER_WITHIN_S = 2, 600.0


def broker_connected(turn: Turn, event: BrokerConnected) -> None:
    """Payments can reach us, unless we have left it meanwhile: then this is old news."""
    if turn.cabinet.taken_over or turn.cabinet.ledger_trouble:
        return
    turn.change(broker_up=True, broker_trouble=None)
    turn.note(f"broker connected, with {'the old' if event.session_present else 'a new'} session")
    if not event.session_present:
        # Where nobody has connected in our name before, nobody has credited anything before either.
        turn.change(fence_lifted_s=None)
        catch_up.ask(turn, "the broker had no session for us")


def broker_lost(turn: Turn, event: BrokerLost) -> None:
    """No payment can reach us; the same trouble is noted once."""
    trouble = f"broker: {event.reason}"
    if turn.cabinet.broker_up or trouble != turn.cabinet.broker_trouble:
        turn.note(f"broker lost: {event.reason}", logging.WARNING)
    turn.change(broker_up=False, broker_trouble=trouble)
    if event.taken_over:
        _thrown_out(turn)


def ledger_failed(turn: Turn, event: LedgerFailed) -> None:
    """What cannot be written cannot be acknowledged: leave the broker, which keeps our messages."""
    turn.change(ledger_trouble=f"ledger: {event.reason}", broker_up=False, broker_trouble=None)
    turn.note(f"ledger cannot be written: {event.reason}", logging.ERROR)
    turn.act(DisconnectBroker())


def ledger_healed(turn: Turn, _: LedgerHealed) -> None:
    """Everything is on disk again."""
    turn.change(ledger_trouble=None)
    turn.note("ledger can be written again")
    if not turn.cabinet.taken_over and not turn.cabinet.fenced:
        turn.act(ConnectBroker())


def offer_received(turn: Turn, event: OfferReceived) -> None:
    """Show it, and keep it for a start without network; unless a fixed link has taken its place meanwhile."""
    if not turn.cabinet.rules.fetches_offer:
        return
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


def _thrown_out(turn: Turn) -> None:
    recent = tuple(at_s for at_s in turn.cabinet.thrown_out_s if at_s > turn.now_s - TAKE_OVER_WITHIN_S)
    turn.change(thrown_out_s=(*recent, turn.now_s))
    if len(turn.cabinet.thrown_out_s) >= TAKE_OVERS:
        trouble = f"broker: another cabinet is called {turn.cabinet.rules.machine_id} too"
        turn.change(taken_over=True, broker_trouble=trouble)
        turn.note(f"stopped selling: {trouble}: give one of them another machine_id", logging.ERROR)
        turn.act(DisconnectBroker())


def wakes_s(cabinet: Cabinet) -> Iterator[float]:
    """When the relay is to be asked for its offer."""
    if cabinet.rules.fetches_offer:
        yield cabinet.offer_due_s
