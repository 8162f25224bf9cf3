"""Prices and times in words, on the screen and on the phone: by CLDR's forms, as Babel has them."""

from __future__ import annotations

import unicodedata
from datetime import time
from pathlib import Path
from types import ModuleType

import pytest
from babel.dates import format_time
from babel.numbers import format_currency, get_currency_symbol

from attract_screen.model import clock_times as screen_times
from attract_screen.model import local_forms as screen_forms
from attract_screen.model import prices as screen
from cloud_relay.rules import clock_times, local_forms
from cloud_relay.rules import prices as phone
from cloud_relay.rules.charges import SETTLED_IN
from cloud_relay.rules.selling.currencies import _WORTH_ALMOST_HALF_A_DOLLAR
from tools.local_forms import PLACES, forms_text
from tools.locales import LANGUAGES

CURRENCIES = sorted(SETTLED_IN | _WORTH_ALMOST_HALF_A_DOLLAR.keys())
AMOUNTS = (0, 5, 100, 250, 99_999, 123_456, 12_345_678)
every_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.mark.parametrize(
    ("one", "other"), [(screen, phone), (screen_times, clock_times), (screen_forms, local_forms)]
)
def test_the_screen_and_the_phone_write_a_price_by_the_same_rules(one: ModuleType, other: ModuleType) -> None:
    """The two are shipped apart, each with its copy: a sign that only one of them knew has happened."""
    assert text_of(one) == text_of(other)


@every_language
def test_a_language_has_a_form_of_its_own(language: str) -> None:
    """What `make locales` would write today is what lies there."""
    assert language in phone.FORMS
    assert [place.read_text(encoding="utf-8") for place in PLACES] == [forms_text(LANGUAGES)] * 2


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        (250, "usd", "en", "$2.50"),
        (5, "usd", "en", "$0.05"),
        (250, "eur", "en", "€2.50"),
        (100, "gbp", "en", "£1.00"),
        (500, "jpy", "en", "¥500"),
        (250, "myr", "en", "RM\xa02.50"),
        (250, "chf", "en", "CHF\xa02.50"),
        (250, "cad", "en", "CA$2.50"),
        (1500, "krw", "en", "₩1,500"),
        (1250, "kwd", "en", "KWD\xa01.250"),
        (0, "usd", "en", "$0.00"),
        (250, "eur", "es", "2,50\xa0€"),
        (123456, "eur", "es", "1234,56\xa0€"),
        (1234567, "eur", "es", "12.345,67\xa0€"),
        (123456, "eur", "fr", "1\u202f234,56\xa0€"),
        (123456, "eur", "de", "1.234,56\xa0€"),
        (250, "myr", "ms", "RM\xa02.50"),
        (500, "cny", "zh_CN", "¥5.00"),
        (500, "jpy", "ja", "¥500"),
        (1250, "kwd", "de", "1,250\xa0KWD"),
        (250, "usd", "tlh", "$2.50"),
    ],
)
def test_a_price_is_written_as_its_currency_is(amount: int, currency: str, language: str, text: str) -> None:
    """Minor units become the player's money, with the currency's decimals, in the language's form."""
    assert phone.price(amount, currency, language) == text


@every_language
def test_every_price_is_written_as_cldr_has_it(language: str) -> None:
    """But for our signs, which Babel has not, and for what only Stripe counts in hundredths."""
    wrong = [
        (phone.price(amount, currency, language), wanted)
        for currency in CURRENCIES
        for amount in AMOUNTS
        if (wanted := by_babel(amount, currency, language)) != phone.price(amount, currency, language)
    ]
    assert wrong == []


@every_language
def test_every_time_of_day_is_written_as_cldr_has_it(language: str) -> None:
    """Twelve hours or twenty-four, by the language."""
    clock = [time(hour, minute) for hour in range(24) for minute in (0, 5, 59)]
    written = [clock_times.clock_time(at.hour, at.minute, language) for at in clock]
    wanted = [format_time(at, "short", locale=language).replace("\u202f", "\xa0") for at in clock]
    assert written == wanted


def test_a_time_is_read_in_the_players_own_clock() -> None:
    """Noon and midnight are where twelve hours are easily got wrong."""
    assert [clock_times.clock_time(hour, 0) for hour in (0, 11, 12, 17)] == [
        "12:00\xa0AM",
        "11:00\xa0AM",
        "12:00\xa0PM",
        "5:00\xa0PM",
    ]
    assert clock_times.clock_time(9, 5, "ja") == "9:05"
    assert clock_times.clock_time(9, 5, "de") == "09:05"


def text_of(module: ModuleType) -> str:
    """A module's text, as if it were the relay's."""
    text = Path(str(module.__file__)).read_text(encoding="utf-8")
    return text.replace("attract_screen.model", "cloud_relay.rules")


def by_babel(amount: int, currency: str, language: str) -> str:
    """What Babel says, a space beside a word added, and in es no groups in four digits, as CLDR has them."""
    digits = phone.decimals(currency)
    form = phone.FORMS[language]
    pattern = "¤{0}" if form.is_sign_first else "{0}\xa0¤"
    grouping = "#,##0" if len(str(amount // 10**digits)) >= form.grouped_from else "0"
    number = grouping + ("." + "0" * digits if digits else "")
    text = format_currency(
        amount / 10**digits,
        currency.upper(),
        pattern.format(number),
        locale=language,
        currency_digits=False,
    )
    theirs = get_currency_symbol(currency.upper(), language)
    ours = phone.OWN_SIGNS.get(language, {}).get(currency) or phone.SIGNS.get(currency, currency.upper())
    is_word = form.is_sign_first and unicodedata.category(ours[-1]) != "Sc"
    return text.replace(theirs, ours + ("\xa0" if is_word else ""))
