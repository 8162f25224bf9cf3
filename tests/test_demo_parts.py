from __future__ import annotations

import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue

import pytest
from conftest import wait_until

from controller.control.socket import ControlSocket
from controller.formats.control_lines import ClearRequest, ToolRequest, cleared, hello
from controller.model.ledger_row import LedgerRow
from controller.system.clock import since_boot_s
from simulator.board.board_server import BoardServer
from simulator.board.model.arcade_board import ArcadeBoard
from simulator.board.model.board_profiles import JAMMA
from simulator.board.model.edge import Edge
from simulator.board.technician import faults_cleared
from simulator.chain.observer import Message
from simulator.chain.part import Part
from simulator.chain.supervisor import Supervisor
from simulator.demo.formats.trace import Change, Lane, changes, recent
from simulator.demo.formats.words import About, Moment, moment, what_you_see
from simulator.demo.traffic import Entry, Traffic, brief
from simulator.demo.wifi import Wifi
from simulator.stripe.delivery import Delivery

LANES = {17: Lane("coin", active_level=1), 22: Lane("ready", active_level=0)}


def sale(
    *,
    intended: int = 0,
    fired: int = 0,
    uncounted: int = 0,
    outcome: str | None = None,
    answer: str | None = None,
) -> LedgerRow:
    """3 credits as the ledger has them."""
    came = datetime(2026, 11, 22, tzinfo=UTC)
    delivered = 0 if outcome is None else fired
    return LedgerRow(
        payment_id="pi_1",
        received_at=came,
        credits=3,
        amount=250,
        currency="usd",
        has_receipt=True,
        test=False,
        pulses=3,
        intended=intended,
        fired=fired,
        ambiguous=0,
        uncounted=uncounted,
        outcome=outcome,
        credits_delivered=delivered,
        reason=None,
        answer=answer,
        charged_by_relay=None,
    )


OPEN = sale()
SETTLED = sale(intended=3, fired=3, outcome="delivered", answer="settled")
OWED = sale(intended=3, fired=3, outcome="delivered")


@pytest.mark.parametrize(
    ("rows", "credits_on_board", "expected"),
    [
        ([], 0, Moment(About.NOTHING)),
        ([SETTLED], 0, Moment(About.NOTHING)),
        ([SETTLED], 2, Moment(About.CREDITS)),
        ([SETTLED, OWED], 3, Moment(About.RECEIPT)),
        ([OWED, OPEN], 3, Moment(About.FIRST_PULSE, 0, 3)),
        ([OPEN, sale(intended=2, fired=1)], 1, Moment(About.IN_PULSE, 2, 3)),
        ([OPEN, sale(intended=2, fired=2)], 2, Moment(About.NEXT_PULSE, 2, 3)),
        ([OPEN, sale(intended=2, fired=1, uncounted=1)], 1, Moment(About.NEXT_PULSE, 2, 3)),
    ],
)
def test_the_ledger_tells_what_the_cabinet_was_about(
    rows: list[LedgerRow], credits_on_board: int, expected: Moment
) -> None:
    """The train that moves comes before one that waits, and both before a receipt."""
    assert moment(rows, credits_on_board) == expected


@pytest.mark.parametrize(
    ("what", "at", "told"),
    [
        (
            "controller",
            Moment(About.IN_PULSE, 2, 3),
            "The controller was killed with pulse 2 ordered: it follows if it had not begun, "
            "else it is never fired again, and its credit is not charged.",
        ),
        (
            "plug",
            Moment(About.NEXT_PULSE, 1, 3),
            "The plug was pulled at pulse 1 of 3: the board lost its credits, so nothing is charged.",
        ),
        (
            "coin_wire",
            Moment(About.NEXT_PULSE, 2, 3),
            "The coin wire was cut at pulse 2 of 3: what the board counts is charged, the rest is released.",
        ),
        (
            "coin_wire",
            Moment(About.RECEIPT),
            "The coin wire was cut after the last pulse: what the board had counted is charged, "
            "and nothing after it.",
        ),
        (
            "coin_wire mended",
            Moment(About.IN_PULSE, 3, 3),
            "The coin wire was mended at pulse 3 of 3: the board counts again, "
            "and what it missed is not charged.",
        ),
        (
            "broker",
            Moment(About.CREDITS),
            "The broker restarts: what is paid now is sent until it is back, and credited once.",
        ),
    ],
)
def test_a_break_is_told_by_what_it_met(what: str, at: Moment, told: str) -> None:
    """With the pulse by its number; where it makes no difference, as with no sale open."""
    assert what_you_see(what, at) == told


def test_without_power_the_coin_line_rests_and_the_board_forgets(tmp_path: Path) -> None:
    """Also in the middle of a pulse, which nobody is left to end."""
    board = ArcadeBoard(JAMMA, powered_at_s=since_boot_s())
    wire = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with BoardServer(tmp_path / "board.sock", board, coin_pin=17) as server, wire:
        wire.connect(str(tmp_path / "board.sock"))
        wire.send(json.dumps({"pin": 17, "level": 1, "at_s": since_boot_s()}).encode())
        wait_until(lambda: server.edges_of(17), "the pulse to begin")
        server.insert_cash_coin()
        assert server.view().credits == 1
        server.lose_power()
        assert [edge.level for edge in server.edges_of(17)] == [1, 0]
        assert server.view().credits == 0


def test_the_wifi_is_cut_and_mended_for_the_controller_alone() -> None:
    """Cut, its connections break and new ones carry nothing; mended, they carry again."""
    with socket.create_server(("127.0.0.1", 0)) as server, Wifi() as wifi:
        port = int(server.getsockname()[1])
        assert wifi.via("relay-broker", port) == port
        way = ("127.0.0.1", wifi.via("controller-broker", port))
        with socket.create_connection(way, 10) as connection:
            assert greeted(server, connection) == b"hello"
            wifi.cut()
            assert ended(connection)
        assert reaches_nobody(way)
        wifi.mend()
        with socket.create_connection(way, 10) as connection:
            assert greeted(server, connection) == b"hello"


def test_the_technician_clears_through_the_running_controller(tmp_path: Path) -> None:
    """One who comes before it runs, or while it cannot, is told so, and comes again."""
    asked: SimpleQueue[ToolRequest] = SimpleQueue()
    path = tmp_path / "control"
    assert not faults_cleared(path)
    control = ControlSocket(path, asked.put)
    control.start()
    try:
        control.refuse("the ledger cannot be written: disk full")
        assert not faults_cleared(path)
        control.refuse(None)
        assert clears(control, asked, path)
    finally:
        control.stop()


def clears(control: ControlSocket, asked: SimpleQueue[ToolRequest], path: Path) -> bool:
    """Whether the technician is content with a controller that clears when asked to, and else only greets."""
    with ThreadPoolExecutor(1) as technician:
        content = technician.submit(faults_cleared, path)
        while not isinstance((request := asked.get(timeout=60)).wanted, ClearRequest):
            control.answer(request.client, hello("1", 17, []))
        control.answer(request.client, cleared(()))
        return content.result(60)


def greeted(server: socket.socket, client: socket.socket) -> bytes:
    """What the client hears when the server greets it."""
    server.settimeout(60)
    connection, _ = server.accept()
    connection.sendall(b"hello")
    return client.recv(5)


def reaches_nobody(address: tuple[str, int]) -> bool:
    """Whether a new connection breaks, while it is made or behind that."""
    try:
        with socket.create_connection(address, 10) as connection:
            return ended(connection)
    except ConnectionError:
        return True


def ended(connection: socket.socket) -> bool:
    """Whether the other side ends the connection, in whatever way."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_changes_are_named_by_line_and_activity() -> None:
    """A low level of a contact to ground is active; a pin without a lane is not drawn."""
    edges = [Edge(17, 1, 1.0), Edge(22, 0, 2.0), Edge(5, 1, 3.0)]
    assert changes(edges, LANES) == [Change("coin", True, 1.0), Change("ready", True, 2.0)]


def test_a_window_begins_with_the_last_change_before_it() -> None:
    """Who begins to look at 100 s learns how each line stood at 90 s, and what came after."""
    rested = Change("coin", False, 20.0)
    opened = Change("ready", False, 30.0)
    pulse = Change("coin", True, 95.0)
    assert recent([Change("coin", True, 19.9), rested, opened, pulse], 100.0) == [rested, opened, pulse]


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ('{"machineId":"a","credits":3,"amount":250,"timestamp":"x"}', "credits 3 · amount 250"),
        ('{"online":true,"accepting":false,"faults":[]}', "online yes · accepting no"),
        ('{"faults":["broker"]}', 'faults ["broker"]'),
        (
            '{"ledger":"9f","first":1,"sentS":7.5,"prev":"","entries":[{"kind":"sale"},{"kind":"fault_ends"}]}',
            "entries sale, fault ends",
        ),
        ('{"ledger":"9f","seq":4,"sum":"3d","fleet":"6e"}', "seq 4"),
        ("[1]", "[1]"),
        ("not JSON " + "x" * 300, "not JSON " + "x" * 191),
    ],
)
def test_a_payload_is_told_in_short(payload: str, told: str) -> None:
    """What every message has is left out; what is no JSON object stays as it is, cut."""
    assert brief(payload) == told


def test_the_journal_tells_each_thing_once_and_in_order() -> None:
    """Messages and webhooks are merged by time; an index already given never changes its meaning."""
    messages = [Message(1.0, "arcade/machine/a/coinpulse", '{"credits":1}', retained=False)]
    deliveries = [Delivery("evt_1", "payment_intent.canceled", 2, 503, None, 0.1, 0.4, 0.5)]
    journal = Traffic(lambda: messages, lambda: deliveries)
    assert journal.since(0) == [
        Entry(0.5, "webhook", "payment_intent.canceled", "answered 503, attempt 2", good=False),
        Entry(1.0, "mqtt", "coinpulse", "credits 1"),
    ]
    messages.append(Message(0.1, "arcade/machine/a/status", "{}", retained=False))
    assert journal.since(2) == [Entry(0.1, "mqtt", "status", "")]


def test_a_part_that_ended_is_started_again_after_a_second(tmp_path: Path) -> None:
    """Not before, once only, and both are told."""
    told: list[str] = []
    part = Part("clerk", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "clerk.log")
    supervisor = Supervisor([part], told.append)
    part.start()
    first = part.pid
    wait_until(lambda: part.exit_status is not None, "the clerk to end")
    for now_s in (10.0, 10.5, 10.99):
        supervisor.look(now_s)
    assert (told, part.pid) == (["clerk ended with status 3"], first)
    supervisor.look(11.0)
    assert (told, part.pid == first) == (["clerk ended with status 3", "clerk was started again"], False)
    part.stop()


def test_a_part_that_is_kept_off_is_started_when_its_time_has_come(tmp_path: Path) -> None:
    """It ends at once, its end is no surprise that would be told, and it is started once."""
    told: list[str] = []
    sleeper = Part("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "log")
    supervisor = Supervisor([sleeper], told.append)
    sleeper.start()
    first = sleeper.pid
    supervisor.keep_off(sleeper, 14.0)
    supervisor.look(13.9)
    assert (sleeper.exit_status, sleeper.pid, told) == (-9, first, [])
    supervisor.look(14.0)
    supervisor.look(30.0)
    assert (sleeper.exit_status, sleeper.pid == first, told) == (None, False, ["sleeper was started again"])
    sleeper.kill()


def test_a_failure_carries_the_last_words_and_the_log_file(tmp_path: Path) -> None:
    """Whoever reads it needs no second look to know why the part ended."""
    log_file = tmp_path / "clerk.log"
    part = Part("clerk", [sys.executable, "-c", "print('no ink'); raise SystemExit(3)"], log_file)
    part.start()
    wait_until(lambda: part.exit_status is not None, "the clerk to end")
    assert str(part.failure("gave up")) == (f"clerk gave up; its last lines (all in {log_file}):\n  no ink")
