"""config.yaml, edited while the daemon runs: what holds at once, what waits, and what changes nothing."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from cabinets import NOW_S, OFFER, open_bench, paid_bench, payment, session
from conftest import wait_until
from test_config import NEEDED, TOKEN, load, written
from test_whole_chain import order, publish, wait_until_it_sells
from workbench import METER_PIN, Workbench, workbench

from controller.config.reload import Reloaded, read_again
from controller.control.client import ControlClient, connect
from controller.model.effects import FetchOffer, RecordGameOver, SaveSession
from controller.model.events import InputChanged, OfferReceived, RulesChanged
from controller.model.offer import Offer
from controller.model.policy import MeterRules, Rules
from controller.model.session import GameOver
from simulator.chain.chain import running_chain

WIRED = """\
game_over: {pin: 27}
ready: {pin: 22}
coin_meter: {pin: 23}
service_button: {pin: 6}
"""


def reloaded(tmp_path: Path, before: str, after: str) -> Reloaded:
    """What becomes of a daemon that was started with one text and is now told the other."""
    running = load(tmp_path, before)
    return read_again(written(tmp_path, after), running)


# What can be applied


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        ("name: Galaga", "name: Galaga '88", "name"),
        ("", "session_timeout_s: 60", "session_timeout_s"),
        ("", "board_boot_s: 30", "board_boot_s"),
        ("", "board_keeps_credits: true", "board_keeps_credits"),
        ("", "screen: {rotate: 90}", "screen.rotate"),
        ("", "screen: {aspect: '4:3'}", "screen.aspect"),
        ("", "screen: {overscan_percent: 5}", "screen.overscan_percent"),
        ("", 'screen: {languages: "en, es"}', "screen.languages"),
        ("", "screen: {words: /srv/words.yaml}", "screen.words"),
        ("", "screen: {theme: backglass}", "screen.theme"),
        ("", "screen: {folder: /srv/screen}", "screen.folder"),
        ("", "payment_link: https://buy.example.com/x", "payment_link"),
        ("", "accept_unsigned_coinpulse: true", "accept_unsigned_coinpulse"),
        ("game_over: {pin: 27}", "game_over: {pin: 27, debounce_ms: 40}", "game_over.debounce_ms"),
        ("ready: {pin: 22}", "ready: {pin: 22, debounce_ms: 40}", "ready.debounce_ms"),
        ("ready: {pin: 22}", "ready: {pin: 22, stuck_s: 40}", "ready.stuck_s"),
        ("coin_meter: {pin: 23}", "coin_meter: {pin: 23, debounce_ms: 9}", "coin_meter.debounce_ms"),
        ("coin_meter: {pin: 23}", "coin_meter: {pin: 23, within_ms: 900}", "coin_meter.within_ms"),
        (
            "coin_meter: {pin: 23}",
            "coin_meter: {pin: 23, out_of_order_after: 9}",
            "coin_meter.out_of_order_after",
        ),
        ("pin: 6}", "pin: 6, debounce_ms: 9}", "service_button.debounce_ms"),
        ("pin: 17", "pin: 17, pulses_per_credit: 2", "coin_line.pulses_per_credit"),
        ("pin: 17", "pin: 17, max_credits: 9", "coin_line.max_credits"),
        ("", "board: naomi", "board, coin_line.max_credits"),
    ],
)
def test_what_needs_no_restart_is_applied(tmp_path: Path, before: str, after: str, keys: str) -> None:
    """And named, so that the technician sees that the edit was taken."""
    text = NEEDED + WIRED
    edited = text.replace(before, after, 1) if before else f"{text}{after}\n"
    result = reloaded(tmp_path, text, edited)
    assert (", ".join(result.applied), result.waiting, result.config) == (keys, (), load(tmp_path, edited))


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        ("machine_id: galaga-01", "machine_id: galaga-02", "machine_id"),
        ("https://pay.example.com", "https://pay.example.org", "relay.url"),
        (TOKEN, "2." + "ab" * 32, "relay.token"),
        ("broker.example.com", "broker.example.org", "broker.host"),
        ("password: galaga-password", "password: other, port: 443", "broker.port, broker.password"),
        ("pin: 17", "pin: 18", "coin_line.pin"),
        ("pin: 27", "pin: 26", "game_over.pin"),
        ("game_over: {pin: 27}\n", "", "game_over.pin, game_over.active, game_over.debounce_ms"),
        ("ready: {pin: 22}", "ready: {pin: 22, active: high}", "ready.active"),
        ("coin_meter: {pin: 23}", "coin_meter: {pin: 24}", "coin_meter.pin"),
        ("pin: 6}", "pin: 7}", "service_button.pin"),
        (
            "coin_line: {pin: 17}",
            "board: williams_early\ncoin_line: {pin: 17}",
            "board, coin_line.gap_ms, coin_line.settle_ms",
        ),
        ("coin_meter", "state_dir: /srv/state\ncoin_meter", "state_dir"),
        ("coin_meter", "screen_feed: /run/feed\ncoin_meter", "screen_feed"),
        ("coin_meter", "mock_pins_for_demo_only: /run/board\ncoin_meter", "mock_pins_for_demo_only"),
    ],
)
def test_what_was_built_at_start_waits_for_a_restart(
    tmp_path: Path, before: str, after: str, keys: str
) -> None:
    """Nothing of it holds before."""
    text = NEEDED + WIRED
    running = load(tmp_path, text)
    result = read_again(written(tmp_path, text.replace(before, after, 1)), running)
    assert (result.config, result.applied, ", ".join(result.waiting)) == (running, (), keys)


def test_of_one_edit_a_part_may_hold_and_a_part_wait(tmp_path: Path) -> None:
    """Both are told, and what waits is a warning."""
    edited = NEEDED.replace("Galaga", "Pac-Man").replace("pin: 17", "pin: 18")
    assert list(reloaded(tmp_path, NEEDED, edited).log_lines()) == [
        (30, "config.yaml read again: restart to apply coin_line.pin"),
        (20, "config.yaml read again: applied name"),
    ]


def test_a_file_that_cannot_be_used_changes_nothing(tmp_path: Path) -> None:
    """Every problem of it is told, with its line."""
    running = load(tmp_path, NEEDED)
    path = written(tmp_path, NEEDED.replace("name: Galaga", "nam: Galaga").replace("pin: 17", "pin: 3"))
    result = read_again(path, running)
    problems = [
        f"{path}: name is missing",
        f"{path}:2: nam is unknown: did you mean name?",
        f"{path}:5: coin_line.pin is '3': write a GPIO (BCM number) that rests low at power-up as a whole "
        "number from 9 to 27",
    ]
    assert (result.config, result.applied, result.waiting) == (running, (), ())
    assert list(result.log_lines()) == [
        (40, f"not read again, all stays as it was: {problem}") for problem in problems
    ]
    assert result.outstanding == f"the edit of config.yaml is not used: {problems[0]} (and 2 more)"


def test_a_file_that_says_the_same_says_so(tmp_path: Path) -> None:
    """A comment was added, say."""
    result = reloaded(tmp_path, NEEDED, f"# a comment\n{NEEDED}")
    assert (list(result.log_lines()), result.outstanding) == (
        [(20, "config.yaml read again: nothing has changed")],
        "",
    )


def test_a_warning_is_told_again(tmp_path: Path) -> None:
    """As at start."""
    told = list(reloaded(tmp_path, NEEDED, f"{NEEDED}board: naomi\n").log_lines())
    assert [level for level, _ in told] == [20, 30]
    assert "board is naomi, which holds 9 credits" in told[1][1]


# The rule


def changed(rules: Rules, **fields: Any) -> RulesChanged:
    return RulesChanged(replace(rules, **fields))


def test_a_train_that_began_keeps_its_pulses(tmp_path: Path) -> None:
    """Its player paid for what a credit took then; the next one gets what it takes now."""
    bench = paid_bench(payment("pi_1", credits=2))
    bench.handle(changed(bench.cabinet.rules, pulses_per_credit=3))
    bench.receive(payment("pi_2", credits=2))
    assert [train.pulses for train in bench.cabinet.trains] == [2, 6]


def test_coins_towards_a_credit_begin_anew_with_another_count() -> None:
    """How many the board has kept by then, nobody knows."""
    bench = open_bench(pulses_per_credit=3, coin_meter=MeterRules(0.01, 0.5, 3))
    bench.believe("coin_meter", active=True)
    bench.believe("coin_meter", active=False)
    bench.handle(changed(bench.cabinet.rules, pulses_per_credit=2))
    bench.believe("coin_meter", active=True)
    assert (bench.cabinet.coins, bench.cabinet.credits_on_board) == (2, 0)


def test_a_line_is_believed_by_its_new_time() -> None:
    """A contact that chatters is calmed without closing the machine."""
    bench = open_bench(has_ready_line=True, ready_hold_s=0.05)
    bench.handle(changed(bench.cabinet.rules, ready_hold_s=2.0, game_over_hold_s=3.0))
    bench.handle(InputChanged("ready", True, bench.now_s))
    bench.wait(1.9)
    early = bench.cabinet.board_ready
    bench.wait(0.2)
    assert (early, bench.cabinet.board_ready, bench.cabinet.game_over.hold_s) == (False, True, 3.0)


def test_a_payment_link_takes_the_place_of_the_offer_at_once() -> None:
    """Also of an offer that was on its way."""
    bench = open_bench()
    link = Offer("https://buy.example.com/x", ())
    bench.handle(changed(bench.cabinet.rules, payment_link=link.address))
    at_once = bench.cabinet.offer
    bench.handle(OfferReceived(OFFER))
    assert (at_once, bench.cabinet.offer) == (link, link)


def test_without_the_link_the_relay_is_asked_again() -> None:
    """What it sells is not known until then."""
    bench = open_bench(payment_link="https://buy.example.com/x")
    orders = bench.handle(changed(bench.cabinet.rules, payment_link=None))
    assert (orders.acts, bench.cabinet.offer) == ((FetchOffer(),), None)


def test_a_shorter_session_ends_when_its_time_is_over() -> None:
    """Counted from the last credit, not from the edit."""
    bench = open_bench(session_timeout_s=1800.0)
    bench.cabinet = replace(bench.cabinet, session=session("pi_1", NOW_S))
    bench.wait(100)
    orders = bench.handle(changed(bench.cabinet.rules, session_timeout_s=60.0))
    assert orders.records == (RecordGameOver(GameOver("pi_1", 1, 1, duration_s=100)), SaveSession(None))


# The daemon


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with workbench(tmp_path) as running:
        running.start()
        yield running


def edit(bench: Workbench, **keys: object) -> None:
    """Change keys of config.yaml, and tell the daemon."""
    settings = yaml.safe_load(bench.config_file.read_text()) | keys
    bench.config_file.write_text(yaml.safe_dump(settings))
    os.kill(bench.controller.pid, signal.SIGHUP)


def feed(bench: Workbench) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads((bench.folder / "screen.json").read_text())
    return fields


def test_sighup_applies_an_edit_to_the_running_daemon(bench: Workbench) -> None:
    """What the player reads changes, and nothing stops."""
    pid = bench.controller.pid
    edit(bench, name="Star Raider II", session_timeout_s=60, coin_line={"pin": 18})
    bench.controller.wait_for_line("config.yaml read again: applied name, session_timeout_s")
    wait_until(lambda: feed(bench)["machine_name"] == "Star Raider II", "the new name")
    assert bench.controller.find_line("WARNING config.yaml read again: restart to apply coin_line.pin")
    assert feed(bench)["configuration"] == "restart to apply coin_line.pin"
    assert (bench.controller.pid, bench.controller.exit_status) == (pid, None)


def test_a_bad_edit_leaves_the_daemon_as_it_is(bench: Workbench) -> None:
    """It still sells, and the next good edit takes the complaint away."""
    edit(bench, name="", coin_meter={"pin": METER_PIN, "within_ms": 1})
    said = bench.controller.wait_for_line("not read again, all stays as it was: ").text
    wait_until(lambda: feed(bench).get("configuration"), "the complaint")
    complaint = feed(bench)["configuration"]
    with a_connection(bench) as client:
        client.request({"do": "pulse", "credits": 1})
        bench.wait_for_coins(1)
    edit(bench, name="Star Raider", coin_meter={"pin": METER_PIN})
    bench.controller.wait_for_line("config.yaml read again: nothing has changed")
    wait_until(lambda: feed(bench).get("configuration") == "", "no complaint")

    assert said.startswith(f"ERROR not read again, all stays as it was: {bench.config_file}:")
    assert complaint.startswith("the edit of config.yaml is not used: ")
    assert (complaint.endswith("(and 1 more)"), feed(bench)["machine_name"]) == (True, "Star Raider")


def a_connection(bench: Workbench) -> ControlClient:
    """Of a tool that needs no config.yaml to find the daemon."""
    client = connect(bench.control)
    assert client is not None
    return client


@contextmanager
def a_pulse(bench: Workbench, credits: int) -> Iterator[None]:
    """`pulse` in the background, waited for at the end."""
    process = subprocess.Popen(bench.command("pulse", str(credits)), stdout=subprocess.DEVNULL)
    yield
    assert process.wait(60) == 0


def test_at_a_terminal_sighup_ends_it(tmp_path: Path) -> None:
    """There it says that the terminal was closed, and a daemon that nobody sees would hold the pins."""
    master, terminal = pty.openpty()
    with workbench(tmp_path) as bench:
        command = bench.command("run")
        with subprocess.Popen(command, stdin=terminal, stderr=subprocess.PIPE, text=True) as daemon:
            assert daemon.stderr is not None
            wait_until(lambda: "board ready" in daemon.stderr.readline(), "the daemon")
            daemon.send_signal(signal.SIGHUP)
            assert daemon.wait(60) == -signal.SIGHUP
    os.close(master)
    os.close(terminal)


def test_a_reload_in_the_middle_of_a_train_costs_no_pulse(bench: Workbench) -> None:
    """Neither a pulse nor a credit: each that was ordered is counted, by the old count."""
    before = bench.coins()
    with a_pulse(bench, 3):
        bench.wait_for_coins(before + 1)
        edit(bench, coin_line={"pin": 17, "pulses_per_credit": 2})
        bench.controller.wait_for_line("applied coin_line.pulses_per_credit")
    bench.wait_for_coins(before + 3)
    assert bench.ledger("SELECT pulses, credits_delivered, outcome FROM payments") == [(3, 3, "delivered")]


def test_messages_of_an_older_relay_can_be_let_in_while_it_runs(tmp_path: Path) -> None:
    """The same message, before the edit and after it."""
    with running_chain(tmp_path) as chain:
        wait_until_it_sells(chain)
        publish(chain, order())
        chain.controller.wait_for_line("accept_unsigned_coinpulse is not true")
        settings = yaml.safe_load(chain.config_file.read_text())
        chain.config_file.write_text(yaml.safe_dump(settings | {"accept_unsigned_coinpulse": True}))
        os.kill(chain.controller.pid, signal.SIGHUP)
        chain.controller.wait_for_line("applied accept_unsigned_coinpulse")
        publish(chain, order())
        assert chain.controller.wait_for_line(": delivered, 1 of 1 credits")
