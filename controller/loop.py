"""EDGE. The one loop that gathers, decides and acts; it alone owns the state."""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from attract_screen.systemd_notify import ALIVE, READY, STOPPING, more_time, notify, patience
from controller import __version__
from controller.board.input_gate import InputsMoved
from controller.cloud.broker import Broker, Published
from controller.cloud.relay_client import OpenPaymentsListed, RelayClient
from controller.config.applied import input_holds_s, reader_of, rules_of
from controller.config.keys import Config
from controller.config.reload import Reloaded, ReloadRequested, begin_reading
from controller.control.requests import Control
from controller.edges import CoinPulseArrived, Edges, JournalSeen
from controller.formats.control_lines import ToolRequest
from controller.formats.wire import Refused, SignedByAnother
from controller.ledger.ledger import LedgerError
from controller.model.cabinet import Cabinet, new_cabinet
from controller.model.effects import (
    Acknowledge,
    Act,
    ConnectBroker,
    DisconnectBroker,
    FetchOffer,
    FetchOpenPayments,
    FirePulse,
    Note,
    PublishGameOver,
    SendReceipt,
)
from controller.model.events import (
    Event,
    FoundPayment,
    InputChanged,
    LedgerFailed,
    LedgerHealed,
    MessageRefused,
    OpenPaymentsFound,
    PaymentReceived,
    RulesChanged,
    Started,
    Tick,
)
from controller.model.payment import KnownPayment
from controller.rules.decide import Decision, decide, decide_button, next_wake_s
from controller.rules.turn import AT_ONCE
from controller.system.clock import since_boot_s
from controller.system.hardware import board_serial
from controller.system.memory import give_back

log = logging.getLogger("controller")

# The loop comes round at least this often, so that the screen and the watchdog see it live.
HEARTBEAT_S = 1.0
# The loop never spins, even if something is due that cannot be done yet.
SHORTEST_WAIT_S = 0.01
DAY_S = 86400.0
# How often the board's lines are looked at for an edge that got lost.
LOOK_AGAIN_S = 1.0
# An SD card may be busy with itself for most of a minute: no reason for the watchdog to kill us in mid-train.
CARD_STALLS_S = 180.0
# How long to wait before a full disk is tried again.
DISK_RETRY_S = 1.0

QueueItem = (
    Event
    | CoinPulseArrived
    | OpenPaymentsListed
    | Published
    | JournalSeen
    | ToolRequest
    | ReloadRequested
    | Reloaded
    | InputsMoved
)


class Loop:
    """Takes what is put into `items`; nothing else changes the state. A reload reads `config_file`."""

    def __init__(
        self,
        config: Config,
        config_file: Path | None,
        boot_id: str,
        edges: Edges,
        items: queue.SimpleQueue[QueueItem],
        stop_requested: threading.Event,
    ) -> None:
        self._config = config
        self._config_file = config_file
        self._edges = edges
        self._items = items
        self._stop_requested = stop_requested
        self._reader = reader_of(config)
        self._cabinet: Cabinet = replace(
            new_cabinet(rules_of(config), boot_id, board_serial()), ledger_faults=edges.ledger.faults()
        )
        self._control = Control(config, edges.tools, self._attempt)
        self._prune_due_s = 0.0
        self._look_again_s = 0.0
        self._do: dict[type[Act], Callable[[Any], None]] = {
            Acknowledge: lambda act: self._with_broker(lambda broker: broker.acknowledge(act.delivery)),
            FirePulse: lambda act: edges.coin_line.fire(act.payment_id, act.number),
            SendReceipt: lambda act: self._with_relay(lambda relay: relay.send_receipt(act.receipt)),
            FetchOffer: lambda _: self._with_relay(lambda relay: relay.fetch_offer()),
            FetchOpenPayments: lambda act: self._with_relay(
                lambda relay: relay.fetch_open_payments(act.payment_ids)
            ),
            ConnectBroker: lambda _: self._with_broker(Broker.start),
            DisconnectBroker: lambda _: self._with_broker(self._leave_broker),
            PublishGameOver: lambda act: self._with_broker(
                lambda broker: edges.announcer.game_over(act.game_over, broker)
            ),
            Note: lambda act: log.log(act.level, "%s", act.text),
        }

    def run(self) -> int:
        """Run until asked to stop (0), or until the coin line fails (1: the service manager begins anew)."""
        try:
            more_time(CARD_STALLS_S)
            self._begin()
            give_back()
            if not self._cabinet.coin_line_trouble:
                notify(READY)
            while not self._cabinet.stopping and not self._cabinet.coin_line_trouble:
                self._turn_once()
            notify(STOPPING)
        finally:
            self._wind_down()
        return 1 if self._cabinet.coin_line_trouble else 0

    def _begin(self) -> None:
        """Take up what the last run left; without a coin line a later start may still read its tally."""
        coin_line = self._edges.coin_line
        if coin_line.holds_pin:
            for note in self._edges.ledger.unsaid():  # before the first commit of this run
                log.log(note.level, "of the last run, perhaps said before: %s", note.text)
            self._handle(self._started())
            coin_line.begin_tally()
        self._handle_waiting()

    def _started(self) -> Started:
        ledger = self._edges.ledger
        return replace(
            ledger.read_start(),
            tally=self._edges.coin_line.tally,
            upgraded_from=ledger.upgraded_from,
            version=__version__,
            machine_name=self._config.name,
        )

    def _turn_once(self) -> None:
        began_s = since_boot_s()
        item = self._next_item()
        self._hear_the_board(began_s)
        if item is not None:
            self._handle(item)
        self._edges.coin_line.fail_if_overdue(since_boot_s())
        self._with_broker(self._announce)
        self._prune_once_a_day()
        broker = self._edges.broker
        if self._edges.coin_line.alive and (broker is None or broker.alive):
            notify(ALIVE)

    def _wind_down(self) -> None:
        """Let the pulses in line end, and write down that they did."""
        self._with_broker(self._leave_broker)
        self._cabinet = replace(self._cabinet, stopping=True)  # whatever ended the loop: no further pulse
        self._edges.coin_line.stop()
        self._handle_waiting()
        with suppress(sqlite3.OperationalError):  # on a full disk the next run says them again
            self._edges.ledger.forget_notes()

    def _prune_once_a_day(self) -> None:
        if since_boot_s() >= self._prune_due_s:
            self._prune_due_s = since_boot_s() + DAY_S
            try:
                with patience(CARD_STALLS_S):
                    self._edges.ledger.prune(seen=self._edges.journal_post.seen)
            except sqlite3.OperationalError as error:
                log.warning("old payments not pruned: %s", error)

    def _hear_the_fleet(self, said: JournalSeen) -> None:
        nothing_known = self._edges.journal_post.seen == 0
        with patience(CARD_STALLS_S):
            self._edges.journal_post.hear(said.payload)
        if nothing_known and self._edges.journal_post.seen > 0:
            self._prune_due_s = 0.0  # what is old can go only now

    def _next_item(self) -> QueueItem | None:
        """What comes next; None if it is time for something before anything comes."""
        due_s = (next_wake_s(self._cabinet), self._edges.announcer.due_s)
        wake_s = min((at_s for at_s in due_s if at_s is not None), default=None)
        try:
            return self._items.get(timeout=_wait_s(wake_s, since_boot_s()))
        except queue.Empty:
            return None

    def _hear_the_board(self, began_s: float) -> None:
        """Take up every edge before anything is decided by the clock, or by what waits in the queue.

        An edge has the kernel's time, and reaches us a moment later: only those of before this turn
        `began_s`, and of before that moment, are known to be all here.
        """
        if since_boot_s() >= self._look_again_s:
            self._look_again_s = since_boot_s() + LOOK_AGAIN_S
            self._edges.look_at_inputs_again()
        heard_s = min(began_s, since_boot_s() - SHORTEST_WAIT_S)
        for edge in self._edges.inputs.take():
            self._handle(edge)
        self._handle(Tick(heard_s))

    def _handle_waiting(self) -> None:
        """Handle what is in the queue now, and not what comes meanwhile: that might have no end."""
        for edge in self._edges.inputs.take():
            self._handle(edge)
        for _ in range(self._items.qsize()):
            self._handle(self._items.get())

    def _handle(self, item: QueueItem) -> None:
        if isinstance(item, ToolRequest):
            self._control.serve(item, self._cabinet)
            return
        if isinstance(item, InputsMoved):
            return  # its edges have been taken up
        if isinstance(item, ReloadRequested):
            if self._config_file is not None:
                begin_reading(self._config_file, self._config, self._items.put)
            return
        event = self._gather(item)
        if event is None:
            return
        decision = decide(self._cabinet, event, since_boot_s())
        while (trouble := self._write(decision)) is not None:
            self._wait_for_the_disk(trouble)
            decision = decide(self._cabinet, event, since_boot_s())
        self._follow(event, decision)
        if self._cabinet.ledger_trouble:
            self._edges.tools.refuse(None)
            # Through the same door: what could not be ordered meanwhile is written before it is done.
            self._handle(LedgerHealed())

    def _write(self, decision: Decision) -> str | None:
        """Put the decision on disk, or say why that is not possible just now."""
        try:
            if decision.records:
                with patience(CARD_STALLS_S):
                    self._edges.ledger.write(decision.records, decision.notes, decision.entries)
            elif decision.entries:
                with patience(CARD_STALLS_S):
                    self._edges.ledger.enter(decision.entries)
        except sqlite3.OperationalError as error:
            return str(error)
        return None

    def _attempt(self, event: Event) -> str | None:
        """Let something happen that may as well not: it never waits for the disk, which has the reason."""
        decision = decide(self._cabinet, event, since_boot_s())
        trouble = self._write(decision)
        if trouble is None:
            self._follow(event, decision)
        return trouble

    def _follow(self, event: Event, decision: Decision) -> None:
        self._cabinet = decision.cabinet
        for act in decision.acts:
            self._do[type(act)](act)
        self._control.saw(event, decision)

    def _wait_for_the_disk(self, trouble: str) -> None:
        """What happened and cannot be written is kept and tried again: nothing is lost or acknowledged.

        Raises:
            LedgerError: asked to stop before there was space.
        """
        self._edges.tools.refuse(f"the ledger cannot be written: {trouble}")
        if self._cabinet.ledger_trouble is None:
            failed = LedgerFailed(trouble)
            self._follow(failed, decide(self._cabinet, failed, since_boot_s()))
        self._mind_the_button()
        self._with_broker(self._announce)
        if self._stop_requested.wait(DISK_RETRY_S):
            raise LedgerError(f"stopped while the ledger could not be written: {trouble}")
        notify(ALIVE)
        more_time(CARD_STALLS_S)  # where it met with this at its start

    def _mind_the_button(self) -> None:
        """The technician's page is wanted most while something is wrong."""
        now_s = since_boot_s()
        events: list[InputChanged | Tick] = [*self._edges.inputs.take_of("service_button"), Tick(now_s)]
        for event in events:
            self._follow(event, decide_button(self._cabinet, event, now_s))

    def _gather(
        self, item: Event | CoinPulseArrived | OpenPaymentsListed | Published | JournalSeen | Reloaded
    ) -> Event | None:
        """The fact in full: with what the ledger knows of the payments that it names; None for no news."""
        if isinstance(item, Reloaded):
            return self._reconfigure(item)
        if isinstance(item, Published):
            is_journal = self._edges.journal_post.published(item.message_id)
            return None if is_journal else self._edges.announcer.published(item)
        if isinstance(item, JournalSeen):
            self._hear_the_fleet(item)
            return None
        if isinstance(item, CoinPulseArrived):
            return self._read(item)
        if isinstance(item, OpenPaymentsListed):
            find = self._find
            found = (FoundPayment(payment, left_s, find(payment.id)) for payment, left_s in item.payments)
            return OpenPaymentsFound(item.sent_s, tuple(found))
        return item

    def _read(self, arrived: CoinPulseArrived) -> PaymentReceived | MessageRefused:
        try:
            paid = self._reader.read(arrived.message)
        except Refused as error:
            return MessageRefused(arrived.delivery, str(error), isinstance(error, SignedByAnother))
        return PaymentReceived(
            arrived.delivery,
            paid.payment,
            arrived.received_s,
            paid.time_left_s,
            self._find(paid.payment.id),
            paid.window_s,
        )

    def _find(self, payment_id: str) -> KnownPayment | None:
        with patience(CARD_STALLS_S):
            return self._edges.ledger.find(payment_id)

    def _reconfigure(self, reloaded: Reloaded) -> RulesChanged:
        for level, text in reloaded.log_lines():
            log.log(level, "%s", text)
        self._config = reloaded.config
        self._reader = reader_of(reloaded.config)
        self._edges.announcer.reconfigure(reloaded.config, reloaded.outstanding)
        self._edges.inputs.reconfigure(input_holds_s(reloaded.config))
        return RulesChanged(
            rules_of(reloaded.config), reloaded.config.name, reloaded.applied, reloaded.outstanding_keys
        )

    def _announce(self, broker: Broker) -> None:
        self._edges.announcer.announce(self._cabinet, broker)
        if self._edges.journal_post.comes_due(self._cabinet):
            with patience(CARD_STALLS_S):
                self._edges.journal_post.send(broker)

    def _leave_broker(self, broker: Broker) -> None:
        broker.stop(self._edges.announcer.farewell())

    def _with_broker(self, use: Callable[[Broker], None]) -> None:
        if self._edges.broker is not None:
            use(self._edges.broker)

    def _with_relay(self, use: Callable[[RelayClient], None]) -> None:
        if self._edges.relay is not None:
            use(self._edges.relay)


def _wait_s(wake_s: float | None, now_s: float) -> float:
    """How long to wait for the next item: until the clock alone changes something."""
    if wake_s == AT_ONCE:
        return 0.0
    left_s = HEARTBEAT_S if wake_s is None else wake_s - now_s
    return min(HEARTBEAT_S, max(SHORTEST_WAIT_S, left_s))
