"""The operator's commands: what is open, how the machines are, and giving money back."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest
from conftest import PASSWORDS
from relay_parts import OFFERS, Cabinet, RelayUnderTest, mqtt_client, relay_under_test

from cloud_relay.broker.publisher import Publisher
from cloud_relay.errors import NotAtStripe, StripeUnavailable
from cloud_relay.operator.commands import list_machines, list_open, refund_one, tidy_once
from cloud_relay.operator.table import table
from cloud_relay.rules.machine_report import MachineReport, MachineReports, machine_in, read_report
from cloud_relay.rules.marks import Mark, MarkKind
from cloud_relay.rules.messages import UNREADABLE_STATUS, MachineStatus, iso_utc
from cloud_relay.rules.open_list import duration, open_row
from cloud_relay.rules.open_payment import RESERVATION_S, OpenPayment
from cloud_relay.rules.orders import Order
from cloud_relay.rules.tidy_rules import Rules
from cloud_relay.settling.refund import refund
from cloud_relay.stripe.payments import StripePayments
from simulator.chain.broker import Broker

ROOT = Path(__file__).parent.parent
HOUR_S = 3600
OURS = Order("galaga-01", 3, 250, "usd").metadata()
RULES = Rules(window_s=180, release_after_s=72 * HOUR_S)
PAYMENT = OpenPayment("pi_1", OURS, 250, "usd", created_s=1000, named_s=990, lapses_s=1000 + RESERVATION_S)


@pytest.fixture(scope="module")
def shared_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for the tests that leave nothing in it."""
    with Broker(tmp_path_factory.mktemp("operator"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(shared_broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay with a Stripe of its own, whose webhooks are lost."""
    with relay_under_test(shared_broker) as running:
        running.stripe.webhooks.url = None
        yield running


def settle(relay: RelayUnderTest, payment_id: str, delivered: int, machine_id: str = "galaga-01") -> str:
    """Send a machine's receipt for three paid credits; gives the relay's answer."""
    outcome = {0: "undelivered", 3: "delivered"}.get(delivered, "partial")
    said = {
        "paymentId": payment_id,
        "outcome": outcome,
        "creditsDelivered": delivered,
        "creditsPaid": 3,
    }
    answer = relay.client.post(f"/machines/{machine_id}/receipts", json=said, headers=relay.token(machine_id))
    return str(answer.json["result"])


@pytest.mark.parametrize(
    ("age_s", "left_s", "why"),
    [
        (-3, 180, "in its credit window"),
        (0, 180, "in its credit window"),
        (179, 1, "in its credit window"),
        (180, 0, "waiting for its receipt, will be released at 1970-01-04T00:16:40Z"),
        (72 * HOUR_S, 0, "the next tidy releases it"),
    ],
)
def test_an_open_payment_says_why_it_is_open(age_s: int, left_s: int, why: str) -> None:
    """By the same rules by which tidy acts."""
    row = open_row(PAYMENT, RULES, PAYMENT.created_s + age_s)
    assert (row.age_s, row.seconds_left, row.why) == (max(0, age_s), left_s, why)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (61, "1 min 1 s"),
        (3 * HOUR_S + 1200, "3 h 20 min"),
        (52 * HOUR_S, "2 d 4 h"),
    ],
)
def test_a_duration_is_said_in_the_two_units_that_matter(seconds: int, text: str) -> None:
    """Nobody wants to divide 259200."""
    assert duration(seconds) == text


def test_a_table_is_as_wide_as_its_widest_cells_and_ends_without_blanks() -> None:
    """It can be read, and cut."""
    assert table(("a", "bcd"), [("wide", "x"), ("", "")]) == "a     bcd\nwide  x\n\n"


def test_open_lists_what_stripe_holds_newest_first(relay: RelayUnderTest) -> None:
    """Payment, machine, amount, age, what is left, and why."""
    old = relay.pay_in_secret(OURS)
    created_s = relay.stripe.book.intents[old].created
    relay.clock.ahead_s = 2 * HOUR_S
    young = relay.pay_in_secret(Order("pacman-02", 1, 100, "usd").metadata(), amount=100)
    settled = relay.pay_in_secret(OURS)
    assert settle(relay, settled, 3) == "settled"
    relay.clock.ahead_s += 30
    out = io.StringIO()
    assert list_open(relay.relay, out, as_json=False) == 0
    head, first, second = out.getvalue().splitlines()
    assert head.split() == ["payment", "machine", "amount", "age", "left", "why"]
    assert first.split()[:3] == [young, "pacman-02", "$1.00"]
    assert first.endswith(" s  in its credit window")
    due = iso_utc(created_s + 72 * HOUR_S)
    assert second.split()[:3] == [old, "galaga-01", "$2.50"]
    assert second.endswith(f"2 h 0 min  0 s    waiting for its receipt, will be released at {due}")


def test_open_for_programs_has_amounts_in_minor_units_and_times_in_seconds(relay: RelayUnderTest) -> None:
    """With --json."""
    payment_id = relay.pay_in_secret(OURS)
    created_s = relay.stripe.book.intents[payment_id].created
    out, now_s = io.StringIO(), created_s + 1000.5
    list_open(replace(relay.relay, clock=lambda: now_s), out, as_json=True)
    due = iso_utc(created_s + 72 * HOUR_S)
    assert json.loads(out.getvalue()) == [
        {
            "paymentId": payment_id,
            "machineId": "galaga-01",
            "amount": 250,
            "currency": "usd",
            "ageS": 1000,
            "secondsLeft": 0,
            "why": f"waiting for its receipt, will be released at {due}",
            "releaseDue": due,
        }
    ]


def test_when_nothing_is_open_it_says_so(relay: RelayUnderTest) -> None:
    """An empty answer could be a failure."""
    out, rows = io.StringIO(), io.StringIO()
    list_open(relay.relay, out, as_json=False)
    list_open(relay.relay, rows, as_json=True)
    assert (out.getvalue(), rows.getvalue()) == ("Nothing is open.\n", "[]\n")


def test_tidy_by_hand_prints_a_line_for_each_payment_and_a_summary(relay: RelayUnderTest) -> None:
    """And ends with 1 where one of them failed: here nobody is subscribed."""
    old = relay.pay_in_secret(OURS)
    relay.clock.ahead_s = 73 * HOUR_S
    lost = relay.pay_in_secret(OURS)
    relay.clock.ahead_s += 60
    new = relay.pay_in_secret(OURS)
    out = io.StringIO()
    assert tidy_once(relay.relay, out) == 1
    assert out.getvalue().splitlines() == [
        f"{new} of galaga-01: waiting, its webhook is on its way",
        f"{lost} of galaga-01: failed, nobody is subscribed to arcade/machine/galaga-01/coinpulse",
        f"{old} of galaga-01: released, no receipt came",
        "0 republished, 1 released, 1 waiting, 1 failed",
    ]


REPORT = MachineReport(
    MachineStatus(online=True, accepting=True, state="attract"),
    last_seen="2026-11-22T12:00:00Z",
    version="0.1.0",
    faults=("coin meter: no pulse",),
)


@pytest.mark.parametrize(
    ("change", "report"),
    [
        ({}, REPORT),
        (
            {"version": None, "faults": None, "timestamp": None},
            replace(REPORT, last_seen="", version="", faults=()),
        ),
        ({"version": 7, "faults": [1, "ok"]}, replace(REPORT, version="7", faults=("1", "ok"))),
        ({"version": "\x1b[2J\n"}, replace(REPORT, version=r"'\x1b[2J\n'")),
        ({"version": "v" * 999}, replace(REPORT, version="v" * 60)),
        (
            {"faults": ["f" * 99] * 99},
            replace(REPORT, faults=("f" * 60,) * 8 + ("and 91 more",)),
        ),
        ({"machineId": "other"}, replace(REPORT, status=UNREADABLE_STATUS)),
    ],
)
def test_a_report_is_read_whatever_a_status_says(change: dict[str, object], report: MachineReport) -> None:
    """Safe to show in a terminal, too."""
    said = {
        "machineId": "m",
        "online": True,
        "accepting": True,
        "state": "attract",
        "version": "0.1.0",
        "timestamp": "2026-11-22T12:00:00Z",
        "faults": ["coin meter: no pulse"],
    }
    assert read_report(json.dumps(said | change).encode(), "m") == report


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (MachineStatus(online=True, accepting=True, state="attract"), "attract, accepting"),
        (MachineStatus(online=True, accepting=False, state="not_ready"), "not_ready, not accepting"),
        (MachineStatus(online=True, accepting=False, state="\x1b[2J"), r"'\x1b[2J', not accepting"),
        (MachineStatus(online=False, accepting=False, state="attract"), "offline"),
    ],
)
def test_a_state_says_whether_the_machine_sells(status: MachineStatus, state: str) -> None:
    """A last will says nothing of the state before it."""
    assert replace(REPORT, status=status).state == state


@pytest.mark.parametrize(
    "payload", [b"", b"\xff", b"[]", b"[" * 100_000, b'{"version":"' + b"v" * 16_384 + b'"}']
)
def test_a_report_of_a_broken_status_is_empty(payload: bytes) -> None:
    """And nothing is sold on it."""
    assert read_report(payload, "m") == MachineReport(UNREADABLE_STATUS, "", "", ())


def test_only_a_machines_topic_names_a_machine() -> None:
    """The broker's observer, say, has a name with a dot."""
    topics = [
        "arcade/machine/galaga-01/status",
        "arcade/machine/demo.observer/status",
        "arcade/machine//status",
    ]
    assert [machine_in(topic) for topic in topics] == ["galaga-01", None, None]


def test_machines_lists_who_spoke_who_is_silent_and_who_contradicts(broker: Broker) -> None:
    """Every machine that is configured, that left a status, or that has a conflict."""
    offers = OFFERS | {"machines": {"galaga-01": {"name": "Galaga"}, "zaxxon-03": {"name": "Zaxxon"}}}
    said = {"timestamp": "2026-11-22T12:00:00Z", "version": "0.1.0"}
    with (
        relay_under_test(broker, OFFERS=json.dumps(offers)) as relay,
        Cabinet("galaga-01", broker) as galaga,
        Cabinet("pacman-02", broker) as pacman,
    ):
        relay.stripe.webhooks.url = None
        galaga.say(**said, faults=["coin meter: no pulse"])
        pacman.say(**said, online=False, accepting=False, state="offline")
        payment_id = relay.pay_in_secret(OURS)
        assert [settle(relay, payment_id, credits) for credits in (0, 3)] == ["settled", "conflict"]
        out, rows = io.StringIO(), io.StringIO()
        assert list_machines(relay.relay, out, as_json=False) == 0
        assert list_machines(relay.relay, rows, as_json=True) == 0
    head, *lines = (line.split() for line in out.getvalue().splitlines())
    assert (
        " ".join(head) == "machine name state last seen version faults conflicts disputes refunds unsellable"
    )
    assert [" ".join(line) for line in lines] == [
        "galaga-01 Galaga attract, accepting 2026-11-22T12:00:00Z 0.1.0 coin meter: no pulse 1 0 0 0",
        "pacman-02 pacman-02 offline 2026-11-22T12:00:00Z 0.1.0 0 0 0 0",
        "zaxxon-03 Zaxxon not heard of 0 0 0 0",
        f"conflict: {payment_id} of galaga-01, which says delivered 3",
    ]
    assert json.loads(rows.getvalue())[0] == {
        "machineId": "galaga-01",
        "name": "Galaga",
        "heardOf": True,
        "online": True,
        "accepting": True,
        "state": "attract",
        "lastSeen": "2026-11-22T12:00:00Z",
        "version": "0.1.0",
        "faults": ["coin meter: no pulse"],
        "conflicts": [{"paymentId": payment_id, "said": "delivered 3"}],
        "notes": [],
    }


def test_a_conflict_is_shown_for_thirty_days(relay: RelayUnderTest) -> None:
    """Then it is history, which Stripe keeps."""
    payment_id = relay.pay_in_secret(OURS)
    settle(relay, payment_id, 0)
    settle(relay, payment_id, 2)
    stripe = relay.relay.stripe()
    conflict = Mark(MarkKind.CONFLICT, payment_id, "galaga-01", "partial 2")
    for days in (0, 6, 8, 29):
        relay.clock.ahead_s = days * 24 * HOUR_S + 120
        assert stripe.marks(relay.clock()) == [conflict]
    relay.clock.ahead_s = 30 * 24 * HOUR_S + 60
    assert stripe.marks(relay.clock()) == []


def given_back(relay: RelayUnderTest, payment_id: str) -> str:
    """Ask for a refund; what it says."""
    out = io.StringIO()
    assert refund_one(relay.relay, payment_id, out) == 0
    return out.getvalue().rstrip("\n")


def test_a_refund_of_an_open_reservation_releases_it(relay: RelayUnderTest) -> None:
    """Nothing is charged; the second time nothing is left."""
    payment_id = relay.pay_in_secret(OURS)
    assert [given_back(relay, payment_id) for _ in range(2)] == [
        f"Released {payment_id}: $2.50 were reserved, nothing is charged.",
        f"Nothing is left of {payment_id}: it was released, nothing was charged.",
    ]
    assert relay.stripe.money() == {"reserved": 0, "charged": 0, "released": 250, "refunded": 0}


@pytest.mark.parametrize(("delivered", "charged", "text"), [(3, 250, "$2.50"), (2, 166, "$1.66")])
def test_a_refund_gives_back_exactly_what_is_left_of_a_charge(
    relay: RelayUnderTest, delivered: int, charged: int, text: str
) -> None:
    """Of a part that was captured only that part; the second time nothing is left."""
    payment_id = relay.pay_in_secret(OURS)
    settle(relay, payment_id, delivered)
    assert [given_back(relay, payment_id) for _ in range(2)] == [
        f"Refunded {text} of {payment_id}; {text} had been charged.",
        f"Nothing is left of {payment_id}: all of the {text} charged was given back before.",
    ]
    money = relay.stripe.money()
    assert (money["charged"], money["refunded"]) == (charged, charged)


def test_a_refund_after_a_part_was_given_back_gives_the_rest(relay: RelayUnderTest) -> None:
    """Of an immediate payment, of which a part was not delivered."""
    payment_id = relay.pay_in_secret(OURS, capture="automatic")
    assert settle(relay, payment_id, 2) == "settled"
    assert given_back(relay, payment_id) == f"Refunded $1.66 of {payment_id}; $2.50 had been charged."
    assert relay.payment(payment_id).refunded == 250


def test_a_refunded_game_makes_no_conflict_of_its_receipt(relay: RelayUnderTest) -> None:
    """Goodwill is not a contradiction."""
    payment_id = relay.pay_in_secret(OURS)
    settle(relay, payment_id, 3)
    given_back(relay, payment_id)
    assert settle(relay, payment_id, 3) == "already"


def test_a_refund_whose_answer_was_lost_gives_nothing_back_twice(relay: RelayUnderTest) -> None:
    """It fails, and the next attempt finds it done."""
    payment_id = relay.pay_in_secret(OURS)
    settle(relay, payment_id, 3)
    relay.stripe.fail_next(3, status=500, path_prefix="/v1/refunds", after_work=True)
    with pytest.raises(StripeUnavailable, match=f"refund {payment_id}"):
        given_back(relay, payment_id)
    relay.stripe.faults.forget()
    assert given_back(relay, payment_id).startswith(f"Nothing is left of {payment_id}: all of the $2.50")
    assert relay.stripe.money()["refunded"] == 250


def test_a_payment_of_another_shop_is_not_refunded(relay: RelayUnderTest) -> None:
    """The account may sell other things too, and a typing error must not give their money back."""
    payment_id = relay.pay_in_secret({"order": "7"})
    with pytest.raises(NotAtStripe, match=f"{payment_id} is no payment for a machine"):
        given_back(relay, payment_id)
    assert relay.payment(payment_id).status == "requires_capture"


class CapturedMeanwhile(StripePayments):
    """Stripe, where a receipt is settled just before the operator's release."""

    def release(self, payment_id: str) -> None:
        self.capture(payment_id, 166, "partial 2")
        super().release(payment_id)


def test_a_refund_that_crosses_a_receipt_refunds_what_the_receipt_charged(relay: RelayUnderTest) -> None:
    """The operator wants the player to have it all back."""
    payment_id = relay.pay_in_secret(OURS)
    stripe = CapturedMeanwhile(relay.settings.stripe)
    assert (
        refund(replace(relay.relay, stripe=lambda: stripe), payment_id)
        == f"Refunded $1.66 of {payment_id}; $1.66 had been charged."
    )


def command(relay: RelayUnderTest, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m cloud_relay` as an operator does."""
    return subprocess.run(
        [sys.executable, "-m", "cloud_relay", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | relay.variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_commands_run_from_a_terminal(broker: Broker) -> None:
    """With the relay's own environment and nothing else."""
    with relay_under_test(broker) as relay, Cabinet("galaga-01", broker) as galaga:
        relay.stripe.webhooks.url = None
        galaga.say()
        payment_id = relay.pay_in_secret(OURS)
        opened, tidied = command(relay, "open", "--json"), command(relay, "tidy")
        machines, refunded = command(relay, "machines", "--json"), command(relay, "refund", payment_id)
    done = (opened, tidied, machines, refunded)
    assert [(one.returncode, one.stderr) for one in done] == [(0, "")] * 4
    assert [row["paymentId"] for row in json.loads(opened.stdout)] == [payment_id]
    assert tidied.stdout.splitlines()[-1] == "0 republished, 0 released, 1 waiting, 0 failed"
    assert [(row["machineId"], row["online"]) for row in json.loads(machines.stdout)] == [("galaga-01", True)]
    assert refunded.stdout == f"Released {payment_id}: $2.50 were reserved, nothing is charged.\n"


def test_a_command_that_cannot_reach_its_service_says_which(broker: Broker) -> None:
    """In one line, with status 1."""
    with relay_under_test(broker) as relay:
        broker.stop()
        machines, unknown = command(relay, "machines"), command(relay, "refund", "pi_MadeUp")
    assert (machines.returncode, machines.stdout) == (1, "")
    assert machines.stderr.splitlines()[-1].startswith(f"cannot reach localhost:{broker.services_port}: ")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr == "read a payment pi_MadeUp: Stripe knows no such object\n"


class SlowBroker(Publisher):
    """A broker that gives out so few kept messages a second that the rest does not come in time."""

    def machine_reports(self, quiet_s: float = 1.5, within_s: float = 30.0) -> MachineReports:
        """What came in time."""
        return MachineReports({"galaga-01": REPORT}, complete=False)


@pytest.mark.parametrize("as_json", [True, False])
def test_a_list_of_machines_that_may_be_incomplete_is_said_to_be(
    relay: RelayUnderTest, caplog: pytest.LogCaptureFixture, *, as_json: bool
) -> None:
    """It ends with 1, and what is known is listed all the same."""
    out = io.StringIO()
    slow = replace(relay.relay, publisher=SlowBroker(relay.settings.mqtt))
    assert (list_machines(slow, out, as_json=as_json), "galaga-01" in out.getvalue()) == (1, True)
    assert caplog.messages == [
        "The list may be incomplete: the broker did not send every machine's status. Try again; if it stays "
        "so, raise what the broker sends at once (Mosquitto: max_queued_messages and max_queued_bytes; EMQX: "
        "retainer.delivery_rate)."
    ]


FLEET = "fleet.simulator"
FLEET_RULES = f"user {FLEET}\ntopic write arcade/machine/+/status\n"


@contextmanager
def renewed_for_ever(broker: Broker, machine_ids: list[str], renewing: int, every_s: float) -> Iterator[None]:
    """Machines that leave a retained status each; the first `renewing` renew it in turn until the end."""
    client = mqtt_client(broker, FLEET, "fleet-password")
    done = threading.Event()

    def renew() -> None:
        for machine_id in cycle(machine_ids[:renewing]):
            if done.wait(every_s):
                return
            client.publish(f"arcade/machine/{machine_id}/status", status_of(machine_id), qos=1, retain=True)

    for machine_id in machine_ids:
        sent = client.publish(
            f"arcade/machine/{machine_id}/status", status_of(machine_id), qos=1, retain=True
        )
    sent.wait_for_publish(20)
    thread = threading.Thread(target=renew)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        client.disconnect()
        client.loop_stop()


def status_of(machine_id: str) -> bytes:
    """A status as cabinets write it."""
    said = {"machineId": machine_id, "online": True, "accepting": True, "state": "attract", "faults": []}
    return json.dumps(said | {"timestamp": "2026-11-22T12:00:00Z", "version": "0.1.0"}).encode()


@pytest.fixture
def fleet_broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker where one user speaks for any number of machines."""
    with Broker(tmp_path / "broker", PASSWORDS | {FLEET: "fleet-password"}, extra_rules=FLEET_RULES) as made:
        yield made


@pytest.mark.parametrize(
    ("renewing", "every_s"), [(500, 0.1), (1, 0.001)], ids=["500 cabinets", "one hostile cabinet"]
)
def test_the_list_of_machines_ends_while_machines_renew_their_status(
    fleet_broker: Broker, renewing: int, every_s: float
) -> None:
    """However many they are, and however often one of them does so."""
    machine_ids = [f"m-{number:03}" for number in range(500)]
    out = io.StringIO()
    with (
        relay_under_test(fleet_broker) as running,
        renewed_for_ever(fleet_broker, machine_ids, renewing, every_s),
    ):
        relay = replace(running.relay, publisher=Publisher(running.settings.mqtt))  # with its own patience
        ended = threading.Thread(target=lambda: list_machines(relay, out, as_json=True), daemon=True)
        ended.start()
        ended.join(60)
        assert not ended.is_alive()
        relay.publisher.close()
    seen = [(row["machineId"], row["heardOf"]) for row in json.loads(out.getvalue())]
    assert seen == [("galaga-01", False)] + [(machine_id, True) for machine_id in machine_ids]
