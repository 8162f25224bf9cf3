"""The composition root: builds the edges, and runs the one loop that gathers, decides and acts."""

from __future__ import annotations

import logging
import queue
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from controller import __version__, wire
from controller.board_inputs import board_inputs
from controller.broker import Broker
from controller.cabinet import accepting, new_cabinet
from controller.clock import boot_id, since_boot_s, wall_time
from controller.coin_line import CoinLine
from controller.config import CoinMeterConfig, Config, InputConfig
from controller.decide import Decision, decide, next_wake_s
from controller.effects import (
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
from controller.events import (
    Acknowledged,
    Delivery,
    Event,
    FoundPayment,
    InputLine,
    LedgerFailed,
    LedgerHealed,
    MessageRefused,
    OpenPaymentsFound,
    PaymentReceived,
    StopAsked,
    Tick,
)
from controller.hardware import board_serial
from controller.ledger import Ledger, LedgerError
from controller.mood import faults, mood
from controller.relay_client import OpenPaymentsListed, RelayClient
from controller.rules import MeterRules, Rules
from controller.screen_feed import ScreenFeed
from controller.systemd_notify import ALIVE, READY, STOPPING, notify
from controller.wire import CoinPulseMessage, Refused, Status

log = logging.getLogger("controller")

# The loop comes round at least this often, so that the screen and the watchdog see it live.
HEARTBEAT_S = 1.0
# The loop never spins, even if something is due that cannot be done yet.
SHORTEST_WAIT_S = 0.01
# A status that is not renewed expires at the broker: a cabinet that died together with its broker, and so
# without a last will, must not seem to be selling for ever.
STATUS_RENEWED_S, STATUS_EXPIRES_S = 60.0, 180
DAY_S = 86400.0
# How long to wait before a full disk is tried again.
DISK_RETRY_S = 1.0


@dataclass(frozen=True)
class CoinPulseArrived:
    """A message on our topic that has not been read yet."""

    message: CoinPulseMessage
    delivery: Delivery
    received_s: float


Happened = Event | CoinPulseArrived | OpenPaymentsListed


class App:
    """The daemon. Its queue is the only way in, and only `run` takes from it."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._queue: queue.SimpleQueue[Happened] = queue.SimpleQueue()
        self._stop_asked = threading.Event()
        self._boot_id = config.demo_boot_id or boot_id()
        self._cabinet = new_cabinet(_rules(config), self._boot_id, board_serial())
        token = config.relay.token if config.relay else None
        self._reader = wire.Reader(config.machine_id, token, config.accept_unsigned_coinpulse)
        self._published: Status | None = None
        self._status_due_s = 0.0
        self._prune_due_s = 0.0
        self._do: dict[type[Act], Callable[[Any], None]] = {
            Acknowledge: self._acknowledge,
            FirePulse: lambda act: self._coin_line.fire(act.payment_id, act.number),
            SendReceipt: lambda act: self._ask_relay(lambda relay: relay.send_receipt(act.receipt)),
            FetchOffer: lambda _: self._ask_relay(lambda relay: relay.fetch_offer()),
            FetchOpenPayments: lambda act: self._ask_relay(
                lambda relay: relay.fetch_open_payments(act.payment_ids)
            ),
            ConnectBroker: lambda _: self._broker.start(),
            DisconnectBroker: lambda _: self._broker.stop(self._farewell()),
            PublishGameOver: self._publish_game_over,
            Note: lambda act: log.log(act.level, "%s", act.text),
        }

    def run(self) -> int:
        """Run until asked to stop (0), or until the coin line fails (1: the service manager begins anew)."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._ask_to_stop())
        with ExitStack() as edges:
            self._start(edges)
            self._handle_waiting()
            if not self._cabinet.coin_line_trouble:
                notify(READY)
            self._loop()
            notify(STOPPING)
        return 1 if self._cabinet.coin_line_trouble else 0

    def _ask_to_stop(self) -> None:
        self._stop_asked.set()
        self._queue.put(StopAsked())

    def _start(self, edges: ExitStack) -> None:
        config = self._config
        self._ledger = Ledger(config.state_dir / "ledger.sqlite", wall_time)
        edges.callback(self._ledger.close)
        self._cabinet = replace(self._cabinet, ledger_faults=self._ledger.faults())
        self._screen = ScreenFeed(config.screen_feed, _about(config), since_boot_s)
        self._relay = self._new_relay_client()
        edges.callback(self._ask_relay, RelayClient.close)
        self._broker = self._new_broker()
        self._coin_line = CoinLine(config.coin_line, config.mock_board, self._queue.put)
        self._coin_line.start()
        edges.callback(self._stop_coin_line)
        edges.enter_context(board_inputs(_input_lines(config), config.mock_board, self._queue.put))
        edges.callback(lambda: self._broker.stop(self._farewell()))
        self._handle(self._ledger.read_start())

    def _new_broker(self) -> Broker:
        machine_id = self._config.machine_id
        return Broker(
            self._config.broker,
            machine_id,
            coinpulse_topic=wire.coinpulse_topic(machine_id),
            will=self._farewell(),
            tell_message=self._message_arrived,
            tell_link=self._queue.put,
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
            self._tell()
            self._prune_once_a_day()
            if self._broker.alive and self._coin_line.alive:
                notify(ALIVE)

    def _prune_once_a_day(self) -> None:
        if since_boot_s() >= self._prune_due_s:
            self._prune_due_s = since_boot_s() + DAY_S
            try:
                self._ledger.prune()
            except sqlite3.OperationalError as error:
                log.warning("old payments not pruned: %s", error)

    def _next_event(self) -> Happened:
        wake_s = next_wake_s(self._cabinet)
        left_s = HEARTBEAT_S if wake_s is None else wake_s - since_boot_s()
        try:
            return self._queue.get(timeout=min(HEARTBEAT_S, max(SHORTEST_WAIT_S, left_s)))
        except queue.Empty:
            return Tick()

    def _handle(self, happened: Happened) -> None:
        event = self._gather(happened)
        decision = decide(self._cabinet, event, since_boot_s())
        while (trouble := self._write(decision)) is not None:
            self._wait_for_the_disk(trouble)
            decision = decide(self._cabinet, event, since_boot_s())
        self._follow(decision)
        if self._cabinet.ledger_trouble:
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

    def _follow(self, decision: Decision) -> None:
        self._cabinet = decision.cabinet
        for act in decision.acts:
            self._do[type(act)](act)

    def _wait_for_the_disk(self, trouble: str) -> None:
        """What happened and cannot be written is kept and tried again: nothing is lost or acknowledged.

        Raises:
            LedgerError: asked to stop before there was space.
        """
        if self._cabinet.ledger_trouble is None:
            self._follow(decide(self._cabinet, LedgerFailed(trouble), since_boot_s()))
        self._tell()
        if self._stop_asked.wait(DISK_RETRY_S):
            raise LedgerError(f"stopped while the ledger could not be written: {trouble}")
        notify(ALIVE)

    def _handle_waiting(self) -> None:
        while not self._queue.empty():
            self._handle(self._queue.get())

    def _gather(self, happened: Happened) -> Event:
        """The fact in full: with what the ledger knows of the payments that it names."""
        if isinstance(happened, CoinPulseArrived):
            return self._read(happened)
        if isinstance(happened, OpenPaymentsListed):
            find = self._ledger.find
            found = (FoundPayment(payment, left_s, find(payment.id)) for payment, left_s in happened.payments)
            return OpenPaymentsFound(happened.asked_s, tuple(found))
        return happened

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

    def _message_arrived(self, message: CoinPulseMessage, delivery: Delivery) -> None:
        self._queue.put(CoinPulseArrived(message, delivery, since_boot_s()))

    def _acknowledge(self, act: Acknowledge) -> None:
        self._broker.acknowledge(act.delivery)
        self._queue.put(Acknowledged(act.delivery))

    def _ask_relay(self, ask: Callable[[RelayClient], None]) -> None:
        if self._relay is not None:
            ask(self._relay)

    def _publish_game_over(self, act: PublishGameOver) -> None:
        machine_id = self._config.machine_id
        payload = wire.gameover_payload(machine_id, act.session, act.duration_s, wall_time())
        self._broker.publish(wire.gameover_topic(machine_id), payload, retain=False)

    def _tell(self) -> None:
        """Let the door and the screen know what changed."""
        self._screen.show(self._cabinet)
        status = self._status() if self._cabinet.broker_up else None
        due = status != self._published or since_boot_s() >= self._status_due_s
        if status is not None and due:
            topic, payload = wire.status_topic(self._config.machine_id), status.payload(wall_time())
            self._broker.publish(topic, payload, retain=True, expiry_s=STATUS_EXPIRES_S)
            self._status_due_s = since_boot_s() + STATUS_RENEWED_S
        self._published = status

    def _status(self) -> Status:
        cabinet, now_s = self._cabinet, since_boot_s()
        return Status(
            machine_id=self._config.machine_id,
            online=True,
            accepting=accepting(cabinet, now_s),
            state=mood(cabinet, now_s),
            credits=cabinet.credits_on_board,
            version=__version__,
            boot_id=self._boot_id,
            faults=faults(cabinet, now_s),
            conflicts=cabinet.conflicts,
            coins=cabinet.coins,
        )

    def _farewell(self) -> tuple[str, bytes]:
        machine_id = self._config.machine_id
        status = wire.offline_status(machine_id, __version__, self._boot_id)
        return wire.status_topic(machine_id), status.payload(wall_time())

    def _stop_coin_line(self) -> None:
        """Let the pulse in flight end, and write down that it did."""
        self._cabinet = replace(self._cabinet, stopping=True)  # whatever ended the loop: no further pulse
        self._coin_line.stop()
        self._handle_waiting()


def _rules(config: Config) -> Rules:
    return Rules(
        machine_id=config.machine_id,
        pulses_per_credit=config.coin_line.pulses_per_credit,
        session_timeout_s=config.session_timeout_s,
        board_boot_s=config.board_boot_s,
        game_over_hold_s=config.game_over.debounce_ms / 1000 if config.game_over else 0.0,
        ready_hold_s=config.ready.debounce_ms / 1000 if config.ready else 0.0,
        has_ready_line=config.ready is not None,
        has_relay=config.relay is not None,
        payment_link=config.payment_link,
        board_keeps_credits=config.board_keeps_credits,
        pulse_period_s=(config.coin_line.pulse_ms + config.coin_line.gap_ms) / 1000,
        settle_s=config.coin_line.settle_ms / 1000,
        shortest_ms=config.coin_line.shortest_ms,
        longest_ms=config.coin_line.longest_ms,
        max_credits=config.coin_line.max_credits,
        ready_stuck_s=config.ready_stuck_s,
        coin_meter=_meter_rules(config.coin_meter) if config.coin_meter else None,
    )


def _meter_rules(meter: CoinMeterConfig) -> MeterRules:
    return MeterRules(meter.debounce_ms / 1000, meter.within_ms / 1000, meter.out_of_order_after)


def _input_lines(config: Config) -> dict[InputLine, InputConfig | CoinMeterConfig | None]:
    return {"game_over": config.game_over, "ready": config.ready, "coin_meter": config.coin_meter}


def _about(config: Config) -> dict[str, Any]:
    return {
        "machine_id": config.machine_id,
        "machine_name": config.name,
        "rotate": config.rotate,
    }
