from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe
from stand_in_stripe_help import Desk, desk

PARAM = "statement_descriptor_suffix"


@pytest.fixture
def at_work() -> Iterator[Desk]:
    """A stand-in whose clock stands still, and whose account's prefix is ARCADE."""
    with desk() as running:
        yield running


def test_a_charge_says_what_stands_on_the_payers_statement(at_work: Desk) -> None:
    """The account's prefix and the payment's suffix; without one the account's own words."""
    data = {"capture_method": "manual", "description": "3 credits", PARAM: "GALAGA"}
    named = at_work.intent(at_work.reserved(payment_intent_data=data))
    assert (named.description, named.latest_charge.description) == ("3 credits", "3 credits")
    assert named.statement_descriptor_suffix == "GALAGA"
    assert named.latest_charge.calculated_statement_descriptor == "ARCADE* GALAGA"
    assert at_work.intent(at_work.charged()).latest_charge.calculated_statement_descriptor == "ARCADE"


@pytest.mark.parametrize(
    ("suffix", "words"),
    [
        ("GALAGA <1>", "cannot contain any of"),
        ("GAL*GA", "cannot contain any of"),
        ("12345", "at least one letter"),
        (
            "GALAGA AT THE PIER",
            "between 5 and 22 characters with its prefix: ARCADE[*] GALAGA AT THE PIER has 26",
        ),
    ],
)
def test_a_suffix_that_no_bank_prints_is_refused(at_work: Desk, suffix: str, words: str) -> None:
    """At the session, at the payment and at its capture."""
    intents, intent_id = at_work.client.v1.payment_intents, at_work.reserved()
    with pytest.raises(stripe.InvalidRequestError, match=words) as refused:
        at_work.reserved(payment_intent_data={"capture_method": "manual", PARAM: suffix})
    assert refused.value.param == f"payment_intent_data[{PARAM}]"
    for ask in (intents.update, intents.capture):
        with pytest.raises(stripe.InvalidRequestError, match=words):
            ask(intent_id, {PARAM: suffix})


def test_a_short_prefix_leaves_room(at_work: Desk) -> None:
    """It is the whole that counts."""
    at_work.stand_in.change_account(statement_prefix="PIER")
    data = {"capture_method": "manual", PARAM: "GALAGA AND MORE"}
    named = at_work.intent(at_work.reserved(payment_intent_data=data))
    assert named.latest_charge.calculated_statement_descriptor == "PIER* GALAGA AND MORE"


def test_a_payments_words_can_be_changed(at_work: Desk) -> None:
    """Before its capture they reach the statement too."""
    intent_id = at_work.reserved()
    words = {"description": "Galaga, 2 of 3 credits", PARAM: "GALAGA 2"}
    at_work.client.v1.payment_intents.update(intent_id, words)
    at_work.client.v1.payment_intents.capture(intent_id)
    intent = at_work.intent(intent_id)
    assert intent.description == "Galaga, 2 of 3 credits"
    assert intent.latest_charge.calculated_statement_descriptor == "ARCADE* GALAGA 2"
