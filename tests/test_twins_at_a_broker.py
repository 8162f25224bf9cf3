"""Two cabinets of one id, and a broker that keeps crashing, at a real Mosquitto: both look the same."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cabinets import NOW_S, started_bench
from conftest import PASSWORDS, wait_until
from hurried_link import hurried

from controller.cloud.broker import Broker
from controller.config.keys import BrokerConfig
from controller.model.cabinet import accepting
from controller.model.effects import ConnectBroker, DisconnectBroker
from controller.model.events import BrokerConnected, BrokerLost, Tick
from controller.rules.mood import faults
from simulator.chain.broker import Broker as Mosquitto

MACHINE = "galaga-01"
TOPIC, STATUS = f"arcade/machine/{MACHINE}/coinpulse", f"arcade/machine/{MACHINE}/status"
# The rules' minutes pass so much faster here; what the broker does takes its own time.
FASTER = 40.0


class LinkedCabinet:
    """The rules, and their real link to a broker, in a loop of their own; without a relay."""

    def __init__(self, broker: Mosquitto) -> None:
        self.was_suspicious = False
        self._events: queue.SimpleQueue[BrokerConnected | BrokerLost | None] = queue.SimpleQueue()
        self._bench, orders = started_bench(has_relay=False)
        self._began_s = time.monotonic()
        link = Broker(
            BrokerConfig("localhost", broker.port, PASSWORDS[MACHINE], broker.ca_file),
            MACHINE,
            coinpulse_topic=TOPIC,
            will=(STATUS, b"{}"),
            on_coinpulse=lambda *_: None,
            on_link=self._events.put,
            on_published=lambda _: None,
        )
        self._broker = hurried(link)
        self._follow(orders.acts)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def sells(self) -> bool:
        """Whether its door is open."""
        return accepting(self._bench.cabinet, self._bench.now_s)

    @property
    def faults(self) -> list[str]:
        """The kinds of what is wrong with it."""
        return [fault.kind for fault in faults(self._bench.cabinet, self._bench.now_s)]

    def stop(self) -> None:
        """End the loop, and leave the broker."""
        self._events.put(None)
        self._thread.join()
        self._broker.stop((STATUS, b"{}"))

    def _run(self) -> None:
        while True:
            event: BrokerConnected | BrokerLost | Tick | None
            try:
                event = self._events.get(timeout=0.05)
            except queue.Empty:
                event = Tick()
            if event is None:
                return
            self._bench.now_s = NOW_S + (time.monotonic() - self._began_s) * FASTER
            self._follow(self._bench.handle(event).acts)
            self.was_suspicious |= "twin" in self.faults

    def _follow(self, acts: tuple[object, ...]) -> None:
        for act in acts:
            if isinstance(act, ConnectBroker):
                self._broker.start()
            elif isinstance(act, DisconnectBroker):
                self._broker.stop((STATUS, b"{}"))


@contextmanager
def linked_cabinet(broker: Mosquitto) -> Iterator[LinkedCabinet]:
    cabinet = LinkedCabinet(broker)
    try:
        yield cabinet
    finally:
        cabinet.stop()


def crash_until(broker: Mosquitto, is_enough: Callable[[], bool]) -> int:
    """Let the broker crash a moment after each connection, and run in the end; how often it crashed."""
    crashes = 0

    def is_connected_again() -> bool:
        return broker.log_file.read_text().count(f" as {MACHINE} ") > crashes

    while True:
        wait_until(lambda: is_enough() or is_connected_again(), "a connection")
        if is_enough():
            return crashes
        broker.kill()
        broker.start()
        crashes += 1


def test_a_broker_that_keeps_crashing_closes_the_door_for_some_minutes(broker: Mosquitto) -> None:
    """It is taken for a second cabinet, as a guess; nobody has to come."""
    with linked_cabinet(broker) as cabinet:
        wait_until(lambda: cabinet.sells, "the door to open")

        crashes = crash_until(broker, lambda: cabinet.was_suspicious)

        assert (crashes >= 5, cabinet.sells, cabinet.faults) == (True, False, ["twin"])
        wait_until(lambda: cabinet.sells, "the door to open by itself", within_s=60)
        assert cabinet.faults == []


def test_a_second_cabinet_is_visible_as_long_as_it_is_there(broker: Mosquitto) -> None:
    """One of the two gives way, and comes to look again; when the other is gone, it sells."""
    with linked_cabinet(broker) as one:
        wait_until(lambda: one.sells, "the first to sell")
        with linked_cabinet(broker) as other:
            both = (one, other)
            wait_until(lambda: any(each.was_suspicious for each in both), "one to notice", within_s=60)
            ends_s = time.monotonic() + 12.5  # eight minutes of the rules, and more
            while time.monotonic() < ends_s:
                assert any("twin" in each.faults and not each.sells for each in both)
                time.sleep(0.02)
        wait_until(lambda: one.sells, "the first to sell again", within_s=60)
        assert one.faults == []
