"""The technician's page as the controller tells it: the object, when it is written, what is looked up."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from cabinets import NOW_S, Bench, open_bench, payment, started_bench
from conftest import wait_until
from test_screen_feed import ABOUT, Clock, read

from attract_screen.model.feed_format import parse_feed
from controller.announcements.machine_facts import FactsReader, look_up
from controller.announcements.screen_feed import LIVE_S, ScreenFeed
from controller.ledger.ledger import Ledger
from controller.ledger.reader import read_latest
from controller.model.effects import RecordPayment
from controller.model.events import BrokerLost, InputChanged, OfferFailed, TechnicianPageRequested
from controller.model.payment import Train
from controller.pages.findings import ok
from controller.pages.technician_page import MOST_TEXT, MachineFacts, Site, technician_page
from controller.system.addresses import addresses
from controller.system.kernel_files import celsius

SITE = Site(
    {"controller": "0.2.0", "feed": 1, "ledger": 6}, 17, "broker.example.com:8883", "https://pay.example"
)
FACTS = MachineFacts(
    time="2026-11-28 19:15 CET",
    addresses=(("eth0", "192.168.1.23"),),
    celsius=51.3,
    power=(ok("the power has been strong enough since the start"),),
    clock_set=True,
    clock_ahead_s=0.3,
)


def asked(bench: Bench) -> Bench:
    """A cabinet whose technician wants the page."""
    bench.handle(TechnicianPageRequested(True))
    return bench


def page_of(bench: Bench, facts: MachineFacts | None = None) -> dict[str, Any]:
    """What the feed says to the technician; JSON has it."""
    page: dict[str, Any] = json.loads(json.dumps(technician_page(bench.cabinet, SITE, facts, bench.now_s)))
    return page


def test_the_page_says_all_that_a_technician_asks_for() -> None:
    """The whole object, of a cabinet that sells."""
    bench = open_bench(input_pins={"ready": 22}, has_ready_line=True)
    bench.believe("ready", active=True)
    assert page_of(asked(bench), FACTS) == {
        "until_s": bench.now_s + 120,
        "turned_s": bench.now_s,
        "leaf": 0,
        "versions": {"controller": "0.2.0", "feed": 1, "ledger": 6},
        "state": "attract",
        "selling": True,
        "faults": [],
        "broker": {"address": "broker.example.com:8883", "since_s": NOW_S, "trouble": None},
        "relay": {"address": "https://pay.example", "answered_s": NOW_S, "trouble": None},
        "test_address": "https://pay.example/p/galaga-01?test",
        "lines": [
            {"line": "coin_line", "pin": 17, "active": False, "edges": 0},
            {"line": "ready", "pin": 22, "active": True, "edges": 0},
        ],
        "addresses": [{"interface": "eth0", "address": "192.168.1.23"}],
        "clock": {"time": "2026-11-28 19:15 CET", "set": True, "ahead_s": 0.3},
        "celsius": 51.3,
        "power": [{"grade": "ok", "text": "the power has been strong enough since the start"}],
        "payments": None,
    }


def test_a_fault_brings_what_it_means_and_what_to_do() -> None:
    """As docs/faults.md has it, with the command that is meant."""
    bench = asked(open_bench())
    bench.handle(BrokerLost("no route"))
    page = page_of(bench)
    assert page["faults"] == [
        {
            "kind": "broker",
            "text": "broker: no route",
            "means": "The broker cannot be reached, or refuses us.",
            "remedy": "run `sudo cabinet check` and see under broker.",
        }
    ]
    assert page["broker"] == {"address": SITE.broker, "since_s": None, "trouble": "broker: no route"}


def test_words_of_others_have_an_end() -> None:
    """The screen reads 64 KiB of the whole feed."""
    bench = asked(started_bench()[0])
    bench.handle(OfferFailed("x" * 10_000))
    assert len(page_of(bench)["relay"]["trouble"]) == MOST_TEXT


def test_a_fixed_link_has_no_door_to_test() -> None:
    """It leads to Stripe, where a test would be a sale."""
    assert page_of(asked(open_bench(payment_link="https://buy.stripe.com/x")))["test_address"] is None


def test_before_the_first_offer_the_door_is_where_the_relay_is() -> None:
    """A new cabinet is when a technician tests."""
    bench = asked(started_bench()[0])
    assert page_of(bench)["test_address"] == "https://pay.example/p/galaga-01?test"


def test_the_screen_reads_what_the_controller_writes(tmp_path: Path) -> None:
    """Both sides of the feed are ours, and are shipped at different times."""
    path, bench = tmp_path / "screen.json", asked(open_bench())
    ScreenFeed(
        path, ABOUT, Clock(), lambda cabinet, now_s: technician_page(cabinet, SITE, FACTS, now_s)
    ).show(bench.cabinet)
    feed = parse_feed(path.read_bytes())
    assert feed.technician is not None
    assert (feed.technician.until_s, feed.odd) == (NOW_S + 120, "")


class Written:
    """A feed of a cabinet with a technician, and a clock in the tester's hand."""

    def __init__(self, folder: Path) -> None:
        self.path, self.clock, self.bench = folder / "screen.json", Clock(), open_bench()
        self.feed = ScreenFeed(
            self.path,
            ABOUT,
            self.clock,
            lambda cabinet, now_s: technician_page(cabinet, SITE, None, now_s),
        )

    def edge(self, after_s: float, *, active: bool) -> int:
        """A line moves; the number of edges that the feed then tells."""
        self.clock.now_s = self.bench.now_s = self.bench.now_s + after_s
        self.bench.handle(InputChanged("game_over", active, self.bench.now_s))
        self.feed.show(self.bench.cabinet)
        return sum(line["edges"] for line in read(self.path)["technician"]["lines"])


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """With the page shown and written."""
    written = Written(tmp_path)
    written.bench = asked(open_bench(input_pins={"game_over": 27}))
    written.feed.show(written.bench.cabinet)
    return written


def test_a_line_that_moves_is_told_ten_times_a_second_at_most(written: Written) -> None:
    """What is held back is told when it is due, and the loop is told when that is."""
    told = [written.edge(0.04, active=number % 2 == 0) for number in range(6)]
    due_s = written.feed.due_s
    written.clock.now_s = NOW_S + 0.12 + LIVE_S
    written.feed.show(written.bench.cabinet)
    (line,) = [line for line in read(written.path)["technician"]["lines"] if line["line"] == "game_over"]
    assert told == [0, 0, 3, 3, 3, 6]
    assert (due_s, written.feed.due_s, line["edges"]) == (None, None, 6)


def test_a_change_that_waits_says_when_it_is_due(written: Written) -> None:
    """Without that the last edge would be told a second late."""
    written.edge(0.05, active=True)
    assert written.feed.due_s == NOW_S + LIVE_S


def test_the_page_comes_and_goes_at_once(written: Written) -> None:
    """Whoever holds the button looks at the screen."""
    written.clock.now_s += 0.01
    written.bench.handle(TechnicianPageRequested(False))
    written.feed.show(written.bench.cabinet)
    assert "technician" not in read(written.path)


def test_the_player_s_picture_never_waits(written: Written) -> None:
    """A payment is shown in the feed as soon as ever."""
    written.clock.now_s += 0.01
    written.bench.receive(payment())
    written.feed.show(written.bench.cabinet)
    assert read(written.path)["state"] == "paying"


# What is looked up


def test_a_look_that_hangs_holds_nobody_up() -> None:
    """A card may be busy for a minute: the page goes without, and nothing of a look of before is shown."""
    may_go_on, looked = threading.Event(), []

    def look() -> MachineFacts:
        looked.append(1)
        may_go_on.wait(60)
        return FACTS

    reader = FactsReader(look)
    reader.want(wanted=True)
    reader.want(wanted=True)
    wait_until(lambda: looked, "the look")
    hanging = reader.latest
    reader.want(wanted=False)
    may_go_on.set()
    wait_until(lambda: "facts" not in [thread.name for thread in threading.enumerate()], "its end")
    assert (hanging, reader.latest, len(looked)) == (None, None, 1)


def test_a_look_that_fails_is_logged_and_ends(caplog: pytest.LogCaptureFixture) -> None:
    """The page goes without it; the controller does not mind."""

    def look() -> MachineFacts:
        raise OSError("no such bus")

    reader = FactsReader(look)
    reader.want(wanted=True)
    wait_until(lambda: caplog.messages, "the log")
    assert (reader.latest, caplog.messages) == (
        None,
        ["the technician's page goes without addresses, power and payments"],
    )
    reader.want(wanted=False)


def test_the_newest_payments_are_read_beside_the_open_ledger(tmp_path: Path) -> None:
    """The newest first, and no more than were asked for."""
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path, lambda: "2026-11-28T19:00:00.000Z")
    for number in range(12):
        ledger.write([RecordPayment(Train(payment(f"pi_{number}"), 1, 60.0, "boot"))])
    newest = [row.payment_id for row in read_latest(path, 10)]
    facts = look_up(path, None)
    ledger.close()
    assert newest == [f"pi_{number}" for number in range(11, 1, -1)]
    assert [row.payment_id for row in facts.payments or ()] == newest


def test_a_ledger_that_cannot_be_read_takes_only_the_payments_away(tmp_path: Path) -> None:
    """What is wrong with it is a fault of its own."""
    (tmp_path / "ledger.sqlite").write_bytes(b"no database" * 100)
    assert look_up(tmp_path / "ledger.sqlite", 1.5).payments is None


def test_addresses_are_those_of_the_kernel(tmp_path: Path) -> None:
    """Of interfaces that are there, by name; IPv6 only what is valid beyond one wire."""
    names = [name for _, name in socket.if_nameindex() if name != "lo"]
    (name, *_) = names or ["eth9"]
    file = tmp_path / "if_inet6"
    rows = (
        ("20010db8000000000000000000000001", "00", name),
        ("fe800000000000000000000000000001", "20", name),
    )
    file.write_text("".join(f"{address} 02 40 {scope} 80 {on}\n" for address, scope, on in rows))
    told = addresses(file)
    assert [each for each in told if ":" in each[1]] == [(name, "2001:db8::1")][: len(names)]
    assert {each for each, _ in told} <= set(names)


def test_heat_is_read_off_a_small_file(tmp_path: Path) -> None:
    """And nothing is known where it is not."""
    zone = tmp_path / "class" / "thermal" / "thermal_zone0"
    unknown = celsius(tmp_path)
    zone.mkdir(parents=True)
    (zone / "temp").write_text("51300\n")
    assert (unknown, celsius(tmp_path)) == (None, 51.3)
