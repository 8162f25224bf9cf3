"""Prices in words, on the screen and on the phone."""

from __future__ import annotations

from pathlib import Path

import pytest

from attract_screen.model import prices as screen
from cloud_relay.rules import prices as phone


def test_the_screen_and_the_phone_write_a_price_by_the_same_rules() -> None:
    """The two are shipped apart, each with its copy: a sign that only one of them knew has happened."""
    assert Path(screen.__file__).read_bytes() == Path(phone.__file__).read_bytes()


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (250, "usd", "$2.50"),
        (5, "usd", "$0.05"),
        (250, "eur", "€2.50"),
        (100, "gbp", "£1.00"),
        (500, "jpy", "¥500"),
        (250, "myr", "RM2.50"),
        (250, "chf", "2.50 CHF"),
        (1500, "krw", "1500 KRW"),
        (1250, "kwd", "1.250 KWD"),
        (0, "usd", "$0.00"),
    ],
)
def test_a_price_is_written_as_its_currency_is(amount: int, currency: str, text: str) -> None:
    """Minor units become the player's money, each currency with its own decimals."""
    assert phone.price(amount, currency) == text
