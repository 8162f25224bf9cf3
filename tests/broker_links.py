"""A cabinet's real link to a broker, without the rules: what comes over it, and how it ends."""

from __future__ import annotations

import queue

from controller.cloud.broker import Broker
from controller.config.keys import BrokerConfig
from controller.formats.wire import CoinPulseMessage, coinpulse_topic, status_topic
from controller.model.events import BrokerConnected, BrokerLost, Delivery


class Link:
    """Begins, and leaves as a stopped controller does; it acknowledges nothing."""

    def __init__(self, config: BrokerConfig, machine_id: str) -> None:
        self.heard: list[bytes] = []
        self.events: queue.SimpleQueue[BrokerConnected | BrokerLost] = queue.SimpleQueue()
        self._farewell = (status_topic(machine_id), b"offline")
        self._broker = Broker(
            config,
            machine_id,
            coinpulse_topic=coinpulse_topic(machine_id),
            will=self._farewell,
            on_coinpulse=self._hear,
            on_link=self.events.put,
            on_published=lambda _: None,
        )

    def begin(self) -> BrokerConnected | BrokerLost:
        """Connect, and tell how that went."""
        self._broker.start()
        return self.events.get(timeout=60)

    def leave(self) -> None:
        """Say the farewell and go; the broker keeps the session."""
        self._broker.stop(self._farewell)

    def _hear(self, message: CoinPulseMessage, _: Delivery) -> None:
        self.heard.append(message.payload)
