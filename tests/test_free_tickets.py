"""Free credits by their tickets and names: one for each phone and slot, and made by nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_relay.rules.phones.free_tickets import (
    FreeTicket,
    free_credits,
    is_free_credit,
    is_phone,
    ticket_in,
    ticket_now,
)
from cloud_relay.rules.selling.periods import FreePlay

SECRET, PHONE = "relay-secret-of-at-least-32-characters", "p" * 22
TWO = FreePlay(2, 10)
AT_S = 1_796_151_600
TICKET = ticket_now("galaga-01", PHONE, TWO, AT_S)
OTHERS = [
    replace(TICKET, machine_id="pong-03"),
    replace(TICKET, phone="q" * 22),
    replace(TICKET, slot=TICKET.slot + 1),
    replace(TICKET, free=FreePlay(3, 10)),
    replace(TICKET, free=FreePlay(2, 5)),
]


def test_a_slot_is_so_many_minutes_and_its_name_never_changes() -> None:
    """From its first second to its last; the next has another."""
    last = ticket_now("galaga-01", PHONE, TWO, AT_S + 599.9)
    assert (TICKET.begins_s, last, TICKET.payment_id(SECRET)) == (AT_S, TICKET, last.payment_id(SECRET))
    assert ticket_now("galaga-01", PHONE, TWO, AT_S + 600) == replace(TICKET, slot=TICKET.slot + 1)


@pytest.mark.parametrize(("after_s", "minutes"), [(0, 10), (1, 10), (60, 9), (539, 2), (540, 1), (599.9, 1)])
def test_the_next_turn_is_told_in_minutes_rounded_up(after_s: float, minutes: int) -> None:
    """Nobody is told to wait for nothing."""
    assert TICKET.next_in_min(AT_S + after_s) == minutes


@pytest.mark.parametrize("other", OTHERS, ids=["machine", "phone", "slot", "credits", "minutes"])
def test_every_part_of_a_ticket_makes_another_credit(other: FreeTicket) -> None:
    """And another button, which the first one's page does not have."""
    assert other.payment_id(SECRET) != TICKET.payment_id(SECRET)
    assert other.sealed(SECRET) != TICKET.sealed(SECRET)


@pytest.mark.parametrize(("slots", "holds"), [(-2, False), (-1, True), (0, True), (1, False)])
def test_a_button_holds_in_its_slot_and_the_next(slots: int, holds: bool) -> None:
    """Not before, and not long after."""
    old = replace(TICKET, slot=TICKET.slot + slots)
    given = (old, SECRET) if holds else None
    assert ticket_in(old.sealed(SECRET), "galaga-01", TWO, AT_S, [SECRET]) == given


def test_another_relays_button_is_none() -> None:
    """Nor one for other credits or minutes."""
    text = TICKET.sealed(SECRET)
    assert ticket_in(text, "galaga-01", TWO, AT_S, [SECRET]) == (TICKET, SECRET)
    assert ticket_in(text, "galaga-01", TWO, AT_S, [SECRET + "x"]) is None
    assert ticket_in(text, "pong-03", TWO, AT_S, [SECRET]) is None
    assert ticket_in(text, "galaga-01", FreePlay(3, 10), AT_S, [SECRET]) is None


def test_a_ticket_outlives_a_change_of_the_secret_and_keeps_its_credit_s_name() -> None:
    """The secret that sealed it names the credit: pressed before and after, it is one and the same."""
    found = ticket_in(TICKET.sealed(SECRET), "galaga-01", TWO, AT_S, ["new" * 11, SECRET])
    assert found == (TICKET, SECRET)


@given(st.text() | st.from_regex(r"\A[0-9]{1,12}\.[A-Za-z0-9_-]{16,32}\.[0-9a-f]{64}\Z"))
def test_no_text_is_a_ticket_but_a_relays_own(text: str) -> None:
    """Whatever a form may send."""
    assert ticket_in(text, "galaga-01", TWO, AT_S, [SECRET]) is None


def test_a_name_shows_its_machine_how_many_credits_it_was() -> None:
    """To this relay, and to nobody else."""
    name = TICKET.payment_id(SECRET)
    assert free_credits(name, "galaga-01", [SECRET]) == 2
    assert free_credits(name, "galaga-01", ["new" * 11, SECRET]) == 2
    assert free_credits(name, "pong-03", [SECRET]) is None
    assert free_credits(name, "galaga-01", [SECRET + "x"]) is None
    assert free_credits(name.replace("free_2", "free_3"), "galaga-01", [SECRET]) is None
    assert free_credits(name + "0", "galaga-01", [SECRET]) is None
    assert len(name) == len("free_2_") + 32 + 1 + 32


@pytest.mark.parametrize(
    ("text", "can_be"), [("free_1_a", True), ("pi_free_1", False), (7, False), (None, False)]
)
def test_free_credits_are_told_from_payments_by_their_name(text: object, can_be: bool) -> None:
    """Stripe is asked of none of them."""
    assert is_free_credit(text) == can_be


def test_a_cookie_of_ours_is_sixteen_letters_or_more() -> None:
    """Anything else gets a new one."""
    told = [is_phone(text) for text in ("p" * 15, "p" * 16, "p" * 32, "p" * 33, "p" * 15 + ".", "")]
    assert told == [False, True, True, False, False, False]
