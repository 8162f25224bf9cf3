"""The rules for one payment, as the table that they are."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from cabinets import BOOT, DELIVERY, NOW_S, payment, train

from controller.model.cabinet import Cabinet, new_cabinet
from controller.model.events import (
    FoundPayment,
    PaymentReceived,
    PulseFired,
    ReceiptAnswered,
    ReceiptFailed,
)
from controller.model.payment import KnownPayment, Outcome, OwedReceipt, PaymentState, Receipt
from controller.model.payment_events import (
    LedgerMoved,
    NotOpen,
    OpenAtStripe,
    OpenBehindFence,
    PaymentEvent,
    PiRestarted,
    ProcessRestarted,
    PulseCounted,
    PulseNotCounted,
    WindowEnded,
)
from controller.model.policy import Rules
from controller.rules.payment_table import PAYMENT_TABLE
from controller.rules.turn import Turn, UnexpectedEvent

README = (Path(__file__).parent.parent / "README.md").read_text()
FOUND = FoundPayment(payment(), 60.0, None)
ONE_OF_EACH: tuple[PaymentEvent, ...] = (
    PaymentReceived(DELIVERY, payment(), NOW_S, 60.0, None, 180.0),
    PulseFired("pi_1", 1, 1.0, 1.1),
    PulseCounted(beside_cash=False),
    PulseNotCounted(),
    WindowEnded(),
    ProcessRestarted(),
    PiRestarted(),
    OpenAtStripe(FOUND, NOW_S),
    OpenBehindFence(FOUND),
    LedgerMoved(),
    NotOpen(),
    ReceiptAnswered("pi_1", "settled"),
    ReceiptFailed("pi_1", "no route"),
)
RECEIPT = Receipt("pi_1", Outcome.DELIVERED, 1, 1)
PULSE = PulseFired("pi_1", 1, 1.0, 1.1)


def cabinet_with(**fields: Any) -> Cabinet:
    """A cabinet as far as one payment needs it."""
    rules = Rules("galaga-01", 1, 1800.0, 20.0, 0.03, 0.05, has_ready_line=False, has_relay=True)
    return replace(new_cabinet(rules, BOOT), **fields)


IN_STATE: dict[PaymentState, tuple[Cabinet, KnownPayment | None]] = {
    PaymentState.UNKNOWN: (cabinet_with(), None),
    PaymentState.AWAITING_RELAY: (cabinet_with(trains=(train(payment(), deadline_s=None),)), None),
    PaymentState.WAITING: (cabinet_with(trains=(train(payment()),)), None),
    PaymentState.FIRING: (cabinet_with(trains=(train(payment(), intended=1),)), None),
    PaymentState.COUNTING: (cabinet_with(trains=(train(payment(), intended=1),), expected=PULSE), None),
    PaymentState.BETWEEN: (cabinet_with(trains=(train(payment(credits=2), intended=1, fired=1),)), None),
    PaymentState.OWED: (cabinet_with(receipts=(OwedReceipt(RECEIPT, NOW_S),)), KnownPayment(RECEIPT)),
    PaymentState.SETTLED: (cabinet_with(), KnownPayment(RECEIPT)),
}
UNEXPECTED = [
    pytest.param(event, state, id=f"{type(event).__name__}, {state.name.lower()}")
    for event in ONE_OF_EACH
    for state in PaymentState
    if state not in PAYMENT_TABLE[type(event)]
]


def test_the_table_knows_everything_that_can_happen_to_a_payment() -> None:
    """And nothing else."""
    assert set(PAYMENT_TABLE) == set(get_args(PaymentEvent)) == {type(each) for each in ONE_OF_EACH}


@pytest.mark.parametrize("state", PaymentState, ids=lambda state: state.name.lower())
def test_each_state_is_told_from_what_the_cabinet_holds(state: PaymentState) -> None:
    """No state is kept beside the facts that make it."""
    cabinet, known = IN_STATE[state]

    assert cabinet.state_of("pi_1", known) is state


@pytest.mark.parametrize(("event", "state"), UNEXPECTED)
def test_what_a_state_does_not_expect_is_an_error_with_both_names(
    event: PaymentEvent, state: PaymentState
) -> None:
    """Never silence: the daemon's picture of the machine would be wrong."""
    cabinet, known = IN_STATE[state]
    turn = Turn(cabinet, NOW_S, PAYMENT_TABLE)

    with pytest.raises(UnexpectedEvent) as raised:
        turn.apply("pi_1", event, known)
    assert str(raised.value) == f"{type(event).__name__} for payment pi_1, which is {state}"
    assert (turn.cabinet, turn.records, turn.acts) == (cabinet, [], [])


def test_every_situation_that_the_readme_promises_is_a_case_of_the_table() -> None:
    """By the same name, so that whoever reads of it finds the rule."""
    table = README.split("## What happens when it breaks")[1].split("\n\n")[1]
    situations = [row.split("|")[1].strip() for row in table.splitlines()[2:]]
    cases = {case.name for states in PAYMENT_TABLE.values() for case in states.values()}

    assert len(situations) >= 10
    assert set(situations) <= cases


def test_every_test_that_the_readme_names_is_there() -> None:
    """A situation without its test would be a promise and no more."""
    named = re.findall(r"`(a_[a-z_]+)`", README)
    tests = (Path(__file__).parent / "test_situations.py").read_text()

    assert named
    assert [name for name in named if f"def test_{name}(" not in tests] == []
