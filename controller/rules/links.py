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
from controller.model.trust import OFFER
from controller.rules import catch_up, trust, twins
from controller.rules.turn import Turn

# The QR goes within this time of the relay's reason to sell nothing. Of the processor a question takes some
# 20 ms, most of them to read the authorities; of Stripe it takes nothing.
OFFER_REFRESH_S = 300.0
OFFER_RETRY_MAX_S = 30.0
# However soon the relay says that prices change.
OFFER_LEAST_S = 5.0


def broker_connected(turn: Turn, event: BrokerConnected) -> None:
    """Payments can reach us, unless we have left it meanwhile: then this is old news."""
    twin = turn.cabinet.twin
    if (twin and twin.keeps_away) or turn.cabinet.ledger_trouble:
        return
    twins.connected(turn)
    turn.change(broker_up=True, broker_trouble=None, broker_since_s=turn.now_s)
    if not twin:
        turn.note(f"broker connected, with {'the old' if event.session_present else 'a new'} session")
    if not event.session_present:
        # Where nobody has connected in our name before, nobody has credited anything before either.
        turn.change(fence_lifted_s=None)
        catch_up.ask(turn, "the broker had no session for us")


def broker_lost(turn: Turn, event: BrokerLost) -> None:
    """No payment can reach us; the same trouble is noted once."""
    trouble, twin = f"broker: {event.reason}", turn.cabinet.twin
    if twin and twin.keeps_away:
        return
    # With a twin it comes and goes for ever: that was said.
    if trouble != turn.cabinet.broker_trouble and not (twin and turn.cabinet.broker_up):
        turn.note(f"broker lost: {event.reason}", logging.WARNING)
    turn.change(broker_up=False, broker_trouble=trouble)
    twins.connection_ended(turn, taken_over=event.taken_over)


def ledger_failed(turn: Turn, event: LedgerFailed) -> None:
    """What cannot be written cannot be acknowledged: leave the broker, which keeps our messages."""
    turn.change(ledger_trouble=f"ledger: {event.reason}", broker_up=False, broker_trouble=None)
    twins.leave_for_the_disk(turn)
    turn.note(f"ledger cannot be written: {event.reason}", logging.ERROR)
    turn.act(DisconnectBroker())


def ledger_healed(turn: Turn, _: LedgerHealed) -> None:
    """Everything is on disk again."""
    turn.change(ledger_trouble=None)
    turn.note("ledger can be written again")
    twin = turn.cabinet.twin
    if not (twin and twin.keeps_away) and not turn.cabinet.fenced:
        turn.act(ConnectBroker())


def offer_received(turn: Turn, event: OfferReceived) -> None:
    """Show it, and keep it for a start without network; unless a fixed link stands in its place.

    Where prices go by the clock, the relay says when to ask for the next ones: within the minute they change.
    """
    trust.answered(turn, OFFER)
    wait_s = OFFER_REFRESH_S if event.changes_in_s is None else event.changes_in_s
    due_s = turn.now_s + min(OFFER_REFRESH_S, max(OFFER_LEAST_S, wait_s))
    turn.change(offer_trouble=None, offer_tries=0, offer_due_s=due_s)
    if turn.cabinet.rules.payment_link:
        return
    if event.offer != turn.cabinet.offer:
        turn.record(SaveOffer(event.offer))
        turn.note(f"offer received: {event.offer.address}, {len(event.offer.prices)} prices")
    turn.change(offer=event.offer)


def offer_failed(turn: Turn, event: OfferFailed) -> None:
    """Ask again after 1, 2, 4 ... seconds; the offer of before stays on the screen."""
    trouble = f"relay: {event.reason}"
    if trouble != turn.cabinet.offer_trouble:
        turn.note(f"offer not received: {event.reason}", logging.WARNING)
    tries = turn.cabinet.offer_tries
    wait_s = min(OFFER_RETRY_MAX_S, 2.0 ** min(tries, 6))
    trust.failed(turn, OFFER, event)
    turn.change(offer_trouble=trouble, offer_tries=tries + 1, offer_due_s=turn.now_s + wait_s)


def fetch_offer_if_due(turn: Turn) -> None:
    """Ask the relay for the offer at start, and then every five minutes.

    Prices change, tokens are revoked, and a relay that could not settle what is sold gives none.

    A fixed payment link needs no offer, but the question shows whether the relay would settle its money.
    """
    cabinet = turn.cabinet
    if cabinet.started and cabinet.rules.has_relay and turn.now_s >= cabinet.offer_due_s:
        turn.act(FetchOffer())
        turn.change(offer_due_s=turn.now_s + OFFER_REFRESH_S)


def wakes_s(cabinet: Cabinet) -> Iterator[float]:
    """When the relay is to be asked for its offer."""
    if cabinet.rules.has_relay:
        yield cabinet.offer_due_s
