"""The journal through a real Mosquitto with the shipped access rules, and through one that lacks them."""

from __future__ import annotations

import json
import logging
import queue
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from cabinets import BOOT, NOW_S, RULES
from conftest import PASSWORDS, wait_until
from journal_fleet import ModelFleet
from paho.mqtt.enums import CallbackAPIVersion
from test_whole_chain import checkout, wait_until_it_sells

from controller.announcements.journal_post import JournalPost
from controller.cloud.broker import Broker, Published, SideTopic
from controller.config.keys import BrokerConfig
from controller.formats.wire import coinpulse_topic, journal_seen_topic, journal_topic, status_topic
from controller.ledger.ledger import Ledger
from controller.model.cabinet import new_cabinet
from controller.model.events import BrokerConnected, BrokerLost
from controller.model.journal import Entry, EntryKind
from controller.model.policy import Rules
from controller.rules.sending import LISTEN_FIRST_S
from simulator.chain.broker import Broker as Mosquitto
from simulator.chain.cabinet import MACHINE_ID
from simulator.chain.chain import running_chain

MACHINE, FLEET = "galaga-01", "cloud.fleet"
FAREWELL = (status_topic(MACHINE), b"offline")
LOGINS = PASSWORDS | {FLEET: "fleet-password"}


class OldMosquitto(Mosquitto):
    """With the rules of before there was a journal."""

    def _write_files(self) -> None:
        super()._write_files()
        rules = self.folder / "cabinets.acl"
        rules.write_text("".join(line for line in rules.open() if "journal" not in line))


class Machine:
    """A cabinet's ledger, its post and its real link, and a loop that comes round when it is asked to."""

    def __init__(self, broker: Mosquitto, ledger: Ledger) -> None:
        self.told: queue.SimpleQueue[BrokerConnected | BrokerLost | Published | bytes] = queue.SimpleQueue()
        self.links: list[BrokerConnected | BrokerLost] = []
        self.answers: list[Published] = []
        self.owed: set[int] = set()
        self.now_s = NOW_S
        self.ledger = ledger
        self.post = JournalPost(MACHINE, BOOT, ledger, lambda: self.now_s)
        self._cabinet = new_cabinet(Rules(**RULES), BOOT)
        self.broker = Broker(
            BrokerConfig("localhost", broker.port, PASSWORDS[MACHINE], broker.ca_file),
            MACHINE,
            coinpulse_topic=coinpulse_topic(MACHINE),
            will=FAREWELL,
            on_coinpulse=lambda *_: None,
            on_link=self.told.put,
            on_published=self.told.put,
            side_topic=SideTopic(journal_seen_topic(MACHINE), self.told.put),
        )

    def come_round(self) -> None:
        """Take up what was told, and send what is due."""
        while not self.told.empty():
            match self.told.get():
                case BrokerConnected() | BrokerLost() as link:
                    self.links.append(link)
                    self._cabinet = replace(self._cabinet, broker_up=isinstance(link, BrokerConnected))
                case Published() as answer:
                    self.answers.append(answer)
                    assert self.post.published(answer.message_id) != (answer.message_id in self.owed)
                case bytes(payload):
                    self.post.hear(payload)
        if self.post.comes_due(self._cabinet):
            self.post.send(self.broker)

    def wait(self, condition: Any, what: str) -> None:
        """Come round until it holds."""

        def holds() -> bool:
            self.come_round()
            return bool(condition())

        wait_until(holds, what)

    def enter(self, *numbers: int) -> None:
        """Let coins be counted."""
        self.ledger.write([], (), [Entry(EntryKind.COIN, NOW_S, BOOT, {"number": each}) for each in numbers])


@contextmanager
def machine_at(broker: Mosquitto, folder: Path) -> Iterator[Machine]:
    """A cabinet that is connected, and has listened."""
    with closing(Ledger(folder / "ledger.sqlite", lambda: "2026-06-01T12:00:00.000Z")) as ledger:
        machine = Machine(broker, ledger)
        machine.broker.start()
        try:
            machine.wait(lambda: machine.links, "the connection")
            assert isinstance(machine.links[0], BrokerConnected)
            machine.now_s += LISTEN_FIRST_S
            yield machine
        finally:
            machine.broker.stop(FAREWELL)


@contextmanager
def fleet_at(broker: Mosquitto, model: ModelFleet, machine: str = MACHINE) -> Iterator[mqtt.Client]:
    """A fleet that answers each batch, and begins by saying what it has."""
    ready = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, FLEET, protocol=mqtt.MQTTv5)
    client.username_pw_set(FLEET, broker.passwords[FLEET])
    client.tls_set(str(broker.ca_file))

    def answer(_: Any, __: Any, message: mqtt.MQTTMessage) -> None:
        client.publish(journal_seen_topic(machine), model.hear(message.payload), qos=1, retain=True)

    client.on_message = answer
    client.on_subscribe = lambda *_: ready.set()
    client.connect("localhost", broker.services_port)
    client.subscribe(journal_topic(machine), qos=1)
    client.loop_start()
    assert ready.wait(60)
    client.publish(journal_seen_topic(machine), model.say(), qos=1, retain=True).wait_for_publish(10)
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A Mosquitto of today, which knows a fleet too."""
    with Mosquitto(tmp_path / "broker", LOGINS) as running:
        yield running


def numbers(model: ModelFleet) -> list[int]:
    return sorted(entry["number"] for entry in model.book.values())


def test_entries_come_into_the_book_each_once(broker: Mosquitto, tmp_path: Path) -> None:
    """Those of before the fleet was there too; a cabinet that begins anew sends none of them again."""
    model = ModelFleet()
    with machine_at(broker, tmp_path) as machine:
        machine.enter(*range(1, 101))
        machine.wait(lambda: machine.answers, "the broker's word")
        assert machine.answers[0].refused is None, "reason 16: nobody is there to hear it"
        with fleet_at(broker, model):
            machine.now_s += 20.0
            machine.wait(lambda: machine.post.seen == 100, "the fleet to have all")
            machine.enter(101)
            machine.wait(lambda: machine.post.seen == 101, "the fleet to have the last")
        sent = len(machine.answers)
    with machine_at(broker, tmp_path) as machine:
        machine.wait(lambda: machine.post.seen == 101, "what the broker keeps of the fleet's")
        assert machine.answers == []

    assert (numbers(model), sent <= 5) == ([*range(1, 102)], True)


def test_a_fleet_that_lost_its_book_hears_all_again(broker: Mosquitto, tmp_path: Path) -> None:
    """At its start it says that it has nothing."""
    with machine_at(broker, tmp_path) as machine:
        machine.enter(1, 2, 3)
        for model in (ModelFleet(), ModelFleet("e" * 16)):
            with fleet_at(broker, model):
                machine.now_s += 20.0
                machine.wait(lambda model=model: len(model.book) == 3, "the fleet to have all")
            assert numbers(model) == [1, 2, 3]


def test_a_batch_of_a_lost_connection_is_not_sent_again_by_itself(broker: Mosquitto, tmp_path: Path) -> None:
    """A broker that hangs up for its sake would do so for ever; what else is owed still comes."""
    with machine_at(broker, tmp_path) as machine:
        assert broker._process is not None
        broker._process.send_signal(signal.SIGSTOP)
        machine.enter(1)
        machine.come_round()
        owed = machine.broker.publish(status_topic(MACHINE), b"{}", retain=True)
        broker.kill()
        machine.wait(lambda: isinstance(machine.links[-1], BrokerLost), "the loss")
        broker.start()
        machine.owed = {owed}
        machine.wait(lambda: machine.answers, "what is owed")
        machine.wait(lambda: isinstance(machine.links[-1], BrokerConnected), "the connection")
        machine.now_s += 600.0
        machine.come_round()
        assert machine.answers == [Published(owed)]
        machine.now_s += 100.0
        machine.wait(lambda: len(machine.answers) == 2, "the journal's next try")


@pytest.mark.parametrize("has_rules", [True, False], ids=["nobody listens", "not allowed"])
def test_a_cabinet_without_a_fleet_is_a_whole_cabinet(
    has_rules: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The broker refuses what we tell and what we ask for; that costs no connection and no line."""
    caplog.set_level(logging.DEBUG)
    kind = Mosquitto if has_rules else OldMosquitto
    with kind(tmp_path / "broker", LOGINS) as broker, machine_at(broker, tmp_path) as machine:
        machine.enter(1)
        for count in (1, 2, 3):
            machine.wait(lambda count=count: len(machine.answers) == count, "the broker's word")
            machine.now_s += 100.0
        refused = {answer.refused for answer in machine.answers}
        assert refused == ({None} if has_rules else {"Not authorized"})
        assert machine.links == [BrokerConnected(session_present=False)]
    assert [record.getMessage() for record in caplog.records if record.name.startswith("controller")] == []


def test_what_somebody_else_says_there_is_no_coin_pulse(broker: Mosquitto, tmp_path: Path) -> None:
    """Of any text the fleet's topic only ever reaches the journal."""
    with machine_at(broker, tmp_path) as machine, fleet_at(broker, ModelFleet()) as fleet:
        machine.enter(1)
        for payload in (b"\xff" * 9000, b"[" * 900, json.dumps({"seq": 2**64}).encode()):
            fleet.publish(journal_seen_topic(MACHINE), payload, qos=1, retain=True)
        machine.wait(lambda: machine.post.seen == 1, "the fleet to have it all the same")


def test_a_sale_is_in_the_book_within_two_seconds(tmp_path: Path) -> None:
    """The whole chain: a real controller sells, with what came before it in the order in which it was."""
    model = ModelFleet()
    with running_chain(tmp_path) as chain, fleet_at(chain.broker, model, MACHINE_ID):
        wait_until_it_sells(chain)
        wait_until(lambda: model.book, "what was before the sale")
        payment_id = chain.stripe.pay(checkout(chain, 3))
        chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
        wait_until(lambda: "settled" in kinds(model), "the sale in the book", within_s=2.0)

    assert [kind for kind in kinds(model) if "fault" not in kind] == [
        *("start", "configuration", "sale", "settled")
    ]
    (sale,) = [entry for entry in model.book.values() if entry["kind"] == "sale"]
    wanted = {"paymentId": payment_id, "credits": 3, "amount": 250, "currency": "usd", "outcome": "delivered"}
    wanted |= {"creditsDelivered": 3, "fired": 3, "confirmed": 0, "test": False, "free": False}
    assert {name: sale[name] for name in wanted} == wanted


def kinds(model: ModelFleet) -> list[str]:
    """What the book has, in the order in which it was entered."""
    return [entry["kind"] for entry in sorted(model.book.values(), key=lambda entry: entry["seq"])]
