"""The rules for power cuts, held against ledgers that keep them and ledgers that break one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tools.vm.power_verdict import Boot, Pulse, Sale, broken_at_cut, broken_at_end


def train(payment_id: str, *states: str) -> tuple[Pulse, ...]:
    return tuple(Pulse(payment_id, number, state) for number, state in enumerate(states, start=1))


SOLD = Sale("a", 3, 3, "delivered", 3, "succeeded", 250, 250)
CUT = Sale("b", 3, 3, "undelivered", 0, "canceled", 250, 0)
TRAIN_A, TRAIN_B = train("a", "fired", "fired", "fired"), train("b", "fired", "intended", "intended")
BOOTS = (Boot(3, TRAIN_A), Boot(2, TRAIN_A + TRAIN_B))


def test_a_train_that_ended_and_one_that_was_cut_keep_all_rules() -> None:
    """The second pulse of `b` was on the line, and the third ordered, when the plug was pulled."""
    assert list(broken_at_cut((), BOOTS[0])) == []
    assert list(broken_at_cut(TRAIN_A, BOOTS[1])) == []
    assert list(broken_at_end(BOOTS, (SOLD, CUT))) == []


def test_a_payment_that_waited_for_the_next_boot_keeps_all_rules() -> None:
    """Written down and cut before its first pulse, it is credited behind the cut."""
    assert list(broken_at_end((Boot(0, ()), Boot(3, TRAIN_A)), (SOLD,))) == []


@pytest.mark.parametrize(
    ("before", "boot", "told"),
    [
        (TRAIN_A, Boot(0, TRAIN_A[:2]), "the ledger lost pulses: it had 3 before, now 2"),
        ((), Boot(2, TRAIN_A), "3 pulses completed in the ledger, and only 2 on the pin"),
        (TRAIN_A, Boot(1, TRAIN_A), "1 pulses on the pin, and only 0 intended in the ledger"),
        (
            (),
            Boot(1, train("b", "intended", "intended", "intended")),
            "3 pulses in doubt, more than 2: 1 intended, 2 intended, 3 intended",
        ),
    ],
)
def test_a_cut_that_breaks_a_rule_is_told(before: tuple[Pulse, ...], boot: Boot, told: str) -> None:
    """Each rule once, and no other with it."""
    assert list(broken_at_cut(before, boot)) == [told]


@pytest.mark.parametrize(
    ("sale", "told"),
    [
        (replace(SOLD, status="requires_capture"), ["a: not settled: requires_capture"]),
        (replace(SOLD, charged=166), ["a: charged 166 of 250 for 3 of 3 credits"]),
        (
            replace(SOLD, outcome="undelivered", credits_delivered=0, status="canceled", charged=0),
            ["a: all its pulses left the pin, and it is undelivered"],
        ),
        (
            replace(CUT, outcome="delivered", credits_delivered=3, status="succeeded", charged=250),
            [
                "b: charged for 3 pulses, and 1 completed in the ledger",
                "b: charged for 3 pulses, and 2 were on the pin",
            ],
        ),
        (
            Sale("unheard of", 3, 0, None, 0, "succeeded", 250, 250),
            ["unheard of: charged 250 of 250 for 0 of 3 credits"],
        ),
    ],
)
def test_money_that_went_wrong_is_told(sale: Sale, told: list[str]) -> None:
    """Charged for what never left the pin, given away, or left reserved."""
    assert list(broken_at_end(BOOTS, (sale,))) == told


def test_a_train_that_goes_on_behind_a_cut_is_told() -> None:
    """The board lost its credits with the power: what it had been given is gone."""
    first = train("a", "fired", "fired")
    boots = (Boot(2, first), Boot(1, (*first, Pulse("a", 3, "fired"))))
    assert list(broken_at_end(boots, (SOLD,))) == [
        "a: its train went on behind a cut, where the board had lost its credits"
    ]


def test_a_pulse_given_twice_is_told() -> None:
    """The same pulse of the same payment."""
    pulses = (*TRAIN_A, Pulse("a", 3, "fired"))
    assert list(broken_at_end((Boot(4, pulses),), (SOLD,))) == [
        "pulse 3 of a was intended 2 times",
        "a: 4 pulses on the pin for 3 paid",
    ]
