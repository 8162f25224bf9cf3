"""The page after paying in a real browser: it follows the payment by itself, with JavaScript and without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import wait_until
from flask import request
from relay_parts import API_KEY, WEBHOOK_SECRET, environment, served
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from stand_in_stripe_help import Clock
from test_demo_page import CHROMEDRIVER, CHROMIUM, FLAGS
from test_relay_thanks import Shop

from cloud_relay.app import create_app
from cloud_relay.settings import read_settings
from simulator.stripe.pace import QUICK
from simulator.stripe.server import stand_in_stripe

RESERVED = "Your payment has arrived."
CHARGED = "Your credits are on the machine."
SMALL, USUAL = (320, 568), (390, 844)
JAVASCRIPT = "profile.managed_default_content_settings.javascript"


@pytest.fixture
def shop_at() -> Iterator[tuple[Shop, str]]:
    """A shop whose clock stands still, and its address."""
    clock = Clock()
    with stand_in_stripe(
        api_key=API_KEY, webhook_url=None, webhook_secret=WEBHOOK_SECRET, pace=QUICK, clock=clock
    ) as stripe:
        settings = read_settings(environment(STAND_IN_STRIPE_URL=stripe.api_url))
        app = create_app(settings, clock=clock)
        with served(app) as url:
            yield Shop(app, settings, stripe, clock), url


@contextmanager
def phone(profile: Path, *, javascript: bool = True, size: tuple[int, int] = SMALL) -> Iterator[Chrome]:
    """A real Chromium that shows pages as a phone of this size does, and keeps what pages complain of."""
    for program in (CHROMIUM, CHROMEDRIVER):
        if not program.exists():
            pytest.fail(f"{program} is missing: sudo apt install chromium chromium-driver")
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*FLAGS, f"user-data-dir={profile}"):
        options.add_argument(f"--{flag}")
    if not javascript:
        options.add_experimental_option("prefs", {JAVASCRIPT: 2})
    chrome = Chrome(options=options, service=Service(str(CHROMEDRIVER)))
    try:
        width, height = size
        screen = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
        chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        yield chrome
    finally:
        chrome.quit()


def read(browser: Chrome) -> str:
    """What can be read on the page; nothing while it is being left."""
    try:
        return browser.find_element(By.TAG_NAME, "body").text
    except WebDriverException:  # no such element, one of the page before, or an error of the inspector's own
        return ""


def links(browser: Chrome) -> list[str | None]:
    """The addresses of the links that can be seen."""
    found = browser.find_elements(By.TAG_NAME, "a")
    return [link.get_attribute("href") for link in found if link.is_displayed()]


def complaints(browser: Chrome) -> list[str]:
    """What the browser refused or missed, but for the icon that it asks every site for."""
    entries = browser.get_log("browser")
    return [
        entry["message"]
        for entry in entries
        if entry["level"] in ("WARNING", "SEVERE") and "favicon" not in entry["message"]
    ]


def test_the_page_follows_the_payment_without_being_loaded_again(
    shop_at: tuple[Shop, str], tmp_path: Path
) -> None:
    """From reserved to charged under its own policy, and then the way back to the door."""
    shop, url = shop_at
    session_id = shop.sell()
    payment_id = shop.stripe.pay(session_id)
    with phone(tmp_path) as browser:
        browser.get(f"{url}/thanks?s={session_id}")
        assert (RESERVED in read(browser), links(browser)) == (True, [])
        browser.execute_script("window.sameDocument = true")
        shop.settle(payment_id, 3)
        wait_until(lambda: CHARGED in read(browser), "the page to tell of the charge")
        assert read(browser).splitlines()[-3:] == [CHARGED, "Charged $2.50.", "Play again"]
        assert browser.execute_script("return window.sameDocument") is True
        assert links(browser) == [f"{url}/p/galaga-01"]
        assert complaints(browser) == []


def test_without_javascript_the_page_follows_by_loading_again(
    shop_at: tuple[Shop, str], tmp_path: Path
) -> None:
    """From reserved to charged all the same."""
    shop, url = shop_at
    session_id = shop.sell()
    payment_id = shop.stripe.pay(session_id)
    with phone(tmp_path, javascript=False) as browser:
        browser.get(f"{url}/thanks?s={session_id}")
        assert RESERVED in read(browser)
        assert browser.find_elements(By.CSS_SELECTOR, "noscript meta")  # else a script could have done it
        shop.settle(payment_id, 3)
        wait_until(lambda: CHARGED in read(browser), "the page to tell of the charge")


def test_a_page_that_comes_back_into_sight_looks_at_once(shop_at: tuple[Shop, str], tmp_path: Path) -> None:
    """Out of sight it asks nobody; nothing but the player's return makes it ask again."""
    shop, url = shop_at
    answered: list[str] = []
    shop.app.teardown_request(lambda _error: answered.append(request.path))
    session_id = shop.sell()
    payment_id = shop.stripe.pay(session_id)
    with phone(tmp_path) as browser:
        browser.minimize_window()
        browser.get(f"{url}/thanks?s={session_id}")
        wait_until(lambda: "/thanks/state" in answered, "the one look out of sight")
        shop.settle(payment_id, 3)
        browser.set_window_rect(0, 0, 600, 800)
        wait_until(lambda: CHARGED in read(browser), "the page to tell of the charge")
        assert answered.count("/thanks/state") == 2


def test_a_phone_without_a_connection_says_so_and_finds_back(
    shop_at: tuple[Shop, str], tmp_path: Path
) -> None:
    """Nothing that was said is taken back meanwhile."""
    shop, url = shop_at
    session_id = shop.sell()
    payment_id = shop.stripe.pay(session_id)
    with phone(tmp_path) as browser:
        browser.get(f"{url}/thanks?s={session_id}")
        connected(browser, False)
        wait_until(lambda: "No answer right now." in read(browser), "the page to miss its answers")
        assert RESERVED in read(browser)
        shop.settle(payment_id, 3)
        connected(browser, True)
        wait_until(lambda: CHARGED in read(browser), "the page to tell of the charge")
        assert "No answer right now." not in read(browser)


def test_a_page_that_came_while_stripe_was_away_becomes_whole(
    shop_at: tuple[Shop, str], tmp_path: Path
) -> None:
    """It learns of its machine too, and so of the way back to its door."""
    shop, url = shop_at
    session_id = shop.sell()
    payment_id = shop.stripe.pay(session_id)
    shop.settle(payment_id, 3)
    shop.stripe.fail_next(path_prefix="/v1/checkout")
    with phone(tmp_path) as browser:
        browser.get(f"{url}/thanks?s={session_id}")
        assert "The payment service does not answer right now." in read(browser)
        shop.clock.now_s += 1
        wait_until(lambda: CHARGED in read(browser), "the page to tell of the charge")
        assert links(browser) == [f"{url}/p/galaga-01"]


@pytest.mark.parametrize("size", [SMALL, USUAL])
def test_the_longest_page_fits_the_width_of_a_phone(
    shop_at: tuple[Shop, str], tmp_path: Path, size: tuple[int, int]
) -> None:
    """Nobody has to scroll sideways, and the letters are not made smaller for it."""
    shop, url = shop_at
    session_id = shop.sell()
    shop.stripe.pay(session_id)
    shop.clock.now_s += 180
    with phone(tmp_path, size=size) as browser:
        browser.get(f"{url}/thanks?s={session_id}")
        assert "Its answer can take a day or more." in read(browser)
        width = browser.execute_script(
            "return [document.documentElement.scrollWidth, visualViewport.width, visualViewport.scale]"
        )
    assert width == [size[0], size[0], 1]


def connected(browser: Chrome, yes: bool) -> None:
    """Take the phone's network away, or give it back."""
    conditions = {"offline": not yes, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)
