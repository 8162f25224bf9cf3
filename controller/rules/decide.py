"""CORE. The rules, as one table: a fact goes in, a new state and orders come out.

One decision is one commit: everything it records is written together, and only then are its acts done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from controller.model.cabinet import Cabinet
from controller.model.effects import Act, ConnectBroker, Note, Record, RememberUse
from controller.model.events import (
    BrokerConnected,
    BrokerLost,
    CoinLineFailed,
    CreditTestRequested,
    Event,
    FaultsCleared,
    GameOverPublished,
    InputChanged,
    LedgerFailed,
    LedgerHealed,
    MessageRefused,
    OfferFailed,
    OfferReceived,
    OpenPaymentsFailed,
    OpenPaymentsFound,
    PaymentReceived,
    PulseFired,
    ReceiptAnswered,
    ReceiptFailed,
    RulesChanged,
    Started,
    StopRequested,
    TechnicianPageRequested,
    Tick,
)
from controller.model.journal import Entry
from controller.model.offer import Offer
from controller.model.session import Session
from controller.rules import (
    arrivals,
    catch_up,
    coin_meter,
    inputs,
    journal,
    links,
    new_rules,
    noise,
    play,
    pulses,
    receipts,
    restarts,
    signatures,
    technician,
    technician_page,
    trust,
    twins,
)
from controller.rules.payment_table import PAYMENT_TABLE
from controller.rules.turn import Turn


@dataclass(frozen=True)
class Decision:
    """The state from now on, what to write in one commit, and what to do once that is on disk.

    `entries` are what the journal is to tell of it, in the same commit.
    """

    cabinet: Cabinet
    records: tuple[Record, ...]
    acts: tuple[Act, ...]
    entries: tuple[Entry, ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the log is to say of the decision."""
        return tuple(act for act in self.acts if isinstance(act, Note))


def decide(cabinet: Cabinet, event: Event, now_s: float) -> Decision:
    """What follows from `event`, with `now_s` in seconds since boot.

    Raises:
        UnexpectedEvent: the event does not fit the state.
    """
    turn = Turn(replace(cabinet, just_recorded=False), now_s, PAYMENT_TABLE)
    _RULES[type(event)](turn, event)
    # A ledger that has just failed takes no records, and nothing may be done without them.
    for follows in () if isinstance(event, LedgerFailed) else _STANDING_RULES:
        follows(turn)
    return Decision(turn.cabinet, tuple(turn.records), tuple(turn.acts), tuple(turn.entries))


def decide_button(cabinet: Cabinet, event: InputChanged | Tick, now_s: float) -> Decision:
    """What follows for the service button alone: it records nothing, and so needs no ledger."""
    turn = Turn(cabinet, now_s, PAYMENT_TABLE)
    technician_page.button_alone(turn, event)
    return Decision(turn.cabinet, (), tuple(turn.acts))


def next_wake_s(cabinet: Cabinet) -> float | None:
    """When time alone will change something (seconds since boot, `AT_ONCE`); None if it will not."""
    return min((at_s for wakes_s in _WAKES for at_s in wakes_s(cabinet)), default=None)


def _started(turn: Turn, event: Started) -> None:
    rules, boot_id = turn.cabinet.rules, turn.cabinet.boot_id
    turn.change(
        started=True,
        session=_session_that_lives(turn, event.session),
        offer=Offer(rules.payment_link, ()) if rules.payment_link else event.offer,
        receipts=event.owed,
        trains=event.unfinished,
        conflicts=event.conflicts,
        coins=event.coins,
        uncounted=event.uncounted,
        line_rests_until_s=turn.now_s + rules.settle_s,
        not_ready_since_s=turn.now_s,
        fenced=rules.has_relay and event.board != turn.cabinet.board,
    )
    journal.started(turn, event)
    trust.begin(turn, event)
    play.publish_again(turn, event.game_overs)
    for train in event.unfinished:
        restarts.recover(turn, train, event.tally)
    if turn.cabinet.fenced:
        catch_up.ask(turn, "the ledger is new to this board")
        return
    if event.boot_id == boot_id:
        turn.change(doubt_before_s=event.doubt_before_s)
    else:
        turn.change(doubt_before_s=turn.now_s)
        _begin_boot(turn, was_asking=event.boot_id == catch_up.STILL_ASKING)
    turn.act(ConnectBroker())


def _begin_boot(turn: Turn, *, was_asking: bool) -> None:
    if turn.cabinet.rules.has_relay:
        catch_up.ask(turn, "it had not answered before" if was_asking else "the cabinet was switched off")
    else:
        turn.record(RememberUse(turn.cabinet.board, turn.cabinet.boot_id))


def _session_that_lives(turn: Turn, session: Session | None) -> Session | None:
    if session is None or session.boot_id == turn.cabinet.boot_id:
        return session
    # Its clock is another boot's: the session goes on, and its time begins anew.
    kept = replace(session, boot_id=turn.cabinet.boot_id, since_s=turn.now_s, active_s=turn.now_s)
    return kept if turn.cabinet.rules.board_keeps_credits else None


def _apply_to_payment(turn: Turn, event: ReceiptAnswered | ReceiptFailed) -> None:
    turn.apply(event.payment_id, event)


def _pulse_fired(turn: Turn, event: PulseFired) -> None:
    technician_page.count(turn, technician_page.COIN_LINE, 2)
    turn.apply(event.payment_id, event)


def _stop_requested(turn: Turn, _: StopRequested) -> None:
    turn.change(stopping=True)


_RULES: dict[type[Event], Callable[[Turn, Any], None]] = {
    Started: _started,
    PaymentReceived: arrivals.payment_received,
    MessageRefused: arrivals.message_refused,
    PulseFired: _pulse_fired,
    CoinLineFailed: pulses.coin_line_failed,
    InputChanged: inputs.input_changed,
    ReceiptAnswered: _apply_to_payment,
    ReceiptFailed: _apply_to_payment,
    BrokerConnected: links.broker_connected,
    BrokerLost: links.broker_lost,
    GameOverPublished: play.game_over_published,
    OfferReceived: links.offer_received,
    OfferFailed: links.offer_failed,
    LedgerFailed: links.ledger_failed,
    LedgerHealed: links.ledger_healed,
    OpenPaymentsFound: catch_up.found,
    OpenPaymentsFailed: catch_up.failed,
    CreditTestRequested: technician.credit_test_requested,
    FaultsCleared: technician.faults_cleared,
    TechnicianPageRequested: technician_page.requested,
    RulesChanged: new_rules.rules_changed,
    Tick: inputs.tick,
    StopRequested: _stop_requested,
}

# What follows from the state, whatever happened, in this order.
_STANDING_RULES: tuple[Callable[[Turn], None], ...] = (
    play.mind_readiness,
    play.end_session_that_was_forgotten,
    pulses.give_up_what_came_too_late,
    pulses.end_waits,
    pulses.order_pulses,
    receipts.send_due_receipts,
    twins.come_back_if_due,
    signatures.check_token_if_due,
    links.fetch_offer_if_due,
    catch_up.fetch_if_due,
    trust.say_what_closed,
    journal.mind_faults,
    technician_page.mind_page,
)

# Each says when a rule of its own comes due.
_WAKES: tuple[Callable[[Cabinet], Iterator[float]], ...] = (
    play.wakes_s,
    pulses.wakes_s,
    coin_meter.wakes_s,
    inputs.wakes_s,
    noise.wakes_s,
    receipts.wakes_s,
    links.wakes_s,
    twins.wakes_s,
    signatures.wakes_s,
    catch_up.wakes_s,
    technician_page.wakes_s,
)
