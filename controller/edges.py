"""EDGE. Everything that the loop acts through, opened in order and closed in reverse."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from controller.announcements.announcer import Announcer
from controller.announcements.journal_post import JournalPost
from controller.announcements.technician_feed import TechnicianFeed
from controller.board.coin_line import CoinLine
from controller.board.coin_line_start import Process
from controller.board.input_gate import InputGate
from controller.board.inputs import board_inputs
from controller.cloud.broker import Broker, SideTopic
from controller.cloud.relay_client import RelayClient
from controller.config.applied import input_holds_s, input_lines
from controller.config.keys import Config
from controller.control.requests import NoToolChannel, ToolChannel
from controller.control.socket import ControlSocket
from controller.formats import wire
from controller.formats.control_lines import Request
from controller.formats.wire import CoinPulseMessage
from controller.ledger.file import LEDGER_NAME
from controller.ledger.ledger import Ledger
from controller.model.events import Delivery
from controller.system.clock import is_clock_set, since_boot_s, wall_time

log = logging.getLogger("controller")


@dataclass(frozen=True)
class CoinPulseArrived:
    """A message on our topic that has not been read yet."""

    message: CoinPulseMessage
    delivery: Delivery
    received_s: float


@dataclass(frozen=True)
class JournalSeen:
    """What a fleet said that it has of our journal, not read yet."""

    payload: bytes


@dataclass(frozen=True)
class OneShot:
    """In the place of the daemon: without broker, relay and screen, to do one thing, seen by `tools`."""

    request: Request
    tools: ToolChannel


@dataclass(frozen=True)
class Edges:
    """What the loop reads, writes, fires and publishes with; `broker` and `relay` are None without them.

    `inputs` has the edges of the board's lines; `look_at_inputs_again` tells it levels whose edge got lost.
    """

    ledger: Ledger
    tools: ToolChannel
    announcer: Announcer
    journal_post: JournalPost
    relay: RelayClient | None
    broker: Broker | None
    coin_line: CoinLine
    inputs: InputGate
    look_at_inputs_again: Callable[[], None]


@contextmanager
def open_edges(
    config: Config,
    boot_id: str,
    one_shot: OneShot | None,
    put: Callable[[Any], None],
    stop_requested: Callable[[], bool],
    start_coin_line: Callable[[], Process],
) -> Iterator[Edges]:
    """Open all that the configuration names; what each edge sees is `put` into the loop's queue.

    A coin line that takes its time is waited for until a stop is requested.

    Raises:
        LedgerError: the ledger cannot be had.
        GPIOZeroError: the pins cannot be had.
    """
    with ExitStack() as closing:
        ledger = Ledger(config.state_dir / LEDGER_NAME, wall_time)
        closing.callback(ledger.close)
        relay = None if one_shot else _relay_client(config, put, closing)
        announcer = Announcer(
            config,
            boot_id,
            games_today=lambda pulses: _games_today(ledger, pulses),
            technician=TechnicianFeed(config, lambda: relay.clock_ahead_s if relay else None),
        )
        journal_post = JournalPost(config.machine_id, boot_id, ledger)
        tools = one_shot.tools if one_shot else _control_socket(config, put, closing)
        broker = None if one_shot else _broker(config, announcer, put)
        coin_line = CoinLine(
            config.coin_line, config.mock_board, config.tally, ledger.identity, put, start_coin_line
        )
        coin_line.start(stop_requested)
        closing.callback(coin_line.stop)
        gate = InputGate(input_holds_s(config), put)
        look_again = closing.enter_context(board_inputs(input_lines(config), config.mock_board, gate.hear))
        yield Edges(ledger, tools, announcer, journal_post, relay, broker, coin_line, gate, look_again)


def _games_today(ledger: Ledger, pulses_per_credit: int) -> int | None:
    """A Pi that nobody has told the time would count another day's games."""
    return ledger.today.games(pulses_per_credit) if is_clock_set() else None


def _control_socket(config: Config, put: Callable[[Any], None], closing: ExitStack) -> ToolChannel:
    control = ControlSocket(config.control_socket, put)
    try:
        control.start()
    except OSError as error:
        log.error("control socket: %s: pulse, watch and clear cannot reach this controller", error)
        return NoToolChannel()
    closing.callback(control.stop)
    return control


def _relay_client(config: Config, put: Callable[[Any], None], closing: ExitStack) -> RelayClient | None:
    if config.relay is None:
        return None
    relay = RelayClient(config.relay, config.machine_id, put, since_boot_s)
    closing.callback(relay.close)
    return relay


def _broker(config: Config, announcer: Announcer, put: Callable[[Any], None]) -> Broker:
    return Broker(
        config.broker,
        config.machine_id,
        coinpulse_topic=wire.coinpulse_topic(config.machine_id),
        will=announcer.farewell(),
        on_coinpulse=lambda message, delivery: put(CoinPulseArrived(message, delivery, since_boot_s())),
        on_link=put,
        on_published=put,
        side_topic=SideTopic(
            wire.journal_seen_topic(config.machine_id), lambda payload: put(JournalSeen(payload))
        ),
    )
