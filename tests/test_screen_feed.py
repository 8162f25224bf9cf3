"""The state file of the attract screen: whole at any moment, and honest about what can be bought."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cabinets import NOW_S, OFFER, open_bench, paid_bench, payment, started_bench

from attract_screen.model import feed_format
from attract_screen.model.feed_format import parse_feed
from controller.announcements.screen_feed import ScreenFeed, picture_of
from controller.model.cabinet import Cabinet
from controller.model.events import (
    BrokerLost,
    CoinLineFailed,
    InputChanged,
    LedgerFailed,
    OfferFailed,
    OfferReceived,
)
from controller.model.offer import Price, PricePeriod
from controller.model.policy import MeterRules

ABOUT = {"machine_id": "galaga-01", "machine_name": "Galaga", "rotate": 90}
PRICES = [
    {"credits": 1, "amount": 100, "currency": "usd"},
    {"credits": 3, "amount": 250, "currency": "usd"},
]


class Clock:
    """A clock in the tester's hand."""

    def __init__(self) -> None:
        self.now_s = NOW_S

    def __call__(self) -> float:
        return self.now_s


def read(path: Path) -> dict[str, Any]:
    """What the screen reads."""
    fields: dict[str, Any] = json.loads(path.read_text())
    return fields


def test_the_feed_says_all_that_the_screen_needs(tmp_path: Path) -> None:
    """The whole file."""
    path = tmp_path / "screen.json"

    ScreenFeed(path, ABOUT, Clock()).show(open_bench().cabinet)

    assert read(path) == {
        "format": 1,
        "written_at_s": NOW_S,
        "machine_id": "galaga-01",
        "machine_name": "Galaga",
        "rotate": 90,
        "state": "attract",
        "qr": "https://pay.example/p/galaga-01",
        "offers": PRICES,
        "note": None,
        "period": None,
        "next": None,
        "today": None,
        "credits": 0,
        "technician_line": None,
        "credited": 0,
        "waiting": 0,
        "free": False,
        "accepting": True,
        "faults": [],
        "since_s": NOW_S,
    }


def test_the_feed_tells_the_prices_periods_and_what_was_played_today(tmp_path: Path) -> None:
    """For the pages of the attract mode; what has no end within a day says none."""
    path = tmp_path / "screen.json"
    bench = open_bench()
    bench.handle(
        OfferReceived(replace(OFFER, period=PricePeriod("Gala"), coming=PricePeriod("Late", "22:00")))
    )

    ScreenFeed(path, ABOUT, Clock()).show(bench.cabinet, games_today=37)

    told = read(path)
    assert (told["period"], told["next"], told["today"]) == (
        {"name": "Gala", "until": None},
        {"name": "Late", "from": "22:00"},
        {"games": 37},
    )
    feed = parse_feed(path.read_bytes())
    assert (feed.period, feed.coming, feed.games_today) == (
        feed_format.PricePeriod("Gala"),
        feed_format.PricePeriod("Late", "22:00"),
        37,
    )


def offline() -> Cabinet:
    """A cabinet without its broker."""
    bench = open_bench()
    bench.handle(BrokerLost("no route"))
    return bench.cabinet


@pytest.mark.parametrize(
    ("cabinet", "state", "qr"),
    [
        (open_bench().cabinet, "attract", OFFER.address),
        (offline(), "offline", None),
        (open_bench(has_ready_line=True).cabinet, "not_ready", None),
        (open_bench(board_boot_s=NOW_S + 1).cabinet, "starting", None),
        (started_bench(offer=OFFER)[0].cabinet, "starting", None),
    ],
)
def test_the_qr_is_there_only_if_a_payment_made_now_would_be_credited(
    cabinet: Cabinet, state: str, qr: str | None
) -> None:
    """Nobody pays for a game that cannot start."""
    picture = picture_of(cabinet, NOW_S)

    assert (picture["state"], picture["qr"]) == (state, qr)


def test_a_cabinet_without_an_offer_has_no_qr_and_no_prices() -> None:
    """It does not know yet what it sells."""
    picture = picture_of(started_bench()[0].cabinet, NOW_S)

    assert (picture["qr"], picture["offers"]) == (None, [])


def test_credits_are_those_on_their_way_and_then_those_of_the_session() -> None:
    """A player sees what was bought, and then what there is to play."""
    bench = paid_bench(payment(credits=3))
    paying = picture_of(bench.cabinet, NOW_S)
    for number in (1, 2, 3):
        bench.fired("pi_1", number)
    playing = picture_of(bench.cabinet, NOW_S)

    assert [(p["state"], p["credits"]) for p in (paying, playing)] == [("paying", 3), ("playing", 3)]


def test_what_is_wrong_is_told_to_the_technician() -> None:
    """In words."""
    assert picture_of(offline(), NOW_S)["technician_line"] == "broker: no route"


def test_every_fault_is_on_the_technician_line() -> None:
    """Whoever opens the door of the cabinet reads all that is wrong there, and looks no further."""
    bench, _ = started_bench(
        board=None,
        boot_id=None,
        conflicts=2,
        uncounted=3,
        has_ready_line=True,
        coin_meter=MeterRules(hold_s=0.01, within_s=0.5, out_of_order_after=3),
    )
    bench.cabinet = replace(bench.cabinet, ledger_faults=("ledger: the old one was damaged",))
    bench.handle(InputChanged("ready", False, NOW_S))
    for event in (
        CoinLineFailed("its process ended"),
        LedgerFailed("database or disk is full"),
        BrokerLost("no route"),
        OfferFailed("401 token refused"),
    ):
        bench.handle(event)
    line = picture_of(bench.cabinet, NOW_S + bench.cabinet.rules.ready_stuck_s)["technician_line"]

    assert line.split("; ") == [
        "coin line: its process ended",
        "ledger: database or disk is full",
        "coin meter: the last 3 coin pulses were not counted by the board",
        "ready: the board has not been ready for more than 600 s",
        "new ledger: waiting for the relay to name what was open",
        "broker: no route",
        "relay: 401 token refused",
        "2 receipts in conflict with Stripe",
        "ledger: the old one was damaged",
    ]


def test_the_feed_is_written_once_a_second_to_show_that_we_live(tmp_path: Path) -> None:
    """And not more often: the screen polls the file."""
    path, clock = tmp_path / "screen.json", Clock()
    feed, cabinet = ScreenFeed(path, ABOUT, clock), open_bench().cabinet
    written = []
    for clock.now_s in (NOW_S, NOW_S + 0.9, NOW_S + 1.0, NOW_S + 1.9, NOW_S + 2.5):
        feed.show(cabinet)
        written.append(read(path)["written_at_s"])

    assert written == [NOW_S, NOW_S, NOW_S + 1, NOW_S + 1, NOW_S + 2.5]


def test_news_is_written_at_once_and_says_since_when(tmp_path: Path) -> None:
    """A player must not wait for the next second."""
    path, clock = tmp_path / "screen.json", Clock()
    feed = ScreenFeed(path, ABOUT, clock)
    feed.show(open_bench().cabinet)
    clock.now_s += 0.25

    feed.show(offline())

    fields = read(path)
    assert (fields["state"], fields["since_s"], fields["written_at_s"]) == (
        "offline",
        NOW_S + 0.25,
        NOW_S + 0.25,
    )


def test_a_reader_never_sees_half_a_feed(tmp_path: Path) -> None:
    """Whenever it looks, the file is there and whole."""
    path, clock = tmp_path / "screen.json", Clock()
    feed = ScreenFeed(path, ABOUT, clock)
    cabinets = (open_bench().cabinet, offline())
    feed.show(cabinets[0])
    done = threading.Event()

    def write() -> None:
        for number in range(300):
            feed.show(cabinets[number % 2])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    states = set()
    while not done.is_set():
        states.add(read(path)["state"])
    writer.join()

    assert states == {"attract", "offline"}


def test_a_feed_that_cannot_be_written_is_logged_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The screen can never hold a coin up."""
    path = tmp_path / "nowhere" / "screen.json"
    feed = ScreenFeed(path, ABOUT, Clock())
    feed.show(open_bench().cabinet)

    path.parent.mkdir()
    feed.show(offline())

    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (
            logging.ERROR,
            f"screen feed not written: [Errno 2] No such file or directory: '{path.with_suffix('.new')}'",
        )
    ]
    assert read(path)["state"] == "offline"


def test_free_credits_on_their_way_are_called_so() -> None:
    """Nobody has paid, and the screen thanks nobody for it."""
    bench = paid_bench(payment("free_2_ab_cd", 2))
    picture = picture_of(bench.cabinet, bench.now_s)
    assert (picture["state"], picture["free"], picture["credits"]) == ("paying", True, 2)


def test_the_note_of_the_prices_stands_beside_them() -> None:
    """And a free credit is a price of nothing."""
    bench = open_bench()
    bench.handle(OfferReceived(replace(OFFER, prices=(Price(2, 0, "usd"),), note="Free play until 22:00")))
    picture = picture_of(bench.cabinet, bench.now_s)
    assert picture["offers"] == [{"credits": 2, "amount": 0, "currency": "usd"}]
    assert (picture["note"], picture["qr"]) == ("Free play until 22:00", OFFER.address)
