"""The relay's pure parts: tokens, orders and messages."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_relay.rules.messages import (
    UNREADABLE_STATUS,
    MachineStatus,
    coinpulse,
    expiry_s,
    gameover,
    read_status,
    seconds_left,
    signature,
)
from cloud_relay.rules.orders import (
    BadOrder,
    Order,
    UnsellableCredits,
    credits_bought,
    immediate_order_from,
    is_machine_id,
    order_from,
)
from cloud_relay.rules.tokens import TokenBook, machine_token, relay_tag

ORDER = Order("galaga-01", 3, 250, "usd")


def test_a_token_is_its_number_and_an_hmac_of_machine_and_number() -> None:
    """Anybody with the secret can make it again: there is nothing to store."""
    expected = hmac.new(b"secret", b"galaga-01:2", hashlib.sha256).hexdigest()
    assert machine_token("secret", "galaga-01", 2) == f"2.{expected}"


def test_a_relays_tag_is_the_same_for_ever() -> None:
    """It stands beside payments at Stripe. By printf 'relay tag' | openssl dgst -sha256 -hmac secret."""
    assert relay_tag("secret") == "b976414be5321f91"


def test_raising_a_machines_smallest_number_revokes_its_older_tokens_only() -> None:
    """A stolen cabinet is shut out, and the others do not notice."""
    before, after = TokenBook("secret", {}), TokenBook("secret", {"galaga-01": 2})
    stolen, other = before.issue("galaga-01"), before.issue("pacman-02")
    assert (before.accepts(stolen, "galaga-01"), after.accepts(stolen, "galaga-01")) == (True, False)
    assert after.accepts(after.issue("galaga-01"), "galaga-01")
    assert after.accepts(other, "pacman-02")


ISSUED = machine_token("secret", "galaga-01", 1)


@pytest.mark.parametrize(
    "token",
    [
        ISSUED[:-1] + ("0" if ISSUED[-1] != "0" else "1"),
        ISSUED[:-1],
        ISSUED.upper(),
        f"0{ISSUED}",
        f" {ISSUED}",
        f"{ISSUED}\n",
        ISSUED.removeprefix("1."),
        ISSUED.replace("1.", "2.", 1),
        ISSUED.replace("1.", "\u0661.", 1),
        machine_token("secret", "galaga-01", 0),
        machine_token("secret", "galaga-01", -1),
        machine_token("secret", "galaga-01", 10**9),
        machine_token("secret", "galaga-02", 1),
        machine_token("Secret", "galaga-01", 1),
    ],
)
def test_a_token_that_was_not_issued_is_not_accepted(token: str) -> None:
    """However little it differs from one that was."""
    book = TokenBook("secret", {})
    assert (book.accepts(token, "galaga-01"), book.accepts(ISSUED, "galaga-01")) == (False, True)


@pytest.mark.parametrize("token", ["", "1", "1.", "1.é", "x" * 9999])
def test_what_has_nothing_of_a_token_is_not_accepted(token: str) -> None:
    """Nor does it raise."""
    assert not TokenBook("secret", {}).accepts(token, "galaga-01")


@pytest.mark.parametrize("text", ["", "+", "#", "a/b", "a b", "é", "a\n", "x" * 65, None, 7])
def test_what_could_cross_into_other_topics_is_no_machine_id(text: object) -> None:
    """MQTT's wildcards and level separator above all."""
    assert not is_machine_id(text)


@given(
    credits=st.integers(1, 100),
    amount=st.integers(50, 10**8),
    machine_id=st.text("azAZ09_-", min_size=1, max_size=64),
)
def test_an_order_survives_its_way_through_stripes_metadata(
    credits: int, amount: int, machine_id: str
) -> None:
    """What was sold is what is credited."""
    order = Order(machine_id, credits, amount, "usd")
    assert order_from(order.metadata(), amount, "usd") == order


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"machine_id": "a/b"}, BadOrder, "machine_id is 'a/b'"),
        ({"quantity": "-1"}, BadOrder, "quantity is '-1'"),
        ({"quantity": "1.5"}, BadOrder, "quantity is '1.5'"),
        ({"quantity": ""}, BadOrder, "quantity is ''"),
        ({"quantity": "٣"}, BadOrder, "quantity is"),
        ({"credits_per_unit": "many"}, BadOrder, "credits_per_unit is 'many'"),
        ({"credits_per_unit": "1/3"}, BadOrder, "credits_per_unit is '1/3'"),
        ({"amount": "100"}, BadOrder, "paid 250 usd, but 100 usd was ordered"),
        ({"currency": "eur"}, BadOrder, "paid 250 usd, but 250 eur was ordered"),
        ({"quantity": "0"}, UnsellableCredits, "0 credits"),
        ({"quantity": "1", "credits_per_unit": "0.5"}, UnsellableCredits, "0 credits"),
        ({"quantity": "101"}, UnsellableCredits, "101 credits"),
        ({"quantity": "999999999"}, UnsellableCredits, "999999999 credits"),
    ],
)
def test_an_order_that_cannot_be_believed_or_sold_says_which_field_is_wrong(
    change: dict[str, str], error: type[ValueError], message: str
) -> None:
    """The operator reads it in the log."""
    with pytest.raises(error, match=message):
        order_from(ORDER.metadata() | change, 250, "usd")


@pytest.mark.parametrize(
    ("quantity", "per_unit", "credits"), [(1, "1", 1), (3, "0.5", 1), (10, "0.1", 1), (7, "2.5", 17)]
)
def test_part_of_a_credit_is_not_sold(quantity: int, per_unit: str, credits: int) -> None:
    """Counted exactly: ten times 0.1 is one credit."""
    assert credits_bought(quantity, per_unit) == credits


def test_an_old_link_that_names_only_the_machine_sells_by_the_amount() -> None:
    """One credit for each full dollar."""
    assert immediate_order_from({"machine_id": "galaga-01"}, 299, "usd", 100) == Order(
        "galaga-01", 2, 299, "usd"
    )


def test_a_coin_pulse_is_compact_json_and_the_same_for_the_same_payment() -> None:
    """Old cabinets tell two messages apart by their bytes."""
    assert coinpulse(ORDER, "pi_1", 1_700_000_000, 180) == (
        b'{"machineId":"galaga-01","credits":3,"timestamp":"2023-11-14T22:13:20Z",'
        b'"paymentId":"pi_1","amount":250,"currency":"usd","windowS":180}'
    )


def test_times_are_told_in_utc_wherever_the_relay_runs() -> None:
    """A server in Tokyo sells no credits of tomorrow."""
    code = "from cloud_relay.rules.messages import iso_utc; print(iso_utc(1_700_000_000))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "TZ": "Asia/Tokyo"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stdout == "2023-11-14T22:13:20Z\n"


def test_a_game_over_says_machine_status_and_time() -> None:
    """The ancestor's format."""
    assert json.loads(gameover("galaga-01", 1_700_000_000)) == {
        "machineId": "galaga-01",
        "status": "game_over",
        "timestamp": "2023-11-14T22:13:20Z",
    }


def test_the_signature_is_an_hmac_of_the_payload_under_the_whole_token() -> None:
    """The token's number is part of the key."""
    assert signature("1.ab", b"payload") == hmac.new(b"1.ab", b"payload", "sha256").hexdigest()


@pytest.mark.parametrize(
    ("age_s", "expiry"),
    [(0, 150), (0.5, 149), (145, 5), (149, 1), (175, 1), (175.5, None), (172_800, None), (-9, 150)],
)
def test_the_broker_keeps_a_coin_pulse_for_the_window_less_two_keepalives(
    age_s: float, expiry: int | None
) -> None:
    """Within these it is told to ask; it gets none with less than 5 s left, however late its clock."""
    assert expiry_s(180, 1000, 1000 + age_s) == expiry


def test_a_window_that_has_passed_has_no_seconds_left() -> None:
    """Never a negative number."""
    assert (seconds_left(180, 1000, 1179.5), seconds_left(180, 1000, 5000)) == (0, 0)


def test_a_status_is_read_whatever_else_it_says() -> None:
    """Later cabinets may say more."""
    said = {"machineId": "m", "online": True, "accepting": True, "state": "attract", "new": [1]}
    assert read_status(json.dumps(said).encode(), "m") == MachineStatus(
        online=True, accepting=True, state="attract"
    )


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        b"{}",
        b'{"machineId":"other","online":true,"accepting":true}',
        b'{"machineId":"m","online":1,"accepting":true}',
        b'{"machineId":"m","online":true,"accepting":"true"}',
        b'{"machineId":"m","online":true,"accepting":true,"state":7}',
        b'{"machineId":"m","online":true,"accepting":true,"state":"' + b"a" * 61 + b'"}',
        b'{"machineId":"m","online":true,"accepting":true}' + b" " * 16_384,
    ],
)
def test_a_broken_status_is_not_accepting(payload: bytes) -> None:
    """Nothing is sold on a guess."""
    assert read_status(payload, "m") == UNREADABLE_STATUS


def test_a_status_without_a_state_is_read_all_the_same() -> None:
    """The ancestor's cabinets say none."""
    said = b'{"machineId":"m","online":true,"accepting":true}'
    assert read_status(said, "m") == MachineStatus(online=True, accepting=True, state="")


def test_a_machine_that_is_not_online_is_not_accepting() -> None:
    """Whatever it says beside that."""
    said = b'{"machineId":"m","online":false,"accepting":true,"state":"attract"}'
    assert read_status(said, "m") == MachineStatus(online=False, accepting=False, state="attract")
