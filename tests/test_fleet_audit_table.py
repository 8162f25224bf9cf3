"""What anybody did, as a person reads it: amounts with a currency, times of the clock, words."""

from __future__ import annotations

import json
from datetime import UTC
from types import SimpleNamespace
from typing import Any

import pytest
from fleet_kit import NOON

from fleet.pages.audit_table import audit_table

pytestmark = pytest.mark.fleet


def shown(what: str, **details: Any) -> list[str]:
    """A deed's words and details on the page."""
    row = SimpleNamespace(at=NOON, who="Ada", what=what, machine_id="galaga-01", details=json.dumps(details))
    return [cell.words for cell in audit_table([row], UTC).rows[0][2:]]


def test_amounts_have_their_currency_and_times_are_of_the_clock() -> None:
    """Nobody reads minor units and seconds since 1970."""
    collection = {"counted": 250, "currency": "usd", "taken_at": NOON, "collector": "Bob"}
    assert shown("collection", **collection) == [
        "collection",
        "galaga-01",
        "counted: $2.50, taken at: 2026-11-18 11:06:40, collector: Bob",
    ]
    assert shown("refund_asked", coin_value=50, coin_currency="eur", owner_name="Ring")[::2] == [
        "refund asked",
        "coin value: €0.50, owner name: Ring",
    ]


def test_an_amount_whose_currency_is_not_noted_stays_a_number() -> None:
    """Only what was changed is noted; and a detail that is nothing is left out."""
    assert shown("machine changed", coin_value=50, coin_currency=None, name="")[2] == "coin value: 50"
