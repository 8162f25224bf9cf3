"""The composition root: builds the edges, and runs the one loop that gathers, decides and acts."""

from __future__ import annotations

import logging
import os
import queue
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from controller.announcements.announcer import Announcer
from controller.board.coin_line import CoinLine
from controller.board.inputs import board_inputs
from controller.cloud.broker import Broker
from controller.cloud.relay_client import OpenPaymentsListed, RelayClient
from controller.config.applied import input_lines, reader_of, rules_of
from controller.config.keys import Config
from controller.config.reload import Reloaded, ReloadRequested, begin_reading
from controller.control.requests import Control, NoToolChannel, ToolChannel
from controller.control.socket import ControlSocket
from controller.formats import wire
from controller.formats.control_lines import Request, ToolRequest
from controller.formats.wire import CoinPulseMessage, Refused
from controller.ledger.file import LEDGER_NAME
from controller.ledger.ledger import Ledger, LedgerError
from controller.model.cabinet import new_cabinet
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
    RecordPayment,
    SendReceipt,
)
from controller.model.events import (
    Acknowledged,
    Delivery,
    Event,
    FoundPayment,
    LedgerFailed,
    LedgerHealed,
    MessageRefused,
    OpenPaymentsFound,
    PaymentReceived,
    RulesChanged,
    StopRequested,
    Tick,
)
from controller.rules.decide import Decision, decide, next_wake_s
from controller.system.clock import boot_id, since_boot_s, wall_time
from controller.system.hardware import board_serial
from controller.system.systemd_notify import ALIVE, READY, STOPPING, notify

log = logging.getLogger("controller")

# The loop comes round at least this often, so that the screen and the watchdog see it live.
HEARTBEAT_S = 1.0
# The loop never spins, even if something is due that cannot be done yet.
SHORTEST_WAIT_S = 0.01
DAY_S = 86400.0
# How long to wait before a full disk is tried again.
DISK_RETRY_S = 1.0


@dataclass(frozen=True)
class CoinPulseArrived:
    """A message on our topic that has not been read yet."""

    message: CoinPulseMessage
    delivery: Delivery
    received_s: float


QueueItem = Event | CoinPulseArrived | OpenPaymentsListed | ToolRequest | ReloadRequested | Reloaded


@dataclass(frozen=True)
class OneShot:
    """In the place of the daemon: without broker, relay and screen, to do one thing, seen by `tools`."""

    request: Request
    tools: ToolChannel


class App:
    """The daemon, or what does one thing in its place.

    Its queue is the only way in, and only `run` takes from it. It reads `config_file` again when told to.
    """

    def __init__(
        self, config: Config, one_shot: OneShot | None = None, *, config_file: Path | None = None
    ) -> None:
        self._config = config
        self._config_file = config_file
        self._one_shot = one_shot
        self._queue: queue.SimpleQueue[QueueItem] = queue.SimpleQueue()
        self._stop_requested = threading.Event()
        self._boot_id = config.demo_boot_id or boot_id()
        self._cabinet = new_cabinet(rules_of(config), self._boot_id, board_serial())
        self._reader = reader_of(config)
        self._announcer = Announcer(config, self._boot_id)
        self._prune_due_s = 0.0
        self._just_recorded = False
        self._do: dict[type[Act], Callable[[Any], None]] = {
            Acknowledge: self._acknowledge,
            FirePulse: lambda act: self._coin_line.fire(act.payment_id, act.number),
            SendReceipt: lambda act: self._with_relay(lambda relay: relay.send_receipt(act.receipt)),
            FetchOffer: lambda _: self._with_relay(lambda relay: relay.fetch_offer()),
            FetchOpenPayments: lambda act: self._with_relay(
                lambda relay: relay.fetch_open_payments(act.payment_ids)
            ),
            ConnectBroker: lambda _: self._with_broker(Broker.start),
            DisconnectBroker: lambda _: self._with_broker(self._leave_broker),
            PublishGameOver: lambda act: self._with_broker(
                lambda broker: self._announcer.game_over(act, broker)
            ),
            Note: lambda act: log.log(act.level, "%s", act.text),
        }

    def run(self) -> int:
        """Run until asked to stop (0), or until the coin line fails (1: the service manager begins anew)."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.request_stop())
        # At a terminal it says that the terminal was closed.
        if self._config_file is not None and not os.isatty(0):
            signal.signal(signal.SIGHUP, lambda *_: self._queue.put(ReloadRequested()))
        with ExitStack() as edges:
            self._start(edges)
            self._handle_waiting()
            if not self._cabinet.coin_line_trouble:
                notify(READY)
            self._loop()
            notify(STOPPING)
        return 1 if self._cabinet.coin_line_trouble else 0

    def request_stop(self) -> None:
        """Have `run` end, once the pulse on the line has; may be called from any thread."""
        self._stop_requested.set()
        self._queue.put(StopRequested())

    def _start(self, edges: ExitStack) -> None:
        config = self._config
        self._ledger = Ledger(config.state_dir / LEDGER_NAME, wall_time)
        edges.callback(self._ledger.close)
        self._cabinet = replace(self._cabinet, ledger_faults=self._ledger.faults())
        self._control = self._new_control(edges)
        self._relay = None if self._one_shot else self._new_relay_client()
        edges.callback(self._with_relay, RelayClient.close)
        self._broker = None if self._one_shot else self._new_broker()
        self._coin_line = CoinLine(
            config.coin_line, config.mock_board, config.tally, self._ledger.identity, self._queue.put
        )
        self._coin_line.start()
        edges.callback(self._stop_coin_line)
        inputs = board_inputs(input_lines(config), config.mock_board, self._queue.put)
        self._look_at_inputs_again = edges.enter_context(inputs)
        edges.callback(self._with_broker, self._leave_broker)
        if self._coin_line.holds_pin:  # else a later start may still read what became of the ordered pulses
            self._handle(replace(self._ledger.read_start(), tally=self._coin_line.tally))
            self._coin_line.begin_tally()
        if self._one_shot:  # after the levels of the inputs
            self._queue.put(ToolRequest(0, self._one_shot.request, since_boot_s()))

    def _new_control(self, edges: ExitStack) -> Control:
        self._tools = self._one_shot.tools if self._one_shot else self._new_control_socket(edges)
        return Control(self._config, self._tools, self._attempt)

    def _new_control_socket(self, edges: ExitStack) -> ToolChannel:
        control = ControlSocket(self._config.control_socket, self._queue.put)
        try:
            control.start()
        except OSError as error:
            log.error("control socket: %s: pulse, watch and clear cannot reach this controller", error)
            return NoToolChannel()
        edges.callback(control.stop)
        return control

    def _new_broker(self) -> Broker:
        machine_id = self._config.machine_id
        return Broker(
            self._config.broker,
            machine_id,
            coinpulse_topic=wire.coinpulse_topic(machine_id),
            will=self._announcer.farewell(),
            on_coinpulse=self._message_arrived,
            on_link=self._queue.put,
        )

    def _new_relay_client(self) -> RelayClient | None:
        if self._config.relay is None:
            return None
        relay = self._config.relay
        return RelayClient(relay.url, self._config.machine_id, relay.token, self._queue.put, since_boot_s)

    def _loop(self) -> None:
        while not self._cabinet.stopping and not self._cabinet.coin_line_trouble:
            self._handle(self._next_event())
            self._coin_line.fail_if_overdue(since_boot_s())
            self._with_broker(self._announce)
            self._prune_once_a_day()
            if self._coin_line.alive and (self._broker is None or self._broker.alive):
                notify(ALIVE)

    def _prune_once_a_day(self) -> None:
        if since_boot_s() >= self._prune_due_s:
            self._prune_due_s = since_boot_s() + DAY_S
            try:
                self._ledger.prune()
            except sqlite3.OperationalError as error:
                log.warning("old payments not pruned: %s", error)

    def _next_event(self) -> QueueItem:
        # The first pulse follows with the event after the one that wrote the payment down.
        wake_s = 0.0 if self._just_recorded else next_wake_s(self._cabinet)
        left_s = HEARTBEAT_S if wake_s is None else wake_s - since_boot_s()
        try:
            return self._queue.get(timeout=min(HEARTBEAT_S, max(SHORTEST_WAIT_S, left_s)))
        except queue.Empty:
            self._look_at_inputs_again()
            return Tick()

    def _handle(self, item: QueueItem) -> None:
        if isinstance(item, ToolRequest):
            self._control.serve(item, self._cabinet)
            return
        if isinstance(item, ReloadRequested):
            if self._config_file is not None:
                begin_reading(self._config_file, self._config, self._queue.put)
            return
        if isinstance(item, Reloaded):
            item = self._reconfigure(item)
        event = self._gather(item)
        decision = decide(self._cabinet, event, since_boot_s())
        while (trouble := self._write(decision)) is not None:
            self._wait_for_the_disk(trouble)
            decision = decide(self._cabinet, event, since_boot_s())
        self._follow(event, decision)
        if self._cabinet.ledger_trouble:
            self._tools.refuse(None)
            # Through the same door: what could not be ordered meanwhile is written before it is done.
            self._handle(LedgerHealed())

    def _write(self, decision: Decision) -> str | None:
        """Put the decision on disk, or say why that is not possible just now."""
        try:
            if decision.records:
                self._ledger.write(decision.records)
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
        self._just_recorded = any(isinstance(record, RecordPayment) for record in decision.records)
        for act in decision.acts:
            self._do[type(act)](act)
        self._control.saw(event, decision)

    def _wait_for_the_disk(self, trouble: str) -> None:
        """What happened and cannot be written is kept and tried again: nothing is lost or acknowledged.

        Raises:
            LedgerError: asked to stop before there was space.
        """
        self._tools.refuse(f"the ledger cannot be written: {trouble}")
        if self._cabinet.ledger_trouble is None:
            failed = LedgerFailed(trouble)
            self._follow(failed, decide(self._cabinet, failed, since_boot_s()))
        self._with_broker(self._announce)
        if self._stop_requested.wait(DISK_RETRY_S):
            raise LedgerError(f"stopped while the ledger could not be written: {trouble}")
        notify(ALIVE)

    def _handle_waiting(self) -> None:
        while not self._queue.empty():
            self._handle(self._queue.get())

    def _gather(self, item: Event | CoinPulseArrived | OpenPaymentsListed) -> Event:
        """The fact in full: with what the ledger knows of the payments that it names."""
        if isinstance(item, CoinPulseArrived):
            return self._read(item)
        if isinstance(item, OpenPaymentsListed):
            find = self._ledger.find
            found = (FoundPayment(payment, left_s, find(payment.id)) for payment, left_s in item.payments)
            return OpenPaymentsFound(item.sent_s, tuple(found))
        return item

    def _read(self, arrived: CoinPulseArrived) -> PaymentReceived | MessageRefused:
        try:
            paid = self._reader.read(arrived.message)
        except Refused as error:
            return MessageRefused(arrived.delivery, str(error))
        return PaymentReceived(
            arrived.delivery,
            paid.payment,
            arrived.received_s,
            paid.time_left_s,
            self._ledger.find(paid.payment.id),
            paid.window_s,
        )

    def _reconfigure(self, reloaded: Reloaded) -> RulesChanged:
        for level, text in reloaded.log_lines():
            log.log(level, "%s", text)
        self._config = reloaded.config
        self._reader = reader_of(reloaded.config)
        self._announcer.reconfigure(reloaded.config, reloaded.outstanding)
        return RulesChanged(rules_of(reloaded.config))

    def _message_arrived(self, message: CoinPulseMessage, delivery: Delivery) -> None:
        self._queue.put(CoinPulseArrived(message, delivery, since_boot_s()))

    def _acknowledge(self, act: Acknowledge) -> None:
        self._with_broker(lambda broker: broker.acknowledge(act.delivery))
        self._queue.put(Acknowledged(act.delivery))

    def _with_broker(self, use: Callable[[Broker], None]) -> None:
        if self._broker is not None:
            use(self._broker)

    def _announce(self, broker: Broker) -> None:
        self._announcer.announce(self._cabinet, broker)

    def _leave_broker(self, broker: Broker) -> None:
        broker.stop(self._announcer.farewell())

    def _with_relay(self, use: Callable[[RelayClient], None]) -> None:
        if self._relay is not None:
            use(self._relay)

    def _stop_coin_line(self) -> None:
        """Let the pulse in flight end, and write down that it did."""
        self._cabinet = replace(self._cabinet, stopping=True)  # whatever ended the loop: no further pulse
        self._coin_line.stop()
        self._handle_waiting()
