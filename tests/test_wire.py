"""What goes over MQTT: each refusal by its text, each payload whole."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_relay.rules.tokens import token_tag
from controller.formats import wire
from controller.formats.wire import CoinPulseMessage, PaidPulses, Reader, Refused, SignedByAnother, Status
from controller.model.fault import Fault, FaultKind
from controller.model.payment import Payment
from controller.model.session import GameOver

TOKEN = "1." + "ab" * 32
OTHER_TOKEN = "2." + "ab" * 32
PULSE = {
    "machineId": "galaga-01",
    "credits": 3,
    "timestamp": "2026-06-01T12:00:00.000Z",
    "paymentId": "pi_1",
    "amount": 250,
    "currency": "usd",
}
STRICT = Reader("galaga-01", TOKEN, accept_unsigned=False)
LENIENT = Reader("galaga-01", TOKEN, accept_unsigned=True)
UNSIGNED_REFUSED = "unsigned or without paymentId, and accept_unsigned_coinpulse is not true in config.yaml"
SIGNATURE_REFUSED = "signature is wrong: is relay.token the one that the relay issued?"


def encoded(**changes: Any) -> bytes:
    """A coin pulse with some fields changed; None takes one out."""
    fields = {key: value for key, value in (PULSE | changes).items() if value is not None}
    return json.dumps(fields).encode()


def signed(
    payload: bytes, *, token: str = TOKEN, retained: bool = False, expiry_s: int | None = 150
) -> CoinPulseMessage:
    """A message as the relay sends it."""
    return CoinPulseMessage(payload, retained, expiry_s, wire.sign(token, payload))


def unsigned(payload: bytes, *, expiry_s: int | None = None) -> CoinPulseMessage:
    """A message as an older relay sends it."""
    return CoinPulseMessage(payload, retained=False, expiry_s=expiry_s, signature=None)


def refusal(message: CoinPulseMessage, reader: Reader = STRICT) -> str:
    """Why a message is no payment."""
    with pytest.raises(Refused) as refused:
        reader.read(message)
    return str(refused.value)


# What is taken


def test_a_signed_coin_pulse_is_a_payment_with_its_time_left() -> None:
    """Every field arrives."""
    assert STRICT.read(signed(encoded(windowS=180))) == PaidPulses(
        Payment("pi_1", 3, 250, "usd", has_receipt=True), 150, 180.0
    )


def test_a_missing_expiry_is_no_time_left_that_we_know() -> None:
    """The rules decide what that means."""
    assert STRICT.read(signed(encoded(), expiry_s=None)).time_left_s is None


@pytest.mark.parametrize("window_s", [None, 0, -1, True, "180", 180.5, 3601, [180]])
def test_a_strange_window_is_as_good_as_none(window_s: object) -> None:
    """It only spares a question to the relay."""
    assert STRICT.read(signed(encoded(windowS=window_s))) == STRICT.read(signed(encoded()))


@pytest.mark.parametrize("window_s", [1, 3600])
def test_the_shortest_and_the_longest_window_are_taken(window_s: int) -> None:
    """No relay can be set to a longer one."""
    assert STRICT.read(signed(encoded(windowS=window_s))).window_s == window_s


@pytest.mark.parametrize("amount", [0, 10**12 - 1])
def test_the_least_and_the_largest_amount_are_taken(amount: int) -> None:
    """Twelve digits, as at Stripe."""
    assert STRICT.read(signed(encoded(amount=amount))).payment.amount == amount


@pytest.mark.parametrize(("length", "shown"), [(38, "x" * 38 + "'"), (39, "x" * 36 + "...")])
def test_a_long_value_is_cut_in_the_reason(length: int, shown: str) -> None:
    """Forty characters of it, quotes included, are enough to see what it is."""
    assert refusal(signed(encoded(currency="x" * length))) == f"currency is '{shown}, not three small letters"


def test_unknown_fields_are_ignored() -> None:
    """A newer relay may say more."""
    assert STRICT.read(signed(encoded(shade="blue", tip={"amount": 1}))) == STRICT.read(signed(encoded()))


def test_optional_fields_may_be_absent() -> None:
    """A price is not needed to count credits, nor is the time of day."""
    payload = encoded(amount=None, currency=None, timestamp=None)

    assert STRICT.read(signed(payload)) == PaidPulses(
        Payment("pi_1", 3, None, None, has_receipt=True), 150, None
    )


@pytest.mark.parametrize("credits", [1, 100])
def test_the_least_and_the_most_credits_are_taken(credits: int) -> None:
    """The limits belong to what is allowed."""
    assert STRICT.read(signed(encoded(credits=credits))).payment.credits == credits


def test_the_largest_payload_is_taken() -> None:
    """4 KiB, and not a byte more."""
    payload = encoded().ljust(4096)

    assert STRICT.read(signed(payload)).payment.id == "pi_1"
    assert refusal(signed(payload + b" ")) == "payload has 4097 bytes, more than 4096"


def test_a_signature_is_the_hmac_of_the_payload_in_hex() -> None:
    """Figures from another implementation: printf MESSAGE | openssl dgst -sha256 -hmac KEY."""
    assert wire.sign("key", b"The quick brown fox jumps over the lazy dog") == (
        "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    )


# Unsigned, from an older relay


def test_an_unsigned_coin_pulse_is_credited_only_if_the_configuration_says_so() -> None:
    """Named after its own bytes, and without a receipt."""
    payload = encoded(paymentId=None, amount=None, currency=None)
    name = "unsigned-" + hashlib.sha256(payload).hexdigest()[:32]

    assert refusal(unsigned(payload)) == UNSIGNED_REFUSED
    assert LENIENT.read(unsigned(payload)) == PaidPulses(
        Payment(name, 3, None, None, has_receipt=False), 180.0, None
    )


def test_an_unsigned_expiry_counts_if_there_is_one() -> None:
    """What is left is left."""
    assert LENIENT.read(unsigned(encoded(), expiry_s=7)).time_left_s == 7


def test_the_same_unsigned_bytes_are_the_same_payment() -> None:
    """And others, by so much as a space, are another."""
    ids = [LENIENT.read(unsigned(payload)).payment.id for payload in (encoded(), encoded(), encoded() + b" ")]

    assert (ids[0] == ids[1], ids[1] == ids[2]) == (True, False)


def test_a_signed_coin_pulse_without_payment_id_counts_as_unsigned() -> None:
    """It names no payment that a receipt could be about."""
    message = signed(encoded(paymentId=None))

    assert refusal(message) == UNSIGNED_REFUSED
    assert LENIENT.read(message).payment.has_receipt is False


# What is refused


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "payload is not JSON: JSONDecodeError"),
        (b"{", "payload is not JSON: JSONDecodeError"),
        (b'"\xff"', "payload is not JSON: UnicodeDecodeError"),
        (b"[]", "payload is a JSON list, not an object"),
        (b"null", "payload is a JSON NoneType, not an object"),
        (b"3", "payload is a JSON int, not an object"),
        (encoded(machineId="pacman-02"), "machineId is 'pacman-02', we are 'galaga-01'"),
        (encoded(machineId=None), "machineId is None, we are 'galaga-01'"),
        (encoded(machineId=["galaga-01"]), "machineId is ['galaga-01'], we are 'galaga-01'"),
        (encoded(machineId="x" * 99), f"machineId is '{'x' * 36}..., we are 'galaga-01'"),
    ],
)
def test_what_is_no_coin_pulse_for_us_is_refused(payload: bytes, reason: str) -> None:
    """With a reason that the log can hold."""
    assert refusal(signed(payload)) == reason


@pytest.mark.parametrize(
    ("credits", "shown"),
    [
        (0, "0"),
        (-1, "-1"),
        (101, "101"),
        (10**9, "1000000000"),
        ("3", "'3'"),
        (True, "True"),
        (1.0, "1.0"),
        (float("nan"), "nan"),
        ([3], "[3]"),
        (None, "None"),
    ],
)
def test_credits_that_are_no_whole_number_in_range_are_refused(credits: object, shown: str) -> None:
    """A wrong number of coins cannot be taken back."""
    assert refusal(signed(encoded(credits=credits))) == (
        f"credits is {shown}, not a whole number from 1 to 100"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"paymentId": ""}, "paymentId is '', not a payment's id"),
        ({"paymentId": 7}, "paymentId is 7, not a payment's id"),
        ({"paymentId": "pi 1"}, "paymentId is 'pi 1', not a payment's id"),
        ({"paymentId": "pi_1\n"}, "paymentId is 'pi_1\\n', not a payment's id"),
        ({"amount": -1}, "amount is -1, not a whole number of minor units"),
        ({"amount": 2.5}, "amount is 2.5, not a whole number of minor units"),
        ({"amount": True}, "amount is True, not a whole number of minor units"),
        ({"amount": 10**12}, "amount is 1000000000000, not a whole number of minor units"),
        ({"amount": 10**99}, f"amount is 1{'0' * 36}..., not a whole number of minor units"),
        ({"currency": "USD"}, "currency is 'USD', not three small letters"),
        ({"currency": "us"}, "currency is 'us', not three small letters"),
        ({"currency": 840}, "currency is 840, not three small letters"),
    ],
)
def test_a_signed_field_of_the_wrong_kind_is_refused(changes: dict[str, Any], reason: str) -> None:
    """Even from the relay itself: what the ledger cannot hold must not reach it."""
    assert refusal(signed(encoded(**changes))) == reason


def test_what_has_no_signature_shows_nothing_of_our_token() -> None:
    """Whoever sends such messages from elsewhere does not close the door with them."""
    with pytest.raises(Refused) as refused:
        STRICT.read(CoinPulseMessage(encoded(), False, 150, None))
    assert type(refused.value) is Refused


def test_a_retained_coin_pulse_is_refused() -> None:
    """It would be a credit at every start."""
    assert refusal(signed(encoded(), retained=True)) == (
        "retained: a coin pulse is for now, not for whoever comes later"
    )


@pytest.mark.parametrize("reader", [STRICT, LENIENT], ids=["strict", "accepts unsigned"])
@pytest.mark.parametrize(
    "message",
    [
        signed(encoded(), token=OTHER_TOKEN),
        CoinPulseMessage(encoded(credits=99), False, 150, wire.sign(TOKEN, encoded())),
        CoinPulseMessage(encoded(), False, 150, ""),
        CoinPulseMessage(encoded(), False, 150, "é"),
        CoinPulseMessage(encoded(), False, 150, wire.sign(TOKEN, encoded()).upper()),
    ],
    ids=["another token", "another payload", "empty", "no hex", "in capitals"],
)
def test_a_wrong_signature_is_refused_everywhere(reader: Reader, message: CoinPulseMessage) -> None:
    """Accepting unsigned messages does not accept forged ones; it is told apart from all other refusals."""
    with pytest.raises(SignedByAnother) as refused:
        reader.read(message)
    assert str(refused.value) == SIGNATURE_REFUSED


@pytest.mark.parametrize(
    ("first", "second"), [(OTHER_TOKEN, TOKEN), (TOKEN, OTHER_TOKEN)], ids=["the new token", "the old token"]
)
def test_one_of_two_signatures_is_enough(first: str, second: str) -> None:
    """While the relay's secret is changed it signs twice, for it does not know which token we have."""
    payload = encoded()
    twice = replace(signed(payload, token=first), second_signature=wire.sign(second, payload))
    assert STRICT.read(twice) == STRICT.read(signed(payload))


def test_two_signatures_of_others_are_refused() -> None:
    """As one is; nor does the second one do for another payload than ours."""
    payload = encoded()
    for second in (wire.sign(OTHER_TOKEN, payload), wire.sign(TOKEN, encoded(credits=99)), ""):
        message = replace(signed(payload, token=OTHER_TOKEN), second_signature=second)
        with pytest.raises(SignedByAnother):
            STRICT.read(message)


def test_a_signature_that_nobody_can_check_is_refused() -> None:
    """A cabinet without a token cannot tell it from a forged one."""
    reader = Reader("galaga-01", None, accept_unsigned=True)

    assert refusal(signed(encoded()), reader) == SIGNATURE_REFUSED


@pytest.mark.parametrize("depth", [10, 400, 900, 960, 980, 990, 1900])
def test_deep_nesting_in_a_field_is_refused_at_any_depth(depth: int) -> None:
    """Also where the parser still manages, and the reason has to be written."""
    payload = b'{"machineId":' + b"[" * depth + b"]" * depth + b"}"

    assert refusal(signed(payload)).startswith(("machineId is [[[[", "payload is not JSON: "))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


@given(
    payload=st.binary(max_size=99)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries({}, optional=dict.fromkeys(PULSE, JSON)).map(
        lambda changes: json.dumps(PULSE | changes).encode()
    ),
    sign=st.booleans(),
)
def test_any_bytes_are_a_payment_or_refused(payload: bytes, sign: bool) -> None:
    """Nothing else comes out of the reader, and a payment has 1 to 100 credits."""
    with suppress(Refused):
        payment = LENIENT.read(signed(payload) if sign else unsigned(payload)).payment
        assert 1 <= payment.credits <= 100


# What is sent


def test_topics_carry_the_machine_id() -> None:
    """The contract with the relay and with the access rules."""
    assert [
        topic("galaga-01") for topic in (wire.coinpulse_topic, wire.gameover_topic, wire.status_topic)
    ] == [
        "arcade/machine/galaga-01/coinpulse",
        "arcade/machine/galaga-01/gameover",
        "arcade/machine/galaga-01/status",
    ]


def test_a_game_over_says_which_session_ended() -> None:
    """The whole payload."""
    ended = GameOver("pi_1", game=2, credits=3, duration_s=90)

    payload = wire.gameover_payload("galaga-01", ended, "2026-06-01T12:00:00.000Z")

    assert json.loads(payload) == {
        "machineId": "galaga-01",
        "status": "game_over",
        "timestamp": "2026-06-01T12:00:00.000Z",
        "sessionId": "pi_1",
        "game": 2,
        "credits": 3,
        "durationS": 90,
    }


def test_a_status_says_how_the_machine_is() -> None:
    """The whole payload."""
    faults = (Fault(FaultKind.RELAY, "relay: no route"),)
    status = Status("galaga-01", True, True, "attract", 2, "0.1.0", "boot-a", faults, 3, 17)

    assert json.loads(status.payload("2026-06-01T12:00:00.000Z")) == {
        "machineId": "galaga-01",
        "online": True,
        "accepting": True,
        "state": "attract",
        "credits": 2,
        "version": "0.1.0",
        "bootId": "boot-a",
        "timestamp": "2026-06-01T12:00:00.000Z",
        "faults": ["relay: no route"],
        "faultKinds": ["relay"],
        "conflicts": 3,
        "coins": 17,
    }


def test_a_status_shows_which_token_is_used_and_nothing_of_the_token() -> None:
    """By a tag that the relay makes in the same way; a cabinet without a token shows none."""
    with_token = Status("g", True, True, "attract", 2, "0", "b", (), token_tag=wire.token_tag(TOKEN))
    without = Status("g", True, True, "attract", 2, "0", "b", ())

    said = json.loads(with_token.payload("now"))
    assert said.pop("tokenTag") == token_tag(TOKEN)
    assert said == json.loads(without.payload("now"))
    assert re.fullmatch("[0-9a-f]{16}", token_tag(TOKEN))
    assert token_tag(TOKEN) != token_tag(OTHER_TOKEN)


def test_what_is_sent_is_compact_and_in_utf_8() -> None:
    """Metered networks carry it."""
    faults = (Fault(FaultKind.RELAY, "relay: no route to Zürich"),)
    status = Status("galaga-01", True, True, "attract", 2, "0.1.0", "boot-a", faults, 3, 17)

    assert status.payload("now").decode() == (
        '{"machineId":"galaga-01","online":true,"accepting":true,"state":"attract","credits":2,'
        '"version":"0.1.0","bootId":"boot-a","timestamp":"now","faults":["relay: no route to Zürich"],'
        '"faultKinds":["relay"],"conflicts":3,"coins":17}'
    )


@pytest.mark.parametrize("letter", ["a", "ü", "\N{COIN}", "\x00"], ids=["one byte", "two", "four", "escaped"])
def test_a_status_stays_below_what_the_broker_takes(letter: str) -> None:
    """However many faults there are, and however long; the worst are told."""
    faults = tuple(Fault(FaultKind.DAMAGED_LEDGER, f"{number:2}{letter * 5000}") for number in range(200))
    status = Status("m" * 64, True, True, "out_of_order", 100, "0.1.0", "b" * 64, faults, 10**6, 10**6)
    payload = status.payload("2026-06-01T12:00:00.000Z")

    told = json.loads(payload)
    assert told["faults"] == [f"{number:2}{letter * 148}" for number in range(16)]
    assert told["faultKinds"] == ["damaged_ledger"] * 16
    assert len(payload) < 16_384 - 256  # and the topic


def test_the_last_will_is_offline_and_accepts_nothing() -> None:
    """The door closes by it."""
    assert wire.offline_status("galaga-01", "0.1.0", "boot-a") == Status(
        "galaga-01", False, False, "offline", 0, "0.1.0", "boot-a", ()
    )
