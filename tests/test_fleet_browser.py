"""Every page of the fleet in a real Chromium: on a phone and on a desk, in light and dark, for everybody."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest
from fleet_site import HOSTILE, OURS, FullSite, addresses
from relay_parts import served
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from test_relay_thanks_browser import phone

from fleet.rules.roles import Role

pytestmark = pytest.mark.fleet
# Width, and the colours that the browser's owner prefers.
SIZES = ((360, "light"), (1440, "dark"))
FILES = (".csv", ".svg", ".pdf", "/file")
VALUES = {"machine_id": OURS, "payment_id": "pi_ours0", "number": 1, "rows_of": "sales"}
_RUN_AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then(
  found => done(found.violations.filter(each => ["serious", "critical"].includes(each.impact))
    .map(each => each.id + ": " + each.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(" | "))),
  error => done(["axe failed: " + error]));
"""


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program that looks for what people cannot use, from npm."""
    folder = tmp_path_factory.mktemp("axe")
    command = ["npm", "pack", "axe-core@4", "--silent"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as why:
        pytest.skip(f"npm gives no axe-core, so nobody has looked at accessibility: {why}")
    (packed,) = folder.glob("*.tgz")
    with tarfile.open(packed) as archive:
        program = archive.extractfile("package/axe.min.js")
        assert program is not None
        return program.read().decode()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chrome, str, FullSite]]:
    """A browser in which an owner is logged in, the pages' address, and the site."""
    folder = tmp_path_factory.mktemp("fleet")
    site = FullSite(folder)
    site.fill("evil-01", "evil", 1, HOSTILE)
    # The browser comes without https here.
    site.app.config.update(WTF_CSRF_ENABLED=True, SESSION_COOKIE_SECURE=False)
    token = site.as_(Role.OWNER).get_cookie("fleet", domain="fleet.example.com")
    assert token is not None
    with served(site.app) as url, phone(folder / "profile") as chrome:
        chrome.get(f"{url}/login")
        chrome.add_cookie({"name": "fleet", "value": token.value})
        yield chrome, url, site
    site.engine.dispose()


def pages(site: FullSite) -> list[str]:
    """The addresses of all pages that are no files."""
    # Two of a route that shows several things in one way are enough.
    found = [address for rule in site.rules("GET") for address in addresses(rule, VALUES)[-2:]]
    return sorted({each for each in found if not each.endswith(FILES) and each != "/live"} | {"/login"})


def look_at(chrome: Chrome, width: int, colours: str) -> None:
    """Have the browser be of this width, and prefer these colours."""
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    media = {"features": [{"name": "prefers-color-scheme", "value": colours}]}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", media)


def wrong_with(chrome: Chrome, axe: str, width: int) -> list[str]:
    """What is seriously wrong with the page that is open."""
    log: list[Any] = [each["message"] for each in chrome.get_log("browser") if "404" not in each["message"]]
    # Not its innerWidth, which grows with a page that is too wide.
    wide = chrome.execute_script("return document.documentElement.scrollWidth > arguments[0]", width)
    broken = chrome.execute_script("return [...document.images].filter(i => !i.naturalWidth).map(i => i.src)")
    chrome.execute_script(axe)
    found = chrome.execute_async_script(_RUN_AXE)
    return [*log, *(["wider than the screen"] if wide else []), *broken, *found]


@pytest.mark.parametrize(("width", "colours"), SIZES)
def test_every_page_can_be_used_by_everybody(
    opened: tuple[Chrome, str, FullSite], axe: str, width: int, colours: str
) -> None:
    """No serious fault of accessibility, nothing wider than the screen, no picture missing, no complaint."""
    chrome, url, site = opened
    look_at(chrome, width, colours)
    wrong = {}
    for address in (*pages(site), "/machines/evil-01"):
        chrome.get(url + address)
        if found := wrong_with(chrome, axe, width):
            wrong[address] = found
    assert wrong == {}


def test_an_owner_adds_somebody_whose_code_is_shown_once(
    opened: tuple[Chrome, str, FullSite], axe: str
) -> None:
    """As a picture that loads, under a policy that allows no script and no style of a page's own."""
    chrome, url, _ = opened
    look_at(chrome, 360, "light")
    chrome.get(f"{url}/people")
    form = chrome.find_elements(By.CSS_SELECTOR, "main > form")[-1]
    form.find_element(By.NAME, "name").send_keys("Eve Ning")
    form.find_element(By.NAME, "password").send_keys("a good long password")
    form.submit()
    assert chrome.find_element(By.TAG_NAME, "h1").text == "Eve Ning"
    assert wrong_with(chrome, axe, 360) == []
    chrome.get(f"{url}/people")
    assert "Eve Ning" in chrome.page_source
    assert "data:image/svg" not in chrome.page_source
