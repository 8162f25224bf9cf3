"""Controller and coin line are killed at random moments of trains; the ledger and the wire must agree.

25 kills here; `make kills` does 500.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import paho.mqtt.client as mqtt
import pytest
from conftest import wait_until
from paho.mqtt.enums import CallbackAPIVersion

from controller.board.tally import read_tally
from controller.model.events import PulseBegun, PulseFired, Tally
from controller.system.clock import since_boot_s
from simulator.board.board_server import BoardServer
from simulator.board.model.arcade_board import ArcadeBoard
from simulator.board.model.board_profiles import JAMMA
from simulator.board.model.edge import Edge
from simulator.chain.broker import RELAY_USERNAME, Broker
from simulator.chain.cabinet import COIN_PIN, MACHINE_ID, Secrets, write_config
from simulator.chain.part import Part

log = logging.getLogger(__name__)

KILLS = int(os.environ.get("KILLS", "25"))
SEED = int(os.environ.get("SEED", "1"))
CREDITS = 30
# Short pulses, so that a train is not longer than it takes to start a controller.
COIN_LINE = {"pin": COIN_PIN, "pulse_ms": 20, "gap_ms": 20}
WITHIN_A_TRAIN_S = 0.3
READY = "coin line ready"


class KilledCabinet:
    """A controller of an older relay (its payments need no relay here), its broker, and a board."""

    def __init__(self, folder: Path, broker: Broker, secrets: Secrets, board: BoardServer) -> None:
        self.board = board
        self._ledger = folder / "state" / "ledger.sqlite"
        self._config = folder / "config.yaml"
        self._tally = folder / "tally"
        old = {"relay": None, "accept_unsigned_coinpulse": True, "payment_link": "https://buy.example/1"}
        wiring = {"board": "custom", "coin_line": COIN_LINE, "game_over": None, "ready": None}
        write_config(self._config, secrets, broker, "", folder / "board.sock", **old, **wiring)
        command = [sys.executable, "-m", "controller"]
        self.controller = Part(
            "controller", [*command, "run", "--config", str(self._config)], folder / "controller.log"
        )
        self._release = [*command, "release-lines", "--config", str(self._config)]
        self._relay = _relay_identity(broker, secrets)
        self._paid = 0

    def start(self) -> None:
        """Start the controller; returns once it holds the pin, with a train to fire."""
        heard = len(self.controller.log_lines)
        self.controller.start()
        self.controller.wait_for_line(READY, since=heard)
        if self._left() == 0:
            self.controller.wait_for_line("broker connected", since=heard)
            self._pay()
            wait_until(self._left, "a train to fire")

    def kill(self, whom: str) -> None:
        """SIGKILL, and wait until no process is left."""
        coin_line = self._coin_line()
        if whom != "controller":
            os.kill(coin_line, signal.SIGKILL)
        if whom != "coin line":
            self.controller.kill()
        wait_until(lambda: self.controller.exit_status is not None, "the controller to end")
        wait_until(lambda: has_ended(coin_line), "the coin line to end")

    def release_lines(self) -> None:
        """What the unit does behind every end."""
        subprocess.run(self._release, check=True, capture_output=True)

    def finish(self) -> None:
        """Let what was paid be delivered, and stop."""
        wait_until(lambda: self._left() == 0 and not self.pulses("intended"), "the last train to end")
        self.controller.stop()

    def close(self) -> None:
        self.controller.stop()
        self._relay.disconnect()
        self._relay.loop_stop()

    def pulses(self, *states: str) -> set[tuple[str, int]]:
        """The pulses in the ledger that are in one of these states."""
        return {(name, number) for name, number, state in self._read() if state in states}

    def counts(self) -> Counter[str]:
        """How many pulses are in which state."""
        return Counter(state for _, _, state in self._read())

    def noted(self) -> tuple[set[tuple[str, int]], set[tuple[str, int]]]:
        """Of the pulses in doubt, those that the tally has as fired, and those it has as begun."""
        in_doubt, notes = self.pulses("intended"), self._read_tally()
        fired = {(each.payment_id, each.number) for each in notes if isinstance(each, PulseFired)}
        begun = {(each.payment_id, each.number) for each in notes if isinstance(each, PulseBegun)}
        return fired & in_doubt, begun & in_doubt

    def rises(self) -> int:
        """How often the line rose: what a board could take for coins."""
        return [edge.level for edge in self._edges()].count(1)

    def level(self) -> int:
        """The line's level."""
        edges = self._edges()
        return edges[-1].level if edges else 0

    def _edges(self) -> list[Edge]:
        self.board.set_ready(True)  # reads all that was sent before
        return self.board.edges_of(COIN_PIN)

    def _read_tally(self) -> Tally:
        if not self._ledger.exists():
            return ()
        file = self._ledger.stat()
        return read_tally(self._tally, f"{file.st_dev}:{file.st_ino}") or ()

    def _coin_line(self) -> int:
        pid = self.controller.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text())

    def _pay(self) -> None:
        self._paid += 1
        message = {"machineId": MACHINE_ID, "credits": CREDITS, "timestamp": f"payment {self._paid}"}
        topic = f"arcade/machine/{MACHINE_ID}/coinpulse"
        self._relay.publish(topic, json.dumps(message), qos=1).wait_for_publish(10)

    def _left(self) -> int:
        """Pulses of known payments that are not intended yet."""
        rows = self._query("SELECT sum(pulses) FROM payments")
        return (rows[0][0] or 0) - len(self._read()) if rows else 0

    def _read(self) -> list[tuple[str, int, str]]:
        return self._query("SELECT payment_id, number, state FROM pulses")

    def _query(self, sql: str) -> list[tuple[str, int, str]]:
        if not self._ledger.exists():
            return []
        try:
            with closing(sqlite3.connect(f"file:{self._ledger}?mode=ro", uri=True)) as db:
                return db.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []  # not made yet


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or only waits to be buried by init."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].startswith(" Z")
    except (FileNotFoundError, ProcessLookupError):
        return True


def _relay_identity(broker: Broker, secrets: Secrets) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.username_pw_set(RELAY_USERNAME, secrets.passwords[RELAY_USERNAME])
    client.tls_set_context(ssl.create_default_context(cafile=str(broker.ca_file)))
    client.connect("127.0.0.1", broker.services_port)
    client.loop_start()
    wait_until(client.is_connected, "the broker to accept the relay's identity")
    return client


@pytest.fixture
def cabinet(tmp_path: Path) -> Iterator[KilledCabinet]:
    secrets = Secrets()
    powered = ArcadeBoard(JAMMA, powered_at_s=since_boot_s())
    with (
        Broker(tmp_path / "broker", secrets.passwords) as broker,
        BoardServer(tmp_path / "board.sock", powered, coin_pin=COIN_PIN) as board,
    ):
        made = KilledCabinet(tmp_path, broker, secrets, board)
        yield made
        made.close()


def test_killed_at_random_no_pulse_is_doubled_and_at_most_one_lost(cabinet: KilledCabinet) -> None:
    """Pulses fired in the ledger, on the line, intended in the ledger: never fewer from one to the next."""
    random = Random(SEED)  # noqa: S311 - any will do
    doubtful: set[tuple[str, int]] = set()
    surplus = 0  # pulses on the line that the ledger will never be sure of
    for kill in range(1, KILLS + 1):
        cabinet.start()
        pause_s = random.uniform(0.0, WITHIN_A_TRAIN_S)
        until_s = since_boot_s() + pause_s
        wait_until(lambda until_s=until_s: since_boot_s() >= until_s, "the moment to kill")
        whom = random.choice(["controller", "coin line", "both"])
        cabinet.kill(whom)

        told = f"kill {kill} ({whom}, {pause_s:.3f} s behind ready, seed {SEED})"
        rises, counts = cabinet.rises(), cabinet.counts()
        assert counts["fired"] <= rises <= counts.total(), f"{told}: {rises} pulses on the line, {counts}"
        fired, begun = cabinet.noted()
        assert len(begun) <= 1, f"{told}: {begun}"
        # What the kill before left begun is still so if this one came before the ledger had it.
        assert whom != "controller" or begun <= doubtful, f"{told}: {begun} was not finished"
        doubtful |= begun
        before, surplus = surplus, rises - counts["fired"] - len(fired)
        assert 0 <= surplus - before <= len(begun), f"{told}: {surplus - before} pulses that nobody knows of"
        assert whom != "controller" or cabinet.level() == 0, f"{told}: the pulse in hand was not finished"
        if random.random() < 0.5:
            cabinet.release_lines()
            wait_until(lambda: cabinet.level() == 0, "the line to be put at rest")
            assert cabinet.rises() == rises, f"{told}: an edge at the release"
        if kill % 50 == 0:
            log.info("%d kills: %d pulses on the line, %s", kill, rises, dict(counts))
    cabinet.start()
    cabinet.finish()

    assert cabinet.pulses("ambiguous") == doubtful
    assert cabinet.pulses("intended") == set()
    assert cabinet.rises() - cabinet.counts()["fired"] == surplus
    assert cabinet.level() == 0
