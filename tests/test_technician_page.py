"""The technician's page on a whole cabinet: button and command, real controller, feed, picture and codes."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from attract_screen_samples import decoded
from conftest import wait_until
from workbench import COIN_PIN, Workbench, workbench

from attract_screen.model.feed_format import parse_feed
from attract_screen.model.view import view_of
from attract_screen.picture.draw import render
from controller.control.client import connect
from simulator.chain.chain import running_chain

BUTTON_PIN = 6


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """A cabinet without a broker, and with a service button."""
    with workbench(tmp_path, service_button={"pin": BUTTON_PIN, "debounce_ms": 5}) as bench:
        bench.start()
        yield bench


def page(bench: Workbench) -> dict[str, Any] | None:
    """What the feed says to the technician; None while nobody asked."""
    found: dict[str, Any] | None = json.loads((bench.folder / "screen.json").read_text()).get("technician")
    return found


def hold(bench: Workbench, *, shown: bool) -> None:
    """Hold the button until the page comes, or goes, and let go of it, which is seen on a page that came."""
    bench.board.push_button(BUTTON_PIN, down=True)
    wait_until(lambda: (page(bench) is not None) == shown, f"the page {'shown' if shown else 'gone'}")
    bench.board.push_button(BUTTON_PIN, down=False)
    if shown:
        wait_until(lambda: not line(bench, "service_button")["active"], "its release on the page")


def test_a_held_button_shows_the_page_and_a_second_hold_ends_it(bench: Workbench) -> None:
    """And the picture of that very feed has the fault's own text in its code."""
    hold(bench, shown=True)
    wait_until(lambda: "power" in (page(bench) or {}), "what is looked up")
    view = view_of(parse_feed((bench.folder / "screen.json").read_bytes()), 0.0)
    (text,) = decoded(render(view, (1280, 720)))
    hold(bench, shown=False)
    assert text.splitlines()[0] == "star-raider-01: broker"
    assert text.splitlines()[2:] == [
        "It means: The broker cannot be reached, or refuses us.",
        "What to do: run `sudo cabinet check` and see under broker.",
        "Over SSH: sudo cabinet check",
    ]


def line(bench: Workbench, name: str) -> dict[str, Any]:
    """A line of the page."""
    (found,) = [each for each in (page(bench) or {"lines": []})["lines"] if each["line"] == name]
    return found


def test_the_command_shows_it_and_a_credit_arrives_meanwhile(bench: Workbench) -> None:
    """The lines count the pulse on its way out and its count on its way in; the payment is on the page."""
    shown = bench.does("screen", "technician")
    pulsed, _ = bench.does("pulse", "1")
    wait_until(lambda: (page(bench) or {}).get("payments"), "the payment on the page")
    told = page(bench) or {}
    counted = (line(bench, "coin_line")["edges"], line(bench, "coin_meter")["edges"])
    ended = bench.does("screen", "player")
    assert shown == (0, ["the screen shows the technician's page for 120 s; `cabinet screen player` ends it"])
    assert (pulsed, bench.coins(), counted) == (0, 1, (2, 2))
    assert [(each["credits"], each["outcome"]) for each in told["payments"]] == [(1, "test")]
    assert (ended, page(bench)) == ((0, ["the screen shows the player's page"]), None)


def test_the_page_comes_though_nothing_can_be_written(bench: Workbench) -> None:
    """That is when a technician stands there; and what waits for the disk is written once it can be."""
    with closing(sqlite3.connect(bench.folder / "state" / "ledger.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        bench.board.insert_cash_coin()
        bench.controller.wait_for_line("ledger cannot be written: database is locked")
        hold(bench, shown=True)
        kinds = [fault["kind"] for fault in (page(bench) or {})["faults"]]
        other.execute("ROLLBACK")
    bench.controller.wait_for_line("ledger can be written again")
    hold(bench, shown=False)
    assert kinds[0] == "ledger"
    assert bench.ledger("SELECT count(*) FROM coins") == [(1,)]


def test_without_a_controller_nobody_can_tell_the_screen(bench: Workbench) -> None:
    """Said with what to look at, and no success."""
    bench.controller.stop()
    assert bench.does("screen", "technician") == (
        1,
        ["no controller runs, and only it can tell the screen: sudo cabinet status"],
    )


def test_a_storm_on_the_button_shows_nothing_and_delays_no_coin(bench: Workbench) -> None:
    """At 10,000 edges a second: one fault that names the pin, and the pulses of a test credit as ever."""
    bench.board.shake_button(BUTTON_PIN, 10_000, 3.0)
    status, _ = bench.does("pulse", "2")
    kinds = [fault["text"] for fault in json.loads((bench.folder / "screen.json").read_text())["faults"]]
    assert (status, bench.coins(), page(bench)) == (0, 2, None)
    assert "service_button (GPIO 6) hums" in kinds
    assert len(bench.board.edges_of(COIN_PIN)) == 4


def test_the_test_code_leads_to_a_door_that_tests_the_way(tmp_path: Path) -> None:
    """The address off the real picture, asked of the real relay, which looks at the real broker."""
    with running_chain(tmp_path) as chain:
        wait_until(chain.feed_file.exists, "the feed")
        wait_until(lambda: json.loads(chain.feed_file.read_text())["qr"], "the QR on the screen")
        with connect(chain.control_socket) or pytest.fail("no controller") as client:
            client.request({"do": "screen", "page": "technician"})
            wait_until(lambda: "technician" in json.loads(chain.feed_file.read_text()), "the page")
        feed = parse_feed(chain.feed_file.read_bytes())
        (address,) = decoded(render(view_of(feed, 0.0), (640, 480)))
        told = requests.get(address, timeout=60).text
    assert address == f"{chain.door}?test"
    assert re.findall(r"<b>(.*?)</b>", told) == [
        "Your phone to the relay: well.",
        "The relay to Stripe: well.",
        "The relay to the broker: well.",
        "The machine to the broker: well.",
        "A payment made now: well.",
    ]
