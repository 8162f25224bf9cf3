"""The player's pages in a real browser: in every language, for everybody, on a small phone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PASSWORDS
from relay_parts import Cabinet, RelayUnderTest, relay_under_test, served
from selenium.webdriver import Chrome
from test_fleet_browser import axe, wrong_with  # noqa: F401 # the one is a fixture
from test_relay_languages import OF_ALL_KINDS
from test_relay_thanks_browser import SMALL, phone

from cloud_relay.catalogues import language
from cloud_relay.rules.language import CODES
from simulator.chain.broker import Broker
from simulator.stripe.model.objects.table import CheckoutSession

PICTURES = os.environ.get("PICTURES")
"""A folder to look at the pages in; they are only kept where one is named."""


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RelayUnderTest, Cabinet, str, Chrome]]:
    """A relay that sells everything, one cabinet, the relay's address, and a phone."""
    folder = tmp_path_factory.mktemp("hall")
    with (
        Broker(folder, PASSWORDS) as broker,
        relay_under_test(broker, OFFERS=json.dumps(OF_ALL_KINDS)) as relay,
        Cabinet("galaga-01", broker) as cabinet,
        served(relay.app) as url,
        phone(folder / "profile", size=SMALL) as chrome,
    ):
        yield relay, cabinet, url, chrome


@pytest.mark.parametrize("code", CODES)
def test_every_page_is_for_everybody_in_every_language(
    hall: tuple[RelayUnderTest, Cabinet, str, Chrome],
    axe: str,  # noqa: F811
    code: str,
) -> None:
    """Nothing serious that a screen reader stumbles over, and no word wider than a small phone."""
    relay, cabinet, url, chrome = hall
    tag = language(code).tag
    chrome.execute_cdp_cmd("Network.enable", {})
    chrome.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": {"Accept-Language": tag}})
    cabinet.say()
    relay.app.test_client().post("/p/galaga-01", data={"offer": "1-50-usd", "code": "ABC234"})
    session_id = list(relay.stripe.book.table(CheckoutSession))[-1]
    wrong = look(chrome, axe, f"{url}/p/galaga-01?code=WRONG", f"door-{code}")
    wrong += look(chrome, axe, f"{url}/thanks?s={session_id}", f"unpaid-{code}")
    relay.stripe.pay(session_id)
    wrong += look(chrome, axe, f"{url}/thanks?s={session_id}", f"paid-{code}")
    wrong += look(chrome, axe, f"{url}/thanks?s=cs_test_none", f"refused-{code}")
    cabinet.say(accepting=False, state="out_of_order")
    wrong += look(chrome, axe, f"{url}/p/galaga-01", f"closed-{code}")
    assert (wrong, chrome.execute_script("return document.documentElement.lang")) == ([], tag)


def look(chrome: Chrome, axe: str, address: str, name: str) -> list[str]:  # noqa: F811
    """What is wrong with the page at an address."""
    chrome.get(address)
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        chrome.save_screenshot(f"{PICTURES}/{name}.png")
    return [f"{name}: {each}" for each in wrong_with(chrome, axe, SMALL[0])]
