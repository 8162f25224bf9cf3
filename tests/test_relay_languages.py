"""The player's pages in the language of the player's phone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import PASSWORDS
from hypothesis import given
from hypothesis import strategies as st
from relay_parts import OFFERS, Cabinet, RelayUnderTest, environment, relay_under_test
from test_relay_door import words
from test_relay_thanks import Shop, shop  # noqa: F401 # a fixture
from werkzeug.test import TestResponse

from cloud_relay.catalogues import language, texts_of_ours
from cloud_relay.rules.language import CODES, language_for
from cloud_relay.rules.own_words import read_own_words
from cloud_relay.setting_reader import SettingsError
from cloud_relay.settings import read_settings
from simulator.chain.broker import Broker
from simulator.stripe.model.objects.table import CheckoutSession
from tools.locales import DOMAINS, gathered

PAGES = Path(__file__).parent.parent / "cloud_relay/templates"
FOREIGN = [code for code in CODES if code != "en"]
RELAY = next(domain for domain in DOMAINS if domain.name == "cloud_relay")
# Of the same letters in both languages, so that they tell nothing.
SHARED = {"Code", "{count} credit", "{count} credits"}
OF_ALL_KINDS: dict[str, Any] = OFFERS | {
    "machines": {"galaga-01": {"name": "Galaga"}},
    "periods": [{"name": "9-5", "free": {"credits": 1, "minutes": 10}}],
    "codes": [{"code": "ABC234", "name": "VIP", "offers": [{"credits": 1, "amount": 50}]}],
}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("languages"), PASSWORDS) as running:
        yield running


@pytest.fixture
def relay(broker: Broker) -> Iterator[RelayUnderTest]:
    """A relay with an empty book at Stripe."""
    offers = OFFERS | {"machines": {"galaga-01": {"name": "Galaga"}}}
    with relay_under_test(broker, OFFERS=json.dumps(offers)) as running:
        yield running


@pytest.fixture
def cabinet(broker: Broker) -> Iterator[Cabinet]:
    """A cabinet that accepts payments, and leaves no status behind."""
    with Cabinet("galaga-01", broker) as connected:
        connected.say()
        yield connected
        connected.say_raw(b"")


def of_phone(code: str) -> dict[str, str]:
    """What a phone of this language sends."""
    return {"Accept-Language": f"{code.replace('_', '-')},en;q=0.5"}


@cache
def our_texts() -> dict[str, re.Pattern[str]]:
    """What finds each English text of ours in a page, as a whole text."""
    texts = [each for text in gathered(RELAY) for each in (text if isinstance(text, tuple) else (text,))]
    patterns = {text: re.sub(r"\\{\w+\\}", ".{1,40}?", re.escape(text)) for text in texts}
    return {text: re.compile(rf">\s*{pattern}\s*<") for text, pattern in patterns.items()}


def english_in(page: str) -> list[str]:
    """Our English texts that stand in a page."""
    shown = re.sub(r"<(style|script)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
    return [text for text, pattern in our_texts().items() if pattern.search(shown)]


def is_in(answer: TestResponse, code: str) -> None:
    """The page says its language, and no text of ours is left in English."""
    tag = code.replace("_", "-")
    assert f'<html lang="{tag}">' in answer.text
    assert (answer.headers["Content-Language"], answer.headers["Vary"]) == (tag, "Accept-Language")
    assert [text for text in english_in(answer.text) if text not in SHARED] == []


@pytest.mark.parametrize("code", FOREIGN)
def test_the_door_speaks_the_phones_language(relay: RelayUnderTest, cabinet: Cabinet, code: str) -> None:
    """Open, closed, not there; and what is sold is called so on Stripe's page."""
    client, phone = relay.client, of_phone(code)
    is_in(client.get("/p/galaga-01", headers=phone), code)
    assert client.post("/p/galaga-01", data={"offer": "3-250-usd"}, headers=phone).status_code == 303
    (session,) = relay.stripe.book.table(CheckoutSession).values()
    assert session.lines[0].price.product_name == f"{language(code).credits(3)} - Galaga"
    is_in(client.post("/p/galaga-01", data={"offer": "3-9-usd"}, headers=phone), code)
    for state in ("playing", "paying", "not_ready", "out_of_order", "starting"):
        cabinet.say(accepting=False, state=state)
        is_in(client.get("/p/galaga-01", headers=phone), code)
    is_in(client.get("/p/galaga.01", headers=phone), code)


def test_english_stands_as_it_is_written(relay: RelayUnderTest, cabinet: Cabinet) -> None:
    """A page that a test finds no English in proves nothing unless it finds it here."""
    page = relay.client.get("/p/galaga-01").text
    assert "Ready to play" in english_in(page)
    assert '<html lang="en">' in page


@pytest.mark.parametrize("code", FOREIGN)
def test_a_door_of_everything_leaves_no_english(broker: Broker, cabinet: Cabinet, code: str) -> None:
    """A period, a free turn and a code that is wrong."""
    with relay_under_test(broker, OFFERS=json.dumps(OF_ALL_KINDS)) as relay:
        client, phone = relay.client, of_phone(code)
        page = client.get("/p/galaga-01?code=WRONG", headers=phone)
        is_in(page, code)
        assert language(code).gettext("FREE") in page.text
        ticket = re.search(r'name="free" value="([^"]+)"', page.text)
        assert ticket is not None
        is_in(client.post("/p/galaga-01", data={"free": ticket[1]}, headers=phone), code)
        is_in(client.get("/p/galaga-01", headers=phone), code)


@pytest.mark.parametrize("code", FOREIGN)
def test_the_page_after_paying_speaks_it_too(shop: Shop, code: str) -> None:  # noqa: F811
    """Whatever became of the payment; two phones of two languages read one payment as they can."""
    session_id = shop.sell()
    client, phone = shop.app.test_client(), of_phone(code)
    query = {"s": session_id}
    is_in(client.get("/thanks", query_string=query, headers=phone), code)
    said = client.get("/thanks/state", query_string=query, headers=phone).json["title"]
    in_english = client.get("/thanks/state", query_string=query).json["title"]
    assert said == language(code).gettext(in_english) != in_english
    is_in(client.get("/thanks", query_string={"s": "cs_live_no"}, headers=phone), code)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("", "en"),
        ("de", "de"),
        ("DE-at", "de"),
        ("es-419,es;q=0.9,en;q=0.8", "es"),
        ("pt-BR,pt;q=0.9,fr;q=0.5", "fr"),
        ("en;q=0.4,ja;q=0.9", "ja"),
        ("zh-Hans-CN", "zh_CN"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh_CN"),
        ("ms-MY", "ms"),
        ("ko,*;q=0.1", "en"),
        ("de;q=0,fr;q=0.1", "fr"),
        ("de;q=0", "en"),
        ("den", "en"),
        (";;;,,,q=,\xff", "en"),
    ],
)
def test_the_language_is_the_first_that_we_have(shop: Shop, wanted: str, code: str) -> None:  # noqa: F811
    """As phones ask for it: with a region, by a weight, and with what we do not have."""
    answer = shop.app.test_client().get("/thanks", headers={"Accept-Language": wanted})
    assert answer.headers["Content-Language"] == code.replace("_", "-")


@given(st.lists(st.text(max_size=20), max_size=5))
def test_any_wish_is_answered_in_a_language_of_ours(wanted: list[str]) -> None:
    """And where it names none that we have, in English."""
    assert language_for(wanted) in CODES


# They read the rest of the papers in English, too.
FOR_TECHNICIANS = {"door_test.html"}


def test_nothing_stands_in_a_page_that_no_catalogue_gathers() -> None:
    """Every word of a player's template is one of gettext's, an amount, or a name."""
    pages = [page for page in sorted(PAGES.glob("*.html")) if page.name not in FOR_TECHNICIANS]
    bare = {page.name: bare_words(page.read_text()) for page in pages}
    assert {name: found for name, found in bare.items() if found} == {"base.html": ["Arcade"]}


def bare_words(page: str) -> list[str]:
    """What a template says by itself, between its tags and in what is read out."""
    text = re.sub(r"<(style|script)[^>]*>.*?</\1>|{%.*?%}|{{.*?}}", "", page, flags=re.DOTALL)
    said = re.findall(r"(?:aria-label|alt|title|placeholder)=\"([^\"]+)\"", text)
    return [*re.findall(r">\s*([^<>]*[A-Za-z][^<>]*)<", text), *said]


def test_an_operators_own_words_stand_in_the_place_of_ours(broker: Broker, cabinet: Cabinet) -> None:
    """In the language that they were written for, and in no other."""
    own = {
        "de": {"Ready to play": "Trau dich!", "{count} credit": ["{count} Jeton", "{count} Jetons"]},
        "en": {"Ready to play": "Come & <play>"},
    }
    with relay_under_test(broker, WORDS=json.dumps(own)) as relay:
        german = words(relay.client.get("/p/galaga-01", headers=of_phone("de")))
        french = words(relay.client.get("/p/galaga-01", headers=of_phone("fr")))
        english = relay.client.get("/p/galaga-01").text
    assert "Trau dich! Galaga 1 Jeton 1,00 $ 3 Jetons" in german
    assert "Prête à jouer" in french
    assert "Come &amp; &lt;play&gt;" in english


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cheap", "is not JSON"),
        ("[" * 100_000, "is nested too deep: write it as README.md shows"),
        ("[]", 'must be a JSON object: write {"en": {"Ready to play": "Come and play"}}'),
        ('{"it": {}}', "'it' is no language of ours: en, es, fr, de, ms, zh_CN, ja are"),
        ('{"de": []}', "de must be a JSON object of 200 texts at most: our words, and yours"),
        (
            '{"de": {"Ready": "Los"}}',
            "de, 'Ready': the pages have no such text: copy one of cloud_relay/locales whole",
        ),
        ('{"de": {"Ready to play": 1}}', "de, 'Ready to play': write a text"),
        ('{"de": {"Ready to play": ["a", "b"]}}', "de, 'Ready to play': write a text"),
        (
            '{"de": {"Ready to play": " "}}',
            "de, 'Ready to play': ' ' must be 1 to 200 printable characters",
        ),
        (
            '{"de": {"Ready to play": "{price}"}}',
            "de, 'Ready to play': '{price}' has braces that mean nothing here: write none",
        ),
        (
            '{"de": {"You paid {amount}.": "{amount.__class__}"}}',
            "de, 'You paid {amount}.': '{amount.__class__}' has braces that mean nothing here: {amount}",
        ),
        ('{"de": {"{count} credit": []}}', "de, '{count} credit': write a text, or [for one, for more]"),
    ],
)
def test_wrong_own_words_are_named_at_the_start(text: str, says: str) -> None:
    """Each with its language, its text and what to write; no player finds out."""
    with pytest.raises(SettingsError) as refused:
        read_settings(environment(WORDS=text))
    (problem,) = str(refused.value).splitlines()[1:]
    assert problem.startswith(f"  WORDS: {says}")


@given(st.recursive(st.none() | st.integers() | st.text(), lambda each: st.dictionaries(st.text(), each)))
def test_no_value_of_own_words_is_taken_half(value: object) -> None:
    """It is refused as a whole, or every text of it can be filled in."""
    try:
        own = read_own_words(json.dumps(value), texts_of_ours)
    except ValueError:
        return
    assert all(code in CODES for code in own)


def test_seven_languages_cost_a_cold_start_no_library() -> None:
    """Nothing is imported for them but the standard library's gettext, which Flask's own has."""
    before = (
        "import sys, flask, json, re, dataclasses, functools, pathlib, unicodedata; seen = set(sys.modules)"
    )
    after = "import cloud_relay.routes.reader; print(*{m.partition('.')[0] for m in set(sys.modules) - seen})"
    done = subprocess.run(
        [sys.executable, "-c", f"{before}; {after}"], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) - {"gettext"} == {"cloud_relay"}
